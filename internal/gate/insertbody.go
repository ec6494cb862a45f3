package gate

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// keptBodies is how many bodies of Config.MaxScan bytes a sandbox may have in
// memory.
const keptBodies = 4

// isEncoded says whether a body is compressed or the like, so that what it
// holds can't be seen in its bytes.
func isEncoded(h http.Header) bool {
	for _, value := range h["Content-Encoding"] {
		for coding := range strings.SplitSeq(value, ",") {
			if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
				return true
			}
		}
	}
	return false
}

// stream replaces placeholders in a body of unknown length as it comes. All
// values are looked up before, for it is too late to refuse once they are
// needed.
func (in *insertion) stream(out *http.Request) error {
	news, err := in.news(nil)
	if err != nil {
		return err
	}
	in.replaceIn(out, out.Body, news)
	return nil
}

// measure replaces placeholders in a body whose length is known, because many
// hosts want to be told the length: as much of it as is looked at is read
// first, to know how long it will be.
func (in *insertion) measure(out *http.Request) (done func(), err error) {
	limit := in.x.f.port.gate.cfg.MaxScan
	want := min(out.ContentLength, limit+int64(in.set.Longest()))
	done, err = in.x.f.reserve(min(want, limit))
	if err != nil {
		return done, err
	}
	start, err := io.ReadAll(io.LimitReader(out.Body, want))
	if err != nil {
		return done, err
	}
	counts := in.set.Count(start, limit)
	whole := io.MultiReader(&kept{bytes.NewReader(start), done}, out.Body)
	news, err := in.news(counts)
	if err != nil {
		return done, err
	}
	for i, n := range counts {
		out.ContentLength += int64(n) * int64(len(news[i])-len(in.placeholders[i]))
	}
	in.replaceIn(out, whole, news)
	if out.ContentLength == 0 {
		// With a body that turns out to be empty the transport would send none
		// of the length.
		_, err = io.Copy(io.Discard, out.Body)
		out.Body = http.NoBody
	}
	return done, err
}

// reserve waits until a body of n bytes may be kept in memory. release, which
// does nothing the second time, must be called.
func (f *flow) reserve(n int64) (release func(), err error) {
	if err := f.port.bodies.Acquire(f.ctx, n); err != nil {
		return func() {}, err
	}
	return sync.OnceFunc(func() { f.port.bodies.Release(n) }), nil
}

// kept is the start of a body that was read in advance.
type kept struct {
	*bytes.Reader
	release func()
}

// Read implements io.Reader.
func (k *kept) Read(p []byte) (int, error) {
	n, err := k.Reader.Read(p)
	if err != nil {
		k.release()
	}
	return n, err
}

// news are the values for the body by their placeholders' index. If counts
// isn't nil, only values that occur are looked up.
func (in *insertion) news(counts []int) ([]string, error) {
	news := make([]string, len(in.placeholders))
	for i, p := range in.placeholders {
		news[i] = p
		if s := in.body[i]; s != nil && (counts == nil || counts[i] > 0) {
			v, err := in.value(s)
			if err != nil {
				return nil, err
			}
			news[i] = v
		}
	}
	return news, nil
}

func (in *insertion) replaceIn(out *http.Request, src io.Reader, news []string) {
	in.inBody = make([]atomic.Int64, len(news))
	r := in.set.Reader(src, in.x.f.port.gate.cfg.MaxScan, news, func(i int) { in.inBody[i].Add(1) })
	out.Body = struct {
		io.Reader
		io.Closer
	}{r, out.Body}
}

// record adds to the account what was put into the body by now.
func (in *insertion) record() {
	for i := range in.inBody {
		in.x.f.use(in.body[i], PlaceBody, in.inBody[i].Load())
	}
}

// use adds to the account of a flow.
func (f *flow) use(s *Substitution, where Place, n int64) {
	if s != nil && n > 0 {
		f.rec.Credentials = append(f.rec.Credentials, Use{s.CredentialID, where, int(n)})
	}
}
