package fetch

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// endless writes s until the client is gone.
func endless(w io.Writer, s string) {
	for {
		if _, err := io.WriteString(w, s); err != nil {
			return
		}
	}
}

func TestEndlessPages(t *testing.T) {
	limits := Limits{Text: 1 << 20, Document: 1 << 20, Image: 1 << 20}
	serve := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/text":
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", strconv.Itoa(1<<30))
			endless(w, strings.Repeat("0123456789abcde\n", 4096))
		case "/html":
			w.Header().Set("Content-Type", "text/html")
			endless(w, strings.Repeat("<p>one more</p>", 4096))
		case "/bomb":
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			endless(z, strings.Repeat("\x20", 1<<20))
		case "/pdf":
			w.Header().Set("Content-Type", "application/pdf")
			io.WriteString(w, pdf)
			endless(w, strings.Repeat(" ", 4096))
		case "/declared.pdf":
			w.Header().Set("Content-Type", "application/pdf")
			w.Header().Set("Content-Length", strconv.Itoa(1<<30))
			endless(w, pdf)
		case "/png":
			w.Header().Set("Content-Type", "image/png")
			io.WriteString(w, png)
			endless(w, strings.Repeat("\x00", 4096))
		case "/header":
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
		}
	}
	c := site(t, limits, serve)
	for _, path := range []string{"/text", "/html", "/bomb"} {
		page, err := get(t, c, "http://site.test"+path)
		if err != nil || page.Cut != 1<<20 || page.Text == "" && path != "/bomb" || len(page.Text) > 1<<20 {
			t.Errorf("%s: %v %+.100v", path, err, page)
		}
	}
	for path, text := range map[string]string{"/pdf": "longer than 1048576", "/declared.pdf": "1073741824 bytes long", "/png": "longer than 1048576"} {
		_, err := get(t, c, "http://site.test"+path)
		refused(t, err, TooLarge, text)
	}
	_, err := get(t, c, "http://site.test/header")
	refused(t, err, NotAccessible, "")
	_, err = c.Get(t.Context(), Request{URL: "http://site.test/png", Binary: 100})
	refused(t, err, TooLarge, "longer than 100")
	_, err = c.Get(t.Context(), Request{URL: "http://site.test/png", Binary: -1})
	refused(t, err, TooLarge, "no room")
}

func TestTrickle(t *testing.T) {
	limits := Limits{Time: 200 * time.Millisecond}
	for name, serve := range map[string]http.HandlerFunc{
		"no answer": func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"a byte now and then": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					io.WriteString(w, ".")
					http.NewResponseController(w).Flush()
				case <-r.Context().Done():
					return
				}
			}
		},
		"a body that never ends": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/pdf")
			io.WriteString(w, strings.Repeat(pdf, 100))
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := get(t, site(t, limits, serve), "http://site.test/")
			refused(t, err, NotAccessible, "took longer than 200ms")
		})
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := site(t, Limits{}, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := c.Get(ctx, Request{URL: "http://site.test/"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		code  Code
		text  string
	}{
		"not found": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, NotAccessible, "404 Not Found"},
		"forbidden": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, NotAccessible, "403"},
		"slow down": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, TooMany, "429"},
		"an odd encoding": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			io.WriteString(w, "x")
		}, Unsupported, "encoded"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "x")
		}, NotAccessible, "broke off"},
		"dropped": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, NotAccessible, "broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := get(t, site(t, Limits{}, c.serve), "http://site.test/")
			refused(t, err, c.code, c.text)
		})
	}
}
