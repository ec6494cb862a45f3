// Package search finds pages on the web for an agent, through whichever search
// engine the operator chose: Brave, Tavily, a SearXNG of the operator's own, or
// the web search that the model's upstream runs itself.
//
// It promises that answers are bounded in size and time, that results which an
// agent's domain lists exclude are left out whatever the engine made of them,
// and that no key is in an error. Where the engine is was the operator's word,
// not an agent's: it may be on a private address.
//
// The package may not import store, api, brain or hands.
package search

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/web/domain"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Bounds of a search.
const (
	MaxQuery   = 2000 // characters
	maxResults = 10
	maxText    = 4000    // characters of a result's text
	maxTitle   = 300     // characters
	maxBody    = 2 << 20 // bytes of an engine's answer
	timeout    = 30 * time.Second
)

// Query is one search.
type Query struct {
	Text     string
	Model    string             // the agent's model
	Domains  domain.Lists       // which results are wanted
	Location *wire.UserLocation // nil: anywhere
}

// Result is a page that was found.
type Result struct {
	URL   string
	Title string
	Text  string // what the page says about the query, as far as is known
}

// Answer is what a search found.
type Answer struct {
	Results []Result
	Summary string // of the results, by engines that write one
}

// Provider is a search engine. Implementations are safe for concurrent use.
type Provider interface {
	// Name is the word of the configuration.
	Name() string
	// Serves reports whether agents of a model can use it.
	Serves(model string) bool
	// Search finds pages. It may ignore the domains, which Find enforces. An
	// *Error is fit for the model; any other error is for the log.
	Search(ctx context.Context, q Query) (Answer, error)
}

// Error is a search that failed, in words for the model.
type Error struct {
	Code string // as in the Messages API's web search: too_many_requests, unavailable, …
	Text string
}

func (e *Error) Error() string { return e.Code + ": " + e.Text }

// Find searches with p and puts what came in order: results off the query's
// domains, without an address or found twice are left out, texts are cut to
// their bounds.
func Find(ctx context.Context, p Provider, q Query) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := p.Search(ctx, q)
	if err != nil {
		return Answer{}, err
	}
	out := Answer{Summary: cut(tidy(found.Summary), maxText)}
	seen := map[string]bool{}
	for _, r := range found.Results {
		u, err := url.Parse(strings.TrimSpace(r.URL))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			continue
		}
		r.URL = u.String()
		if seen[r.URL] || !q.Domains.Allow(u) || len(out.Results) == maxResults {
			continue
		}
		seen[r.URL] = true
		r.Title, r.Text = cut(strings.Join(strings.Fields(tidy(r.Title)), " "), maxTitle), cut(tidy(r.Text), maxText)
		if r.Title == "" {
			r.Title = r.URL
		}
		if r.Text == "" {
			r.Text = r.Title
		}
		out.Results = append(out.Results, r)
	}
	return out, nil
}

// tidy is text without NULs and what isn't UTF-8.
func tidy(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
}

// cut shortens s to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}

// Config names a provider.
type Config struct {
	Provider string // "" or none, brave, tavily, searxng, model
	Key      string // of brave and tavily; searxng sends it as a bearer token if it is set
	URL      string // of searxng; of the others where their API is, if not in its usual place
	Models   Models // of model
}

// New makes the provider that c names, nil if none. The error says what is
// missing and never holds the key.
func New(c Config) (Provider, error) {
	base, err := parseBase(c.URL)
	if err != nil {
		return nil, err
	}
	switch c.Provider {
	case "", "none":
		return nil, nil
	case "brave", "tavily":
		if c.Key == "" {
			return nil, fmt.Errorf("search provider %s: a key is required", c.Provider)
		}
		if c.Provider == "brave" {
			return &brave{newEngine("brave", base, "https://api.search.brave.com", c.Key)}, nil
		}
		return &tavily{newEngine("tavily", base, "https://api.tavily.com", c.Key)}, nil
	case "searxng":
		if base == "" {
			return nil, fmt.Errorf("search provider searxng: its URL is required")
		}
		return &searxng{newEngine("searxng", base, "", c.Key)}, nil
	case "model":
		return &upstream{c.Models}, nil
	}
	return nil, fmt.Errorf("no search provider %q: want none, brave, tavily, searxng or model", c.Provider)
}

func parseBase(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
		return "", fmt.Errorf("the search provider's URL is not one: want http(s)://host[:port][/path]")
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}
