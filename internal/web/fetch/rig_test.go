package fetch

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/gate/dial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site serves h as http://site.test and makes a client for it.
func site(t *testing.T, l Limits, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	names, err := dial.ParseNames("site.test=" + strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	c := New(&dial.Dialer{Names: names}, l)
	t.Cleanup(func() {
		c.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return c
}

// answer is a handler of one answer.
func answer(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		w.Write([]byte(body)) // a client that went away is what some tests are about
	}
}

func get(t *testing.T, c *Client, url string) (*Page, error) {
	t.Helper()
	start := time.Now()
	page, err := c.Get(t.Context(), Request{URL: url})
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %s", d)
	}
	return page, err
}

// refused checks an error's code and text.
func refused(t *testing.T, err error, code Code, text string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Text, text) {
		t.Errorf("error %v, want %s: …%s…", err, code, text)
	}
}
