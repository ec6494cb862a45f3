package fetch

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

const pdf = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"

var paragraph = strings.Repeat("A sentence of the article, with commas, that is long enough to count. ", 5)

func TestKinds(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, body string
		want              Page
	}{
		"HTML": {"text/html; charset=utf-8", `<title> A
			page </title><h1>Grüße</h1><p>One <a href="/two?x=1#y">link</a>.<script>alert(1)</script>`,
			Page{Title: "A page", MediaType: "text/html", Text: "# Grüße\n\nOne [link](http://site.test/two?x=1#y)."}},
		"a base element": {"text/html", `<base href="http://other.test/a/"><a href="b">b</a>`,
			Page{MediaType: "text/html", Text: "[b](http://other.test/a/b)"}},
		"links that lead nowhere": {"text/html", `<a href="javascript:x()">run</a> <img src="data:image/png;base64,AAAA" alt="dot"> <img alt="none">end`,
			Page{MediaType: "text/html", Text: "run end"}},
		"a login form": {"text/html", `<title>Sign in</title><form action="/login"><label>Name <input name="u"></label><input type="password"><button>Sign in</button></form>`,
			Page{Title: "Sign in", MediaType: "text/html", Text: "Name Sign in"}},
		"a table": {"text/html", `<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>`,
			Page{MediaType: "text/html", Text: "| a | b |\n|---|---|\n| 1 | 2 |"}},
		"Latin-1 by header":        {"text/plain; charset=iso-8859-1", "Gr\xfc\xdfe", Page{MediaType: "text/plain", Text: "Grüße"}},
		"Latin-1 by meta":          {"text/html", `<meta charset="windows-1252"><p>` + "Gr\xfc\xdfe", Page{MediaType: "text/html", Text: "Grüße"}},
		"Shift JIS":                {"text/plain; charset=shift_jis", "\x93\xfa\x96\x7b", Page{MediaType: "text/plain", Text: "日本"}},
		"UTF-8 without a charset":  {"text/plain", "Grüße", Page{MediaType: "text/plain", Text: "Grüße"}},
		"the wrong charset":        {"text/plain; charset=utf-8", "Gr\xfc\xdfe", Page{MediaType: "text/plain", Text: "Gr\uFFFDe"}},
		"no such charset":          {"text/plain; charset=klingon", "Grüße", Page{MediaType: "text/plain", Text: "Grüße"}},
		"a byte order mark":        {"text/plain", "\xff\xfeh\x00i\x00", Page{MediaType: "text/plain", Text: "hi"}},
		"NULs":                     {"text/plain; charset=utf-8", "a\x00b", Page{MediaType: "text/plain", Text: "ab"}},
		"JSON":                     {"application/json", `{"a": 1}`, Page{MediaType: "application/json", Text: `{"a": 1}`}},
		"a JSON dialect":           {"application/problem+json", `{}`, Page{MediaType: "application/problem+json", Text: `{}`}},
		"XML":                      {"application/atom+xml", `<feed/>`, Page{MediaType: "application/atom+xml", Text: `<feed/>`}},
		"Markdown":                 {"text/markdown", "# a", Page{MediaType: "text/markdown", Text: "# a"}},
		"nothing":                  {"text/plain", "", Page{MediaType: "text/plain"}},
		"an empty page":            {"text/html", "<script>x()</script>", Page{MediaType: "text/html"}},
		"no content type":          {"", "<!doctype html><p>hi", Page{MediaType: "text/html", Text: "hi"}},
		"a PDF":                    {"application/pdf", pdf, Page{MediaType: "application/pdf", Data: []byte(pdf)}},
		"a PDF in disguise":        {"application/octet-stream", pdf, Page{MediaType: "application/pdf", Data: []byte(pdf)}},
		"an image":                 {"image/png", png, Page{MediaType: "image/png", Data: []byte(png)}},
		"an image of another name": {"image/jpeg", png, Page{MediaType: "image/png", Data: []byte(png)}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := get(t, site(t, Limits{}, answer(c.contentType, c.body)), "http://site.test/")
			if err != nil {
				t.Fatal(err)
			}
			if got.Title != c.want.Title || got.MediaType != c.want.MediaType || got.Text != c.want.Text || !bytes.Equal(got.Data, c.want.Data) {
				t.Errorf("got %+v\nwant %+v", *got, c.want)
			}
			if got.URL != "http://site.test/" || got.Cut != 0 {
				t.Errorf("URL %q, cut %d", got.URL, got.Cut)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, body, text string
	}{
		"an archive":          {"application/zip", "PK\x03\x04", "application/zip"},
		"bytes":               {"application/octet-stream", "\x00\x01\x02", "application/octet-stream"},
		"a page called PDF":   {"application/pdf", "<html>sign in", "not the application/pdf"},
		"a page called PNG":   {"image/png", "<html>sign in", "not the image/png"},
		"a vector image":      {"image/tiff", "II*\x00", "image/tiff"},
		"audio":               {"audio/mpeg", "ID3", "audio/mpeg"},
		"a content type bomb": {"a/" + strings.Repeat("b", 300), "", "can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := get(t, site(t, Limits{}, answer(c.contentType, c.body)), "http://site.test/")
			refused(t, err, Unsupported, c.text)
		})
	}
}

func TestArticle(t *testing.T) {
	nav := strings.Repeat(`<li><a href="/n">navigation</a></li>`, 30)
	page := "<title>T</title><nav><ul>" + nav + "</ul></nav><article><h2>Head</h2><p>" + paragraph + "</p><p>" + paragraph + "</p></article><footer>imprint</footer>"
	title, text := readable(page, "http://site.test/")
	if title != "T" || !strings.Contains(text, strings.TrimSpace(paragraph)) || strings.Contains(text, "navigation") || strings.Contains(text, "imprint") {
		t.Errorf("%q %q", title, text)
	}
	_, text = readable("<ul>"+nav+"</ul><p>short", "http://site.test/")
	if !strings.Contains(text, "navigation") || !strings.Contains(text, "short") {
		t.Errorf("a page without an article: %q", text)
	}
}

func TestHostileMarkup(t *testing.T) {
	for name, page := range map[string]string{
		"too deep to parse":    strings.Repeat("<div>", 2000) + "found",
		"deep":                 strings.Repeat("<div>", 400) + "found",
		"deep lists":           strings.Repeat("<ul><li>", 200) + strings.Repeat("z ", 10000) + "found",
		"open tags":            "found" + strings.Repeat("<b>", 50000),
		"a flood":              strings.Repeat("<p>x", 60000) + "found",
		"a comment to nothing": "found<!-- " + strings.Repeat("-", 10000),
	} {
		if _, text := readable(page, "http://site.test/"); !strings.Contains(text, "found") {
			t.Errorf("%s: the text is lost: %.80q", name, text)
		}
	}
}

func TestBareText(t *testing.T) {
	got := bareText("<p>a</p><style>p{}</style>  <script>if (a<b) x()</script>\n\n\n\n<p>b &amp; c")
	if got != "a\n\nb & c" {
		t.Errorf("%q", got)
	}
}

func FuzzReadable(f *testing.F) {
	f.Add("<p>hi<table><tr><td>x")
	f.Add("<ul><li><ol><li>a<pre>`b`")
	f.Add("<a href='%zz'><img src=x alt=']('>")
	f.Fuzz(func(t *testing.T, page string) {
		if _, text := readable(strings.ToValidUTF8(page, ""), "http://site.test/"); !utf8.ValidString(text) {
			t.Errorf("%q", text)
		}
	})
}
