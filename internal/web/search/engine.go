package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// engine is an HTTP API that answers JSON.
type engine struct {
	name, base, key string
	http            *http.Client
}

func newEngine(name, base, usual, key string) engine {
	if base == "" {
		base = usual
	}
	return engine{name: name, base: base, key: key, http: &http.Client{
		// A redirect would take the key somewhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (e engine) Name() string       { return e.name }
func (e engine) Serves(string) bool { return true }

// get requests path with parameters and decodes the answer into v.
func (e engine) get(ctx context.Context, path string, params url.Values, header http.Header, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.base+path+"?"+params.Encode(), nil)
	if err != nil {
		return err
	}
	return e.do(req, header, v)
}

// post sends body as JSON and decodes the answer into v.
func (e engine) post(ctx context.Context, path string, body any, header http.Header, v any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.base+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	return e.do(req, header, v)
}

func (e engine) do(req *http.Request, header http.Header, v any) error {
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "ostler")
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := e.http.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) { // its text has the whole URL
			err = ue.Err
		}
		return fmt.Errorf("%s: %w", e.name, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	switch {
	case res.StatusCode == http.StatusTooManyRequests:
		return &Error{"too_many_requests", "the search engine asks to wait"}
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answered with status %d %s", e.name, res.StatusCode, e.hint(res.StatusCode))
	case err != nil:
		return fmt.Errorf("%s: %w", e.name, err)
	case len(raw) > maxBody:
		return fmt.Errorf("%s: the answer is longer than %d bytes", e.name, maxBody)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s: the answer is not the JSON that was expected: %w", e.name, err)
	}
	return nil
}

// hint says what a status means where it is known.
func (e engine) hint(status int) string {
	switch {
	case e.name == "searxng" && status == http.StatusForbidden:
		return "(is json among search.formats in its settings.yml?)"
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusPaymentRequired:
		return "(is the key right and paid for?)"
	}
	return ""
}
