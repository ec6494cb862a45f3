package brain

import (
	"encoding/json"
	"strings"

	"github.com/ostlerdev/ostler/internal/wire"
)

// forModel makes a block of a tool's result one that the Messages API takes in
// a tool_result, nil if there is none: text that is blank is left out, an error
// holds text only, and no search result asks for citations. A citation would
// have no place in agent.message, and one request may not mix results that ask
// for them with results that don't.
func forModel(b raw, isError bool) raw {
	var v struct {
		Type    string          `json:"type"`
		Text    string          `json:"text"`
		Title   string          `json:"title"`
		Source  json.RawMessage `json:"source"`
		Content []struct {
			Text string `json:"text"`
		} `json:"content"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return b
	}
	switch {
	case v.Type == "text" && strings.TrimSpace(v.Text) == "":
		return nil
	case v.Type == "text":
		return b
	case v.Type == "search_result":
		texts := make([]*wire.TextBlock, 0, len(v.Content))
		all := []string{v.Title}
		for _, c := range v.Content {
			texts = append(texts, &wire.TextBlock{Type: "text", Text: c.Text})
			all = append(all, c.Text)
		}
		var source string
		if err := json.Unmarshal(v.Source, &source); err != nil {
			return b
		}
		if isError {
			return textBlock(strings.Join(append(all, source), "\n"))
		}
		return wire.Encode(wire.SearchResultBlock{Type: v.Type, Source: source, Title: v.Title, Content: texts, Citations: &wire.Citations{}})
	case isError:
		return textBlock("[A block of type " + v.Type + " was left out: a result that is an error holds text only.]")
	}
	return b
}
