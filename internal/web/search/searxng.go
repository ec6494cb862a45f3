package search

import (
	"context"
	"net/http"
	"net/url"
)

// searxng is a SearXNG, which asks other engines. Its settings must allow the
// format json.
type searxng struct{ engine }

func (s *searxng) Search(ctx context.Context, q Query) (Answer, error) {
	params := url.Values{"q": {q.Text + siteOperators(q)}, "format": {"json"}, "categories": {"general"}}
	header := http.Header{}
	if s.key != "" {
		header.Set("Authorization", "Bearer "+s.key)
	}
	var answer struct {
		Results []struct {
			URL, Title, Content string
			Date                string `json:"publishedDate"`
		} `json:"results"`
	}
	if err := s.get(ctx, "/search", params, header, &answer); err != nil {
		return Answer{}, err
	}
	var out Answer
	for _, r := range answer.Results {
		out.Results = append(out.Results, Result{URL: r.URL, Title: r.Title, Text: dated(r.Date, r.Content)})
	}
	return out, nil
}
