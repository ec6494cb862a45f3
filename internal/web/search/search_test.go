package search

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/ostlerdev/ostler/internal/web/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// canned is a provider of one answer.
type canned struct {
	answer Answer
	err    error
}

func (canned) Name() string       { return "canned" }
func (canned) Serves(string) bool { return true }
func (c canned) Search(context.Context, Query) (Answer, error) {
	return c.answer, c.err
}

func TestFind(t *testing.T) {
	many := Answer{Summary: " yes\x00 "}
	for i := range 30 {
		many.Results = append(many.Results, Result{URL: fmt.Sprintf("https://a.test/%d", i), Title: "t", Text: "x"})
	}
	got, err := Find(t.Context(), canned{answer: many}, Query{})
	if err != nil || len(got.Results) != maxResults || got.Summary != "yes" {
		t.Errorf("%d results, %v, %q", len(got.Results), err, got.Summary)
	}
	got, err = Find(t.Context(), canned{answer: Answer{Results: []Result{
		{URL: "https://a.test/1", Title: "  Two\n lines ", Text: strings.Repeat("ü", maxText+1)},
		{URL: "https://a.test/1", Title: "again"},
		{URL: "https://b.test/", Title: "blocked"},
		{URL: "https://docs.b.test/", Title: "below a blocked one"},
		{URL: "javascript:x", Title: "a script"}, {URL: "https://u:p@a.test/", Title: "a password"}, {URL: "%zz"}, {},
		{URL: "http://a.test/2"},
	}}}, Query{Domains: domain.Lists{Blocked: []string{"b.test"}}})
	want := Answer{Results: []Result{
		{URL: "https://a.test/1", Title: "Two lines", Text: strings.Repeat("ü", maxText) + "…"},
		{URL: "http://a.test/2", Title: "http://a.test/2", Text: "http://a.test/2"},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	failed := errors.New("failed")
	if _, err := Find(t.Context(), canned{err: failed}, Query{}); !errors.Is(err, failed) {
		t.Errorf("error %v", err)
	}
}

func TestNew(t *testing.T) {
	for _, c := range []struct {
		config Config
		name   string // "" is none
		err    string
	}{
		{Config{}, "", ""},
		{Config{Provider: "none"}, "", ""},
		{Config{Provider: "brave", Key: "secret"}, "brave", ""},
		{Config{Provider: "brave"}, "", "a key is required"},
		{Config{Provider: "tavily", Key: "secret"}, "tavily", ""},
		{Config{Provider: "tavily"}, "", "a key is required"},
		{Config{Provider: "searxng", URL: "http://127.0.0.1:8888/"}, "searxng", ""},
		{Config{Provider: "searxng", Key: "secret"}, "", "URL is required"},
		{Config{Provider: "searxng", URL: "search.test"}, "", "URL is not one"},
		{Config{Provider: "brave", Key: "secret", URL: "ftp://x"}, "", "URL is not one"},
		{Config{Provider: "model"}, "model", ""},
		{Config{Provider: "altavista", Key: "secret"}, "", "no search provider"},
	} {
		p, err := New(c.config)
		switch {
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "secret")):
			t.Errorf("%+v: error %v", c.config, err)
		case c.err == "" && err != nil:
			t.Errorf("%+v: %v", c.config, err)
		case (p == nil) != (c.name == "") || p != nil && p.Name() != c.name:
			t.Errorf("%+v: provider %v", c.config, p)
		}
	}
}
