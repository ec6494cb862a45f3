package gate

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// maxInserted bounds a request's header with the values in it, in bytes.
const maxInserted = 256 << 10

// forHeader is value for a place that control characters would break out of.
func (in *insertion) forHeader(s *Substitution) (string, error) {
	v, err := in.value(s)
	if err == nil && !isValue(v) {
		err = unfit(s.CredentialID)
	}
	return v, err
}

func unfit(id string) *refusal {
	return noSecret("the value of the credential " + id + " can't be put into a header, it holds a control character (a line break at its end, perhaps)")
}

// substitute replaces placeholders in the values of a header.
func (in *insertion) substitute(h http.Header) error {
	counts := make([]int, len(in.placeholders))
	size := 0
	for name, values := range h {
		for i, v := range values {
			text, err := in.field(name, v, counts)
			if err != nil {
				return err
			}
			values[i] = text
			if size += len(name) + len(text); size > maxInserted {
				return noSecret("the header becomes too long with the credentials in it")
			}
		}
	}
	for i, n := range counts {
		in.x.f.use(in.header[i], PlaceHeader, int64(n))
	}
	return nil
}

// field replaces placeholders in one value.
func (in *insertion) field(name, value string, counts []int) (string, error) {
	put := func(i int) (string, error) {
		if in.header[i] == nil {
			return in.placeholders[i], nil
		}
		counts[i]++
		return in.forHeader(in.header[i])
	}
	if word, pair, ok := basic(name, value); ok && !in.x.f.port.gate.cfg.OpaqueBasic {
		text, err := in.set.String(pair, put)
		if err != nil || text == pair {
			return value, err
		}
		return word + " " + base64.StdEncoding.EncodeToString([]byte(text)), nil
	}
	return in.set.String(value, put)
}

// basic reads an "Authorization: Basic" field (RFC 7617): the word as it was
// written and the user name and password, whose base64 may lack its padding.
// ok is false if it is none, for example because what follows the word is
// itself a placeholder.
func basic(name, value string) (word, pair string, ok bool) {
	word, coded, ok := strings.Cut(value, " ")
	if !ok || name != "Authorization" || !strings.EqualFold(word, "Basic") {
		return "", "", false
	}
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimLeft(coded, " "), "="))
	return word, string(b), err == nil
}

// inject adds the Authorization field of a request that has none.
func (in *insertion) inject(h http.Header, g Grants) error {
	if _, has := h["Authorization"]; has || in.x.c.scheme != secure {
		return nil
	}
	var best *Injection
	for i := range g.Injections {
		inj := &g.Injections[i]
		if inj.matches(in.x.f.to, in.x.req.URL.EscapedPath()) && (best == nil || len(inj.PathPrefix) > len(best.PathPrefix)) {
			best = inj
		}
	}
	if best == nil {
		return nil
	}
	v, err := in.fetch(best.CredentialID, best.Header)
	if err != nil {
		return err
	}
	if !isValue(v.Reveal()) {
		return unfit(best.CredentialID)
	}
	h["Authorization"] = []string{v.Reveal()}
	in.x.f.rec.Credentials = append(in.x.f.rec.Credentials, Use{best.CredentialID, PlaceInjected, 1})
	return nil
}
