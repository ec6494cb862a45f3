package web

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/web/search"
	"github.com/ostlerdev/ostler/internal/wire"
)

// search runs a call of web_search. Its result is a search_result block a page,
// and after them the engine's summary if it wrote one. Nothing in it repeats
// the query: URLs of web_search's results may be open to web_fetch, the model's
// own are not.
func (s *Service) search(ctx context.Context, c Call) hands.Result {
	var in struct {
		Query string `json:"query"`
	}
	if err := json.Unmarshal(c.Input, &in); err != nil {
		return failed("invalid_tool_input: expected {\"query\": \"…\"}.")
	}
	switch in.Query = strings.TrimSpace(in.Query); {
	case in.Query == "":
		return failed("invalid_tool_input: query is required")
	case utf8.RuneCountInString(in.Query) > search.MaxQuery:
		return failed("query_too_long: the query is too long")
	}
	q := search.Query{Text: in.Query, Model: c.Model, Domains: c.domains()}
	if w := c.Config.WebSearchSettings; w != nil {
		q.Location = w.UserLocation
	}
	found, err := search.Find(ctx, s.Search, q)
	var known *search.Error
	switch {
	case errors.As(err, &known):
		return failed(known.Error())
	case err != nil:
		if ctx.Err() == nil {
			s.Log.Warn("a web search failed", "provider", s.Search.Name(), "error", err)
		}
		return failed("unavailable: the search engine did not answer as it should.")
	}
	out := hands.Result{Content: []json.RawMessage{}}
	for _, r := range found.Results {
		text := &wire.TextBlock{Type: "text", Text: r.Text}
		out.Content = append(out.Content, encode(wire.Block{V: &wire.SearchResultBlock{Type: "search_result",
			Source: r.URL, Title: r.Title, Content: []*wire.TextBlock{text}, Citations: &wire.Citations{}}}))
	}
	if found.Summary != "" {
		out.Content = append(out.Content, encode(wire.Text(found.Summary)))
	}
	if len(out.Content) == 0 {
		out.Content = append(out.Content, encode(wire.Text("No results.")))
	}
	return out
}
