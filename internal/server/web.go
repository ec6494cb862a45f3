package server

import (
	"fmt"

	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/web"
	"github.com/ostlerdev/ostler/internal/web/fetch"
	"github.com/ostlerdev/ostler/internal/web/search"
)

// Web is what an operator chooses of the web tools.
type Web struct {
	NoFetch   bool   // web_fetch is not offered
	Search    string // OSTLER_SEARCH: none, brave, tavily, searxng or model; "" is none
	SearchKey string // OSTLER_SEARCH_API_KEY
	SearchURL string // OSTLER_SEARCH_URL
}

// web makes the web tools and says in the log which of them there are not.
func (s *Server) web(c Config, d *dial.Dialer) (*web.Service, error) {
	engine, err := search.New(search.Config{Provider: c.Web.Search, Key: c.Web.SearchKey, URL: c.Web.SearchURL, Models: s.Models})
	if err != nil {
		return nil, fmt.Errorf("OSTLER_SEARCH: %w", err)
	}
	out := web.Config{Search: engine, Reads: s.reads, Log: c.Log}
	switch {
	case engine == nil:
		c.Log.Info("web_search is not offered to agents: no search engine is set (OSTLER_SEARCH)")
	case c.Web.Search == "model" && s.Models.Demo():
		c.Log.Info("web_search is not offered to agents: the demo model has no web search")
	}
	if c.Web.NoFetch {
		c.Log.Info("web_fetch is not offered to agents: it is switched off (OSTLER_WEB_FETCH)")
		return web.New(out), nil
	}
	out.Fetcher = fetch.New(d, fetch.Limits{})
	s.onClose(func() error { out.Fetcher.Close(); return nil })
	return web.New(out), nil
}

// reads says what a model can see besides text.
func (s *Server) reads(id string) (images, pdfs bool) {
	m, err := s.Models.Resolve(id)
	if err != nil {
		return false, false
	}
	return m.Images, m.PDF
}
