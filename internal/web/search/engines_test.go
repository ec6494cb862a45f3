package search

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/web/domain"
	"github.com/ostlerdev/ostler/internal/wire"
)

// asked is a request as an engine got it.
type asked struct {
	Method, Path string
	Params       url.Values
	Body         map[string]any
	Header       http.Header
}

// double is an engine that answers one text and keeps what it was asked.
func double(t *testing.T, status int, answer string) (string, *asked) {
	t.Helper()
	got := new(asked)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*got = asked{Method: r.Method, Path: r.URL.Path, Params: r.URL.Query(), Header: r.Header}
		if raw, err := io.ReadAll(r.Body); err == nil && len(raw) > 0 {
			if err := json.Unmarshal(raw, &got.Body); err != nil {
				t.Error(err)
			}
		}
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		srv.Close()
	})
	return srv.URL, got
}

func provider(t *testing.T, c Config) Provider {
	t.Helper()
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ptr(s string) *string { return &s }

func TestBrave(t *testing.T) {
	base, got := double(t, 200, `{"type":"search","web":{"type":"search","results":[
		{"title":"Go","url":"https://go.dev/","description":"The language.","age":"2 days ago","extra_snippets":["Fast.","Simple."]},
		{"title":"Other","url":"https://go.example/","description":"Else."}]},"mixed":{}}`)
	p := provider(t, Config{Provider: "brave", Key: "k", URL: base})
	answer, err := p.Search(t.Context(), Query{Text: "go language", Domains: domain.Lists{Allowed: []string{"go.dev", "go.example/doc"}},
		Location: &wire.UserLocation{City: ptr("Köln"), Country: ptr("DE")}})
	if err != nil {
		t.Fatal(err)
	}
	want := Answer{Results: []Result{{URL: "https://go.dev/", Title: "Go", Text: "(2 days ago) The language.\nFast.\nSimple."}, {URL: "https://go.example/", Title: "Other", Text: "Else."}}}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Error(diff)
	}
	if got.Path != "/res/v1/web/search" || got.Params.Get("q") != "go language site:go.dev OR site:go.example/doc" ||
		got.Header.Get("X-Subscription-Token") != "k" || got.Header.Get("X-Loc-City") != "K%C3%B6ln" || got.Header.Get("X-Loc-Country") != "DE" || got.Header.Get("X-Loc-Timezone") != "" {
		t.Errorf("asked %+v", got)
	}
	long := strings.Repeat("word ", 49)
	if _, err := p.Search(t.Context(), Query{Text: long, Domains: domain.Lists{Blocked: []string{"a.test", "b.test"}}}); err != nil || got.Params.Get("q") != long {
		t.Errorf("a query without room for operators: %v, %q", err, got.Params.Get("q"))
	}
	var e *Error
	if _, err := p.Search(t.Context(), Query{Text: strings.Repeat("word ", 51)}); !errors.As(err, &e) || e.Code != "query_too_long" {
		t.Errorf("error %v", err)
	}
}

func TestTavily(t *testing.T) {
	base, got := double(t, 200, `{"query":"q","answer":null,"images":[],"results":[{"title":"T","url":"https://a.test/","content":"About a.","score":0.9,"raw_content":null}],"response_time":1.2}`)
	p := provider(t, Config{Provider: "tavily", Key: "tvly-k", URL: base})
	answer, err := p.Search(t.Context(), Query{Text: "q", Domains: domain.Lists{Allowed: []string{"a.test/docs"}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Answer{Results: []Result{{URL: "https://a.test/", Title: "T", Text: "About a."}}}, answer); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"query": "q", "max_results": 20.0, "search_depth": "basic", "include_domains": []any{"a.test"}}, got.Body); diff != "" {
		t.Error(diff)
	}
	if got.Method != "POST" || got.Path != "/search" || got.Header.Get("Authorization") != "Bearer tvly-k" {
		t.Errorf("asked %+v", got)
	}
	if _, err := p.Search(t.Context(), Query{Text: "q", Domains: domain.Lists{Blocked: []string{"a.test/docs", "b.test"}}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{"b.test"}, got.Body["exclude_domains"]); diff != "" {
		t.Error(diff)
	}
}

func TestSearXNG(t *testing.T) {
	base, got := double(t, 200, `{"query":"q","number_of_results":0,"results":[{"url":"https://a.test/","title":"A","content":"About a.","publishedDate":"2026-05-01T00:00:00","engine":"x","score":1}],"answers":[],"suggestions":[]}`)
	p := provider(t, Config{Provider: "searxng", URL: base + "/sub/"})
	answer, err := p.Search(t.Context(), Query{Text: "q", Domains: domain.Lists{Blocked: []string{"b.test"}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Answer{Results: []Result{{URL: "https://a.test/", Title: "A", Text: "(2026-05-01T00:00:00) About a."}}}, answer); diff != "" {
		t.Error(diff)
	}
	if got.Path != "/sub/search" || got.Params.Get("format") != "json" || got.Params.Get("q") != "q -site:b.test" || got.Header.Get("Authorization") != "" {
		t.Errorf("asked %+v", got)
	}
}

func TestEngineFailures(t *testing.T) {
	for name, c := range map[string]struct {
		status   int
		answer   string
		code     string // for the model
		internal string // for the log
	}{
		"asked too often":   {429, "", "too_many_requests", ""},
		"the wrong key":     {401, `{"error":"bad key secret"}`, "", "status 401 (is the key right"},
		"no JSON format":    {403, "", "", "search.formats"},
		"a redirect":        {302, "", "", "status 302"},
		"no JSON":           {200, "<html>", "", "not the JSON"},
		"an endless answer": {200, strings.Repeat(" ", maxBody+1), "", "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			base, _ := double(t, c.status, c.answer)
			_, err := provider(t, Config{Provider: "searxng", Key: "secret", URL: base}).Search(t.Context(), Query{Text: "private words"})
			var e *Error
			switch {
			case err == nil, strings.Contains(err.Error(), "secret"):
				t.Errorf("error %v", err)
			case c.code != "" && (!errors.As(err, &e) || e.Code != c.code):
				t.Errorf("error %v", err)
			case c.code == "" && (errors.As(err, &e) || !strings.Contains(err.Error(), c.internal)):
				t.Errorf("error %v", err)
			}
		})
	}
	_, err := provider(t, Config{Provider: "brave", Key: "secret", URL: "http://127.0.0.1:1"}).Search(t.Context(), Query{Text: "private words"})
	if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "private") {
		t.Errorf("error %v", err)
	}
}

// models is a Models of one answer.
type models struct {
	asked model.WebSearch
	found *model.WebFound
	err   error
}

func (m *models) Searches(id string) bool { return id == "able" }
func (m *models) WebSearch(_ context.Context, s model.WebSearch) (*model.WebFound, error) {
	m.asked = s
	return m.found, m.err
}

func TestUpstream(t *testing.T) {
	m := &models{found: &model.WebFound{Summary: "So.", Pages: []model.WebPage{{URL: "https://a.test/", Title: "A", Age: "May 1", Text: "cited"}}}}
	p := provider(t, Config{Provider: "model", Models: m})
	if !p.Serves("able") || p.Serves("other") {
		t.Error("Serves")
	}
	answer, err := p.Search(t.Context(), Query{Text: "q", Model: "able", Domains: domain.Lists{Blocked: []string{"b.test"}}, Location: &wire.UserLocation{Country: ptr("DE")}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Answer{Summary: "So.", Results: []Result{{URL: "https://a.test/", Title: "A", Text: "(May 1) cited"}}}, answer); diff != "" {
		t.Error(diff)
	}
	want := model.WebSearch{Model: "able", Query: "q", Blocked: []string{"b.test"}, Location: &model.Location{Country: ptr("DE")}}
	if diff := cmp.Diff(want, m.asked); diff != "" {
		t.Error(diff)
	}
	var e *Error
	for code, failing := range map[string]*models{
		"too_many_requests": {err: &model.Error{Kind: model.KindRateLimited}},
		"unavailable":       {found: &model.WebFound{ErrorCode: "unavailable"}},
	} {
		if _, err := provider(t, Config{Provider: "model", Models: failing}).Search(t.Context(), Query{}); !errors.As(err, &e) || e.Code != code {
			t.Errorf("error %v, want %s", err, code)
		}
	}
	broken := &models{err: &model.Error{Kind: model.KindBilling}}
	if _, err := provider(t, Config{Provider: "model", Models: broken}).Search(t.Context(), Query{}); err == nil || errors.As(err, &e) {
		t.Errorf("error %v", err)
	}
}
