// Package fetch gets one page from the internet on an agent's word and makes it
// readable for a model: HTML as Markdown, other text as it is, PDFs and images
// as their bytes.
//
// It promises that nothing private is reached (every connection passes package
// dial's guard, redirects too), that no cookie, credential, referrer or proxy
// of this machine goes along, and that time, redirects, headers and bytes are
// bounded, the bytes after decompression. Failures are an *[Error] fit for a
// model to read.
//
// The package may not import store, api, brain or hands.
package fetch

import (
	"context"
	"net/http"
	"net/url"
	"runtime"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/dial"
)

// Limits bound one fetch. The zero value of a field is its default.
type Limits struct {
	Time     time.Duration // from the first connection to the last byte; 30 s
	Text     int64         // bytes of a text that are read, more is cut off; 3 MiB
	Document int64         // bytes of a PDF, a larger one is refused; 10 MiB
	Image    int64         // bytes of an image, a larger one is refused; 5 MiB
}

// Bounds that nobody needs to change.
const (
	maxURL       = 2048 // bytes
	maxRedirects = 10
	maxHeader    = 64 << 10 // bytes of a response's header
	userAgent    = "Ostler/1.0 (web_fetch; +https://github.com/ostlerdev/ostler)"
	accept       = "text/html,application/xhtml+xml,text/markdown,text/plain,application/json,application/xml;q=0.9,application/pdf,image/png,image/jpeg,image/gif,image/webp;q=0.8,*/*;q=0.5"
)

// Client fetches pages. It is safe for concurrent use.
type Client struct {
	transport *http.Transport
	limits    Limits
	slots     chan struct{} // of conversions, which take CPU and can't be stopped
}

// New makes a Client whose connections d makes.
func New(d *dial.Dialer, l Limits) *Client {
	if l.Time == 0 {
		l.Time = 30 * time.Second
	}
	if l.Text == 0 {
		l.Text = 3 << 20
	}
	if l.Document == 0 {
		l.Document = 10 << 20
	}
	if l.Image == 0 {
		l.Image = 5 << 20
	}
	tr := d.Transport()
	tr.MaxResponseHeaderBytes = maxHeader
	tr.MaxConnsPerHost = 16
	return &Client{transport: tr, limits: l, slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
}

// Close drops idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Request says what to fetch.
type Request struct {
	URL string
	// Check is asked for the URL and for each redirect before it is followed;
	// its error ends the fetch. Nil allows every URL.
	Check func(*url.URL) error
	// Binary bounds the bytes of PDFs and images further; negative takes none.
	// 0 leaves it to the Limits.
	Binary int64
}

// Page is what was fetched. Either Text or Data is set.
type Page struct {
	URL       string // after redirects
	Title     string // of an HTML page that has one
	MediaType string // as the server said, or as it looks; of Data it is application/pdf or an image type
	Text      string // readable, valid UTF-8
	Data      []byte // a PDF or an image
	Cut       int64  // if not 0: only so many bytes of a longer text were read
}

// Get fetches a page with one GET request and its redirects. An error is an
// *Error, or ctx's own if ctx ended.
func (c *Client) Get(ctx context.Context, r Request) (*Page, error) {
	u, err := Parse(r.URL)
	if err != nil {
		return nil, err
	}
	if r.Check == nil {
		r.Check = func(*url.URL) error { return nil }
	}
	if err := r.Check(u); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, c.limits.Time)
	defer cancel()
	page, err := c.get(limited, u, r)
	switch {
	case err == nil:
		return page, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, fail(NotAccessible, "the page took longer than %s", c.limits.Time)
	}
	return nil, describe(err)
}

func (c *Client) get(ctx context.Context, u *url.URL, r Request) (_ *Page, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fail(InvalidInput, "the URL can't be requested")
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", accept)
	req.Header.Set("Accept-Language", "en, *;q=0.5")
	hc := http.Client{Transport: c.transport, CheckRedirect: redirects(r.Check)}
	res, err := hc.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() // what is left unread costs the connection, nothing else
	return c.read(ctx, res, r.Binary)
}

// redirects decides on each redirect like on the first URL.
func redirects(check func(*url.URL) error) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fail(NotAccessible, "more than %d redirects", maxRedirects)
		}
		u, err := Parse(req.URL.String())
		if err != nil {
			return err
		}
		if err := check(u); err != nil {
			return err
		}
		req.URL, req.Host = u, ""
		req.Header.Del("Referer")
		return nil
	}
}
