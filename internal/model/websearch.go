package model

import (
	"context"
	"encoding/json"

	"github.com/tidwall/gjson"
)

// WebSearch is one search with the web search that a model's upstream runs.
type WebSearch struct {
	Model    string
	Query    string
	Allowed  []string // domains; at most one of the two lists
	Blocked  []string
	Location *Location // nil: anywhere
}

// Location is roughly where the one who asks is; nil fields are unknown.
type Location struct {
	Type     string  `json:"type"`
	City     *string `json:"city,omitempty"`
	Region   *string `json:"region,omitempty"`
	Country  *string `json:"country,omitempty"`
	Timezone *string `json:"timezone,omitempty"`
}

// WebFound is what a WebSearch found.
type WebFound struct {
	Pages     []WebPage
	Summary   string // by the model, of what the pages say
	ErrorCode string // the search itself failed: too_many_requests, unavailable, …
}

// WebPage is a page of a WebFound. Text is what the model cited of it, or "":
// the page's own text comes encrypted.
type WebPage struct{ URL, Title, Age, Text string }

// searchTokens bounds the answer of a search request.
const searchTokens = 2048

const searchPrompt = "Search the web once for the query below. Then say in a few sentences what the results tell about it, and cite each result that you use. If the results don't answer it, say so.\n\nQuery: "

// Searches reports whether the upstream of a model runs web searches.
func (t *Table) Searches(id string) bool {
	m, err := t.Resolve(id)
	return err == nil && m.up != nil && m.ServerTools
}

// WebSearch makes one search by a model request of its own. A failure is an
// *Error, or ctx's error when ctx ended; a search that the upstream ran and
// that failed there is no error but has an ErrorCode.
func (t *Table) WebSearch(ctx context.Context, s WebSearch) (*WebFound, error) {
	if !t.Searches(s.Model) {
		return nil, &Error{Kind: KindRequestFailed, Message: "the upstream of model " + s.Model + " has no web search"}
	}
	m, err := t.Resolve(s.Model)
	if err != nil {
		return nil, &Error{Kind: KindRequestFailed, Message: err.Error()}
	}
	body, err := json.Marshal(searchRequest(m, s))
	if err != nil {
		return nil, err
	}
	resp, err := m.up.send(ctx, body, nil, acceptEvents)
	if err != nil {
		return nil, err
	}
	return found(resp), nil
}

func searchRequest(m *Model, s WebSearch) any {
	type tool struct {
		Type     string    `json:"type"`
		Name     string    `json:"name"`
		MaxUses  int       `json:"max_uses"`
		Allowed  []string  `json:"allowed_domains,omitempty"`
		Blocked  []string  `json:"blocked_domains,omitempty"`
		Location *Location `json:"user_location,omitempty"`
	}
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	if s.Location != nil {
		l := *s.Location
		l.Type = "approximate"
		s.Location = &l
	}
	return struct {
		Model     string    `json:"model"`
		MaxTokens int64     `json:"max_tokens"`
		Stream    bool      `json:"stream"`
		Tools     []tool    `json:"tools"`
		Messages  []message `json:"messages"`
	}{
		m.UpstreamID, min(searchTokens, m.MaxTokens), true,
		[]tool{{"web_search_20250305", "web_search", 1, s.Allowed, s.Blocked, s.Location}},
		[]message{{"user", searchPrompt + s.Query}},
	}
}

// found reads the answer of a search request.
func found(resp *Response) *WebFound {
	out := &WebFound{}
	cited := map[string]string{}
	for _, raw := range resp.Content {
		b := gjson.ParseBytes(raw)
		switch b.Get("type").String() {
		case "web_search_tool_result":
			if code := b.Get("content.error_code").String(); code != "" {
				out.ErrorCode = code
			}
			for _, r := range b.Get("content").Array() {
				if r.Get("type").String() == "web_search_result" {
					out.Pages = append(out.Pages, WebPage{URL: r.Get("url").String(), Title: r.Get("title").String(), Age: r.Get("page_age").String()})
				}
			}
		case "text":
			out.Summary += b.Get("text").String()
			for _, c := range b.Get("citations").Array() {
				if url, text := c.Get("url").String(), c.Get("cited_text").String(); text != "" {
					if cited[url] != "" {
						cited[url] += "\n"
					}
					cited[url] += text
				}
			}
		}
	}
	for i := range out.Pages {
		out.Pages[i].Text = cited[out.Pages[i].URL]
	}
	if len(out.Pages) > 0 {
		out.ErrorCode = ""
	}
	return out
}
