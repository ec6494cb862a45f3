package domain

import (
	"html"
	"net/url"
	"regexp"
	"strings"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// Seen is a set of URLs that a conversation has shown. Scheme, fragment, a
// default port, the case of the host and a slash at the end make no difference.
type Seen map[string]bool

var urls = regexp.MustCompile(`(?i)https?://[^\s<>"` + "`" + `{}|^]+`)

// AddText adds the URLs that stand in a text, with and without the punctuation
// that may follow one or belong to it.
func (s Seen) AddText(text string) {
	for _, found := range urls.FindAllString(text, -1) {
		s.variants(found)
		if plain := strings.ReplaceAll(html.UnescapeString(found), `\`, ""); plain != found {
			s.variants(plain)
		}
	}
}

// variants adds a URL, and what is left of it when closing punctuation is taken
// off. A bracket that was not opened inside ends a URL of Markdown.
func (s Seen) variants(found string) {
	depth := 0
	for i, r := range found {
		switch r {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth < 0 {
				s.Add(found[:i])
				depth = 0
			}
		}
	}
	for s.Add(found); found != ""; s.Add(found) {
		trimmed := strings.TrimRight(found, `.,;:!?'*_~)]"`)
		if trimmed == found {
			return
		}
		found = found[:len(found)-1]
	}
}

// Add adds a URL. One that can't be parsed is left out.
func (s Seen) Add(raw string) {
	if k := key(raw); k != "" {
		s[k] = true
	}
}

// Has reports whether a URL was seen.
func (s Seen) Has(u *url.URL) bool { return s[key(u.String())] }

func key(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	h, err := policy.ParseHost(u.Hostname())
	if err != nil {
		return ""
	}
	host := h.String()
	if p := u.Port(); p != "" && p != "80" && p != "443" {
		host += ":" + p
	}
	k := host + strings.TrimSuffix(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		k += "?" + u.RawQuery
	}
	return k
}
