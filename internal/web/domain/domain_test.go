package domain

import (
	"net/url"
	"testing"
)

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAllow(t *testing.T) {
	for _, c := range []struct {
		lists Lists
		url   string
		want  bool
	}{
		{Lists{}, "https://example.com/", true},
		{Lists{Allowed: []string{"example.com"}}, "https://example.com/", true},
		{Lists{Allowed: []string{"Example.com/"}}, "https://EXAMPLE.com:8443/x", true},
		{Lists{Allowed: []string{"example.com"}}, "https://docs.example.com/", true},
		{Lists{Allowed: []string{"example.com"}}, "https://example.com./", true},
		{Lists{Allowed: []string{"docs.example.com"}}, "https://example.com/", false},
		{Lists{Allowed: []string{"example.com"}}, "https://notexample.com/", false},
		{Lists{Allowed: []string{"example.com"}}, "https://example.com.evil.test/", false},
		{Lists{Allowed: []string{"example.com"}}, "https://93.184.216.34/", false},
		{Lists{Allowed: []string{}}, "https://example.com/", false},
		{Lists{Allowed: []string{"a.test", "b.test"}}, "https://b.test/", true},
		{Lists{Blocked: []string{"example.com"}}, "https://docs.example.com/", false},
		{Lists{Blocked: []string{"www.example.com"}}, "https://example.com/", true},
		{Lists{Allowed: []string{"example.com/docs"}}, "https://example.com/docs", true},
		{Lists{Allowed: []string{"example.com/docs/"}}, "https://www.example.com/docs/a?b", true},
		{Lists{Allowed: []string{"example.com/docs"}}, "https://example.com/docsearch", false},
		{Lists{Allowed: []string{"example.com/docs"}}, "https://example.com/", false},
		{Lists{Blocked: []string{"xn--bcher-kva.example"}}, "https://b\u00fccher.example/", false},
		{Lists{Allowed: []string{"xn--bcher-kva.example"}}, "https://B\u00dcCHER.example/", true},
		{Lists{Blocked: []string{"example.com"}}, "https://2130706433/", false},
		{Lists{Blocked: []string{"example.com"}}, "https:///x", false},
		{Lists{Blocked: []string{"example.com/forum"}}, "https://example.com/forum/1", false},
	} {
		if got := c.lists.Allow(parse(t, c.url)); got != c.want {
			t.Errorf("%+v: %s: %v", c.lists, c.url, got)
		}
	}
}

func TestSeen(t *testing.T) {
	for name, c := range map[string]struct {
		text     string
		has, not []string
	}{
		"plain":              {"read http://example.com/a, please", []string{"https://example.com/a", "http://EXAMPLE.com:80/a/#part"}, []string{"https://example.com/", "https://example.com/a/b", "https://a.example.com/a", "https://example.com/a?b"}},
		"end of a sentence":  {"It is at https://example.com/a.html.", []string{"https://example.com/a.html"}, nil},
		"Markdown":           {"[a](https://example.com/x_(y)) and [b](https://example.com/z).", []string{"https://example.com/x_(y)", "https://example.com/z"}, nil},
		"escaped Markdown":   {`https://example.com/a\_b`, []string{"https://example.com/a_b"}, nil},
		"HTML":               {`<a href="https://example.com/?a=1&amp;b=2">`, []string{"https://example.com/?a=1&b=2"}, []string{"https://example.com/?a=1"}},
		"angle brackets":     {"<https://example.com/q?x=1>", []string{"https://example.com/q?x=1"}, nil},
		"JSON":               {`{"url":"https://example.com/j"}`, []string{"https://example.com/j"}, nil},
		"emphasis":           {"**https://example.com/e**", []string{"https://example.com/e"}, nil},
		"a port":             {"http://example.com:8080/", []string{"http://example.com:8080"}, []string{"http://example.com/"}},
		"a whole host":       {"https://example.com", []string{"https://example.com/"}, []string{"https://example.com/data"}},
		"another script":     {"https://b\u00fccher.example/\u00fc", []string{"https://xn--bcher-kva.example/%C3%BC"}, nil},
		"upper case":         {"HTTPS://Example.com/A", []string{"https://example.com/A"}, []string{"https://example.com/a"}},
		"a name without URL": {"example.com/a", nil, []string{"https://example.com/a"}},
		"nothing":            {"", nil, []string{"https://example.com/"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := Seen{}
			s.AddText(c.text)
			for _, u := range c.has {
				if !s.Has(parse(t, u)) {
					t.Errorf("%s is missing in %v", u, s)
				}
			}
			for _, u := range c.not {
				if s.Has(parse(t, u)) {
					t.Errorf("%s is in %v", u, s)
				}
			}
		})
	}
	s := Seen{}
	s.Add("https://%zz/")
	s.Add("mailto:x@example.com")
	if len(s) != 0 {
		t.Errorf("added %v", s)
	}
}

func FuzzSeen(f *testing.F) {
	f.Add("https://a.test/((x)). [y](http://b.test/)")
	f.Fuzz(func(t *testing.T, text string) {
		s := Seen{}
		s.AddText(text)
		if s[""] {
			t.Error("an empty key")
		}
	})
}
