package search

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// brave is the Brave Search API.
type brave struct{ engine }

// Brave takes queries of so many characters and words.
const (
	braveCharacters = 400
	braveWords      = 50
)

func (b *brave) Search(ctx context.Context, q Query) (Answer, error) {
	text := q.Text
	if sites := text + siteOperators(q); fitsBrave(sites) {
		text = sites
	}
	if !fitsBrave(text) {
		return Answer{}, &Error{"query_too_long", "a query has at most 400 characters and 50 words"}
	}
	params := url.Values{"q": {text}, "count": {strconv.Itoa(2 * maxResults)}, "text_decorations": {"false"}, "extra_snippets": {"true"}, "result_filter": {"web"}}
	header := http.Header{"X-Subscription-Token": {b.key}}
	if l := q.Location; l != nil {
		for name, v := range map[string]*string{"X-Loc-City": l.City, "X-Loc-State-Name": l.Region, "X-Loc-Country": l.Country, "X-Loc-Timezone": l.Timezone} {
			if v != nil {
				header[http.CanonicalHeaderKey(name)] = []string{url.PathEscape(*v)}
			}
		}
	}
	var answer struct {
		Web struct {
			Results []struct {
				URL, Title, Description, Age string
				ExtraSnippets                []string `json:"extra_snippets"`
			} `json:"results"`
		} `json:"web"`
	}
	if err := b.get(ctx, "/res/v1/web/search", params, header, &answer); err != nil {
		return Answer{}, err
	}
	var out Answer
	for _, r := range answer.Web.Results {
		parts := append([]string{r.Description}, r.ExtraSnippets...)
		out.Results = append(out.Results, Result{URL: r.URL, Title: r.Title, Text: dated(r.Age, strings.Join(parts, "\n"))})
	}
	return out, nil
}

func fitsBrave(s string) bool {
	return utf8.RuneCountInString(s) <= braveCharacters && len(strings.Fields(s)) <= braveWords
}

// siteOperators makes an engine look where the domain lists want it to.
func siteOperators(q Query) string {
	var b strings.Builder
	for i, d := range q.Domains.Allowed {
		if i > 0 {
			b.WriteString(" OR")
		}
		b.WriteString(" site:" + d)
	}
	for _, d := range q.Domains.Blocked {
		b.WriteString(" -site:" + d)
	}
	return b.String()
}

// dated puts a page's date before its text.
func dated(date, text string) string {
	if date == "" {
		return text
	}
	return "(" + date + ") " + text
}
