package oauth

import (
	"cmp"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/wire"
)

const (
	maxShown = 2 << 10  // bytes of an answer's body that are shown
	maxRead  = 64 << 10 // bytes that are looked through for them
	maxType  = 255      // bytes of its content type
	redacted = "[redacted]"
)

// scrubber takes secrets out of what somebody else's server said.
type scrubber struct {
	replace *strings.Replacer
	longest int // bytes of the longest form of a secret
}

// newScrubber knows secrets in the forms in which a server may repeat them.
func newScrubber(secrets ...string) scrubber {
	var forms []string
	for _, s := range secrets {
		quoted := string(wire.Encode(strings.ToValidUTF8(s, "\uFFFD")))
		forms = append(forms, s, quoted[1:len(quoted)-1], strings.ReplaceAll(s, "/", `\/`), html.EscapeString(s), url.QueryEscape(s), url.PathEscape(s),
			base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)))
	}
	forms = slices.DeleteFunc(forms, func(f string) bool { return f == "" })
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var pairs []string
	for _, f := range slices.Compact(forms) {
		pairs = append(pairs, f, redacted)
	}
	out := scrubber{replace: strings.NewReplacer(pairs...)}
	if len(forms) > 0 {
		out.longest = len(forms[0])
	}
	return out
}

// fields are members and parameters whose value is a secret, whether it is
// known or not.
var fields = regexp.MustCompile(`(?i)("?(?:access_token|refresh_token|id_token|client_secret|client_assertion)"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|[^"\s&,}]+)`)

// text is s without secrets.
func (s scrubber) text(text string) string {
	return fields.ReplaceAllString(s.replace.Replace(text), "${1}"+redacted)
}

// response is an answer and the beginning of its body without secrets.
func (s scrubber) response(res *http.Response, body []byte) *wire.HTTPResponse {
	cut := len(body) > maxRead
	if cut {
		body = body[:max(maxRead-s.longest, 0)] // the end may be a part of a secret
	}
	shown, short := clip(s.text(string(body)), maxShown)
	kind, _ := clip(s.text(res.Header.Get("Content-Type")), maxType)
	return &wire.HTTPResponse{StatusCode: res.StatusCode, ContentType: kind, Body: shown, BodyTruncated: cut || short}
}

// clip is valid UTF-8 of at most limit bytes, and whether something is
// missing.
func clip(s string, limit int) (string, bool) {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s, false
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit], true
}
