package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/web/fetch"
	"github.com/ostlerdev/ostler/internal/wire"
)

// fetch runs a call of web_fetch. Its text is
//
//	Title: …
//	URL: …
//
//	the page
func (s *Service) fetch(ctx context.Context, c Call) hands.Result {
	var in struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(c.Input, &in); err != nil {
		return failed("invalid_tool_input: expected {\"url\": \"…\"}.")
	}
	u, err := fetch.Parse(in.URL)
	if err != nil {
		return failed(err.Error())
	}
	if c.Seen != nil && !c.Seen.Has(u) {
		return failed("url_not_allowed: url_not_in_prior_context: this agent may only fetch URLs that the conversation has shown before, from the sources that its settings name.")
	}
	page, err := s.Fetcher.Get(ctx, fetch.Request{URL: in.URL, Check: c.check, Binary: c.binary()})
	if err != nil {
		return failed(err.Error())
	}
	if page.Data != nil {
		return s.binary(c, page)
	}
	text := page.Text
	if text == "" {
		text = "(The page has no text.)"
	}
	if page.Cut > 0 {
		text += fmt.Sprintf("\n\n[The page goes on. Only its first %d bytes were read.]", page.Cut)
	}
	if w := c.Config.WebFetchSettings; w != nil && w.MaxContentTokens != nil {
		text = limit(text, *w.MaxContentTokens)
	}
	head := "URL: " + page.URL + "\n\n"
	if page.Title != "" {
		head = "Title: " + page.Title + "\n" + head
	}
	return hands.Result{Content: []json.RawMessage{encode(wire.Text(head + text))}}
}

// check applies the agent's domain lists, to redirects too.
func (c *Call) check(u *url.URL) error {
	if c.domains().Allow(u) {
		return nil
	}
	return fetch.Refuse("the agent's settings don't allow %s", u.Hostname())
}

// binary is how many bytes of a PDF or an image there is room for. In base64
// three become four.
func (c *Call) binary() int64 {
	if c.Room < 4 {
		return -1
	}
	return c.Room / 4 * 3
}

// binary is the result for a PDF or an image, if the model can see it.
func (s *Service) binary(c Call, page *fetch.Page) hands.Result {
	images, pdfs := s.Reads(c.Model)
	pdf := page.MediaType == "application/pdf"
	if pdf && !pdfs || !pdf && !images {
		return failed("unsupported_content_type: the page is " + page.MediaType + ", which this model can't see.")
	}
	source := wire.Source{Type: "base64", MediaType: page.MediaType, Data: base64.StdEncoding.EncodeToString(page.Data)}
	block := wire.Block{V: &wire.ImageBlock{Type: "image", Source: source}}
	if pdf {
		block.V = &wire.DocumentBlock{Type: "document", Source: source, Title: &page.URL}
	}
	return hands.Result{Content: []json.RawMessage{encode(wire.Text("URL: " + page.URL)), encode(block)}}
}

// perToken is how many characters are taken for a token.
const perToken = 4

// limit cuts a text to about so many tokens.
func limit(text string, tokens int64) string {
	if int64(len(text)) <= tokens*perToken || int64(utf8.RuneCountInString(text)) <= tokens*perToken {
		return text
	}
	return string([]rune(text)[:tokens*perToken]) + "\n\n[The page goes on. It was cut to the agent's max_content_tokens.]"
}
