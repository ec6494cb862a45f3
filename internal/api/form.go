package api

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
)

const (
	// formRoom is how much a form may have beside its file: boundaries,
	// headers of parts and other fields.
	formRoom = 1 << 20
	// maxParts bounds the parts of a form with one file.
	maxParts = 100
	// maxField bounds the text of a field.
	maxField = 4096
)

// form is a multipart form that is read as it arrives: memory use doesn't grow
// with it. A client that sends nothing for bodyTime is given up, and so is one
// that takes that long for the rest once hurry was called.
type form struct {
	parts  *multipart.Reader
	body   *formBody
	limits formLimits
}

// formLimits is what a form may have.
type formLimits struct {
	what  string // "the file is", in the refusal of too much
	file  int64  // bytes of its file, or of all its files
	room  int64  // bytes beside them
	parts int
}

// newForm begins to read the form of a request.
func (s *Server) newForm(w http.ResponseWriter, r *http.Request, limits formLimits) (*form, error) {
	typ, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || typ != "multipart/form-data" || params["boundary"] == "" {
		return nil, fault.At("", "expected a body of content type multipart/form-data with a boundary")
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, fault.At("", "the content encoding %s is not supported here", enc).WithCode("request_body_encoding_unsupported")
	}
	if r.ContentLength > limits.file+limits.room {
		return nil, limits.tooLarge()
	}
	body := &formBody{in: http.MaxBytesReader(w, r.Body, limits.file+limits.room), control: http.NewResponseController(w)}
	return &form{parts: multipart.NewReader(body, params["boundary"]), body: body, limits: limits}, nil
}

func (l formLimits) tooLarge() error {
	return fault.New(fault.TooLarge, "%s larger than %d bytes", l.what, l.file)
}

// each calls do for every part of the form, in order.
func (f *form) each(do func(*formPart) error) error {
	for n := 0; ; n++ {
		p, err := f.parts.NextRawPart()
		if err == io.EOF {
			return f.body.done()
		}
		if err != nil {
			return f.explain(err)
		}
		if n == f.limits.parts {
			return fault.At("", "the form has more than %d parts", f.limits.parts)
		}
		if err := do(f.part(p)); err != nil {
			return err
		}
	}
}

func (f *form) part(p *multipart.Part) *formPart {
	_, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	if err != nil {
		params = nil // a part without a name
	}
	return &formPart{form: f, part: p, name: p.FormName(), filename: params["filename"], contentType: p.Header.Get("Content-Type")}
}

// hurry ends the patience with a slow client: what is left of the form must
// arrive within bodyTime.
func (f *form) hurry() { f.body.arm(); f.body.fixed = true }

// explain turns an error of reading the form into a refusal.
func (f *form) explain(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return f.limits.tooLarge()
	case f.body.err != nil && f.body.err != io.EOF:
		return bodyError(f.body.err, false)
	}
	return fault.At("", "malformed multipart form: %v", err)
}

// formPart is a part of a form. Reading it reads its content.
type formPart struct {
	form        *form
	part        *multipart.Part
	name        string
	filename    string // as it was sent
	contentType string
	err         error // of reading
}

func (p *formPart) Read(b []byte) (int, error) {
	n, err := p.part.Read(b)
	if err != nil && err != io.EOF {
		p.err = err
	}
	return n, err
}

// explain is the refusal for err if it comes from reading the part, else err.
func (p *formPart) explain(err error) error {
	if p.err == nil {
		return err
	}
	return p.form.explain(p.err)
}

// text is the content of a part that is a short text.
func (p *formPart) text() (string, error) {
	b, err := io.ReadAll(io.LimitReader(p, maxField+1))
	if err != nil {
		return "", p.explain(err)
	}
	if len(b) > maxField {
		return "", fault.At(p.name, "longer than %d bytes", maxField)
	}
	return string(b), nil
}

// formBody is a request body with a deadline that moves as bytes arrive.
type formBody struct {
	in      io.Reader
	control *http.ResponseController
	armed   time.Time
	fixed   bool
	err     error
}

func (b *formBody) Read(p []byte) (int, error) {
	if !b.fixed {
		b.arm()
	}
	if b.err != nil {
		return 0, b.err
	}
	var n int
	n, b.err = b.in.Read(p)
	return n, b.err
}

// arm sets the deadline, not more often than once a second.
func (b *formBody) arm() {
	now := time.Now()
	if now.Sub(b.armed) < time.Second {
		return
	}
	b.armed = now
	if err := b.control.SetReadDeadline(now.Add(bodyTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		b.err = err
	}
}

// done takes the deadline off again.
func (b *formBody) done() error {
	if err := b.control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
