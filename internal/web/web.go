// Package web is the tools web_fetch and web_search as an agent has them: what
// they are called and take, what an agent's settings allow them, and what their
// results look like. Package fetch gets the pages, package search asks the
// search engines, package domain judges URLs.
//
// It promises that a call always has a result: whatever fails is an error
// result whose text begins with a code of the Messages API's own web tools,
// and names nothing of this machine or its network. Both tools run on the
// server, whatever the environment and its networking are.
//
// The package may not import store, api or brain.
package web

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/web/domain"
	"github.com/ostlerdev/ostler/internal/web/fetch"
	"github.com/ostlerdev/ostler/internal/web/search"
	"github.com/ostlerdev/ostler/internal/wire"
)

// The names of the tools.
const (
	Fetch  = "web_fetch"
	Search = "web_search"
)

// Is reports whether a tool is one of this package.
func Is(tool string) bool { return tool == Fetch || tool == Search }

// Config is what a Service works with.
type Config struct {
	Fetcher *fetch.Client   // nil: web_fetch is not offered
	Search  search.Provider // nil: web_search is not offered
	// Reads says what a model can see of what web_fetch brings besides text.
	Reads func(model string) (images, pdfs bool)
	Log   *slog.Logger
}

// Service runs calls of the web tools. It is safe for concurrent use.
type Service struct{ Config }

// New makes a Service.
func New(c Config) *Service { return &Service{c} }

// Call is one call of a web tool.
type Call struct {
	Tool   string
	Input  json.RawMessage      // the model's object, as it came
	Config wire.AgentToolConfig // the agent's settings of the tool
	Model  string               // the agent's model
	// Seen is the URLs that the agent's url_sources let web_fetch have; nil is
	// every URL.
	Seen domain.Seen
	// Room is how many bytes of documents and images the conversation can
	// still hold.
	Room int64
}

// Tools are the definitions of the tools that there are for agents of a model.
func (s *Service) Tools(modelID string) (out []model.Tool) {
	if s.Fetcher != nil {
		out = append(out, model.Tool{Name: Fetch, Description: fetchText, InputSchema: json.RawMessage(fetchSchema)})
	}
	if s.Search != nil && s.Search.Serves(modelID) {
		out = append(out, model.Tool{Name: Search, Description: searchText, InputSchema: json.RawMessage(searchSchema)})
	}
	return out
}

// Run executes a call. If ctx ends, so does the call, with an error result.
func (s *Service) Run(ctx context.Context, c Call) hands.Result {
	switch {
	case c.Tool == Fetch && s.Fetcher != nil:
		return s.fetch(ctx, c)
	case c.Tool == Search && s.Search != nil && s.Search.Serves(c.Model):
		return s.search(ctx, c)
	}
	return failed("unavailable: the tool " + c.Tool + " is not available.")
}

func (c *Call) domains() domain.Lists {
	return domain.Lists{Allowed: c.Config.AllowedDomains, Blocked: c.Config.BlockedDomains}
}

func failed(text string) hands.Result {
	return hands.Result{Content: []json.RawMessage{encode(wire.Text(text))}, IsError: true}
}

func encode(b wire.Block) json.RawMessage { return wire.Encode(b) }

const fetchText = `Fetches a web page and returns it as text: HTML as Markdown, plain text, JSON and XML as they are, PDFs and images as they look. Use it to read a URL that the user gave you or that you found. It does not log in, run scripts or fill in forms.`

const fetchSchema = `{"type":"object","properties":{"url":{"type":"string","description":"The http or https URL to fetch."}},"required":["url"],"additionalProperties":false}`

const searchText = `Searches the web and returns pages with what they say about the query. Use it for what you don't know or what may have changed; read a page whole with web_fetch.`

const searchSchema = `{"type":"object","properties":{"query":{"type":"string","description":"What to search for."}},"required":["query"],"additionalProperties":false}`
