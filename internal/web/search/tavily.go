package search

import (
	"context"
	"net/http"
	"strings"
)

// tavily is the Tavily search API.
type tavily struct{ engine }

func (t *tavily) Search(ctx context.Context, q Query) (Answer, error) {
	body := map[string]any{"query": q.Text, "max_results": 2 * maxResults, "search_depth": "basic"}
	if d := hosts(q.Domains.Allowed); len(d) > 0 {
		body["include_domains"] = d
	}
	if d := wholeHosts(q.Domains.Blocked); len(d) > 0 {
		body["exclude_domains"] = d
	}
	var answer struct {
		Results []struct {
			URL, Title, Content string
			Date                string `json:"published_date"`
		} `json:"results"`
	}
	header := http.Header{"Authorization": {"Bearer " + t.key}}
	if err := t.post(ctx, "/search", body, header, &answer); err != nil {
		return Answer{}, err
	}
	var out Answer
	for _, r := range answer.Results {
		out.Results = append(out.Results, Result{URL: r.URL, Title: r.Title, Text: dated(r.Date, r.Content)})
	}
	return out, nil
}

// hosts are entries of a domain list without their paths.
func hosts(entries []string) (out []string) {
	for _, e := range entries {
		host, _, _ := strings.Cut(e, "/")
		out = append(out, host)
	}
	return out
}

// wholeHosts are the entries that have no path: more must not be kept away
// than is blocked.
func wholeHosts(entries []string) (out []string) {
	for _, e := range entries {
		if host, path, _ := strings.Cut(e, "/"); path == "" {
			out = append(out, host)
		}
	}
	return out
}
