package fetch

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestRedirects leads the client astray.
func TestRedirects(t *testing.T) {
	for name, c := range map[string]struct {
		to   string
		code Code
		text string
	}{
		"cloud metadata":            {"http://169.254.169.254/latest/meta-data/", NotAllowed, "cloud metadata"},
		"metadata inside IPv6":      {"http://[::ffff:169.254.169.254]/", NotAllowed, "cloud metadata"},
		"a private address":         {"http://10.0.0.1/", NotAllowed, "private"},
		"this machine":              {"http://127.0.0.1:8080/", NotAllowed, "loopback"},
		"a name for this machine":   {"http://localhost:8080/", NotAllowed, "loopback"},
		"an address as a number":    {"http://2130706433/", InvalidInput, "host"},
		"a file":                    {"file:///etc/passwd", InvalidInput, "http and https"},
		"another scheme":            {"gopher://site.test/", InvalidInput, "http and https"},
		"mail":                      {"http://site.test:25/", NotAllowed, "port 25"},
		"a user name":               {"http://root@site.test/", InvalidInput, "user name"},
		"itself":                    {"/", NotAccessible, "more than 10 redirects"},
		"a host that Check forbids": {"http://forbidden.test/", NotAllowed, "forbidden.test"},
		"no host":                   {"http:///x", InvalidInput, "host"},
	} {
		t.Run(name, func(t *testing.T) {
			client := site(t, Limits{}, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, c.to, http.StatusFound) })
			_, err := client.Get(t.Context(), Request{URL: "http://site.test/", Check: func(u *url.URL) error {
				if u.Hostname() == "forbidden.test" {
					return Refuse("%s is not open", u.Hostname())
				}
				return nil
			}})
			refused(t, err, c.code, c.text)
		})
	}
}

func TestRedirectIsFollowed(t *testing.T) {
	var checked []string
	c := site(t, Limits{}, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" || r.Header.Get("Referer") != "" || r.Header.Get("Authorization") != "" {
			t.Errorf("%s carries %v", r.URL, r.Header)
		}
		http.SetCookie(w, &http.Cookie{Name: "s", Value: "1"})
		if r.URL.Path == "/from" {
			http.Redirect(w, r, "/to#part", http.StatusMovedPermanently)
			return
		}
		answer("text/plain", r.Header.Get("User-Agent"))(w, r)
	})
	page, err := c.Get(t.Context(), Request{URL: "http://SITE.test/from", Check: func(u *url.URL) error {
		checked = append(checked, u.String())
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if page.URL != "http://site.test/to" || page.Text != userAgent {
		t.Errorf("page %+v", page)
	}
	if got := strings.Join(checked, " "); got != "http://site.test/from http://site.test/to" {
		t.Errorf("checked %s", got)
	}
}

func TestPrivateFromTheStart(t *testing.T) {
	c := site(t, Limits{}, answer("text/plain", "x"))
	for _, u := range []string{"http://169.254.169.254/", "http://127.0.0.1/", "http://[::1]/", "http://[fd00:ec2::254]/", "localhost:8443"} {
		_, err := get(t, c, u)
		refused(t, err, NotAllowed, "not reachable from here")
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"https://Example.COM":                  "https://example.com/",
		" example.com/a?b=c#d ":                "https://example.com/a?b=c",
		"http://example.com:80/x":              "http://example.com/x",
		"https://example.com:8443/":            "https://example.com:8443/",
		"https://bücher.example/ü":             "https://xn--bcher-kva.example/%C3%BC",
		"http://[2001:DB8::1]:8080/":           "http://[2001:db8::1]:8080/",
		"https://example.com./":                "https://example.com/",
		"":                                     "invalid_tool_input: url is required",
		"https://example.com/%zz":              "invalid_tool_input: this is not a URL",
		"javascript://x/%0aalert(1)":           "invalid_tool_input: only http",
		"https://u:p@example.com/":             "invalid_tool_input: a URL with a user name",
		"https://0x7f.1/":                      "invalid_tool_input: the URL has no valid host",
		"https://example.com:22/":              "url_not_allowed: port 22",
		"https://" + strings.Repeat("a", 3000): "url_too_long",
	} {
		got := ""
		if u, err := Parse(in); err != nil {
			got = err.Error()
		} else {
			got = u.String()
		}
		if !strings.HasPrefix(got, want) || !strings.Contains(want, " ") && !strings.Contains(want, "_") && got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
