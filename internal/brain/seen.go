package brain

import (
	"encoding/json"
	"slices"

	"github.com/ostlerdev/ostler/internal/web"
	"github.com/ostlerdev/ostler/internal/web/domain"
	"github.com/ostlerdev/ostler/internal/wire"
)

// seen is the URLs that the conversation has shown the model in the sources
// that an agent's web_fetch may have its URLs from (Managed Agents API: tools,
// url_sources): messages of the user, results of custom tools, and results of
// web_search and web_fetch. Nothing else is a source, not the results of other
// built-in tools and of MCP servers, which the model chose the words of, and
// not results that are errors of the server.
func (s *state) seen(from *wire.URLSources) domain.Seen {
	out, names := domain.Seen{}, map[string]string{}
	for _, m := range s.shown() {
		for _, b := range m.Content {
			switch v := readShown(b); {
			case m.Role == "assistant":
				if v.Type == "tool_use" {
					names[v.ID] = v.Name
				}
			case m.Role != "user":
			case v.Type != "tool_result":
				if admits(from.UserInput, "") {
					v.addTo(out)
				}
			case s.admitsResult(from, names[v.ToolUseID], v.IsError):
				for _, c := range v.blocks() {
					readShown(c).addTo(out)
				}
			}
		}
	}
	return out
}

func (s *state) admitsResult(from *wire.URLSources, tool string, isError bool) bool {
	switch {
	case s.tools.custom[tool]:
		return admits(from.ClientToolResults, tool)
	case web.Is(tool):
		return !isError && admits(from.ServerToolResults, tool)
	}
	return false
}

// admits tells whether a source lets the results of a tool in; nil lets all in.
func admits(s *wire.URLSource, tool string) bool {
	if s == nil {
		return true
	}
	named := slices.Contains(s.Tools, wire.ToolRef{Type: "tool_reference", Name: tool})
	switch s.Type {
	case "all":
		return true
	case "only":
		return named
	case "except":
		return !named
	}
	return false
}

// shown is what a content block shows a model.
type shown struct {
	Type      string          `json:"type"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	ToolUseID string          `json:"tool_use_id"`
	IsError   bool            `json:"is_error"`
	Text      string          `json:"text"`
	Title     string          `json:"title"`
	Context   string          `json:"context"`
	Source    json.RawMessage `json:"source"`  // an object, or the URL of a search result
	Content   json.RawMessage `json:"content"` // of tool and search results
}

func readShown(b raw) (v shown) {
	if err := json.Unmarshal(b, &v); err != nil {
		return shown{} // of a form that shows nothing
	}
	return v
}

func (v shown) blocks() (out []raw) {
	if err := json.Unmarshal(v.Content, &out); err != nil {
		return nil
	}
	return out
}

// addTo adds the URLs of a block: those in its texts and its own.
func (v shown) addTo(s domain.Seen) {
	switch v.Type {
	case "text":
		s.AddText(v.Text)
	case "document", "image":
		var source wire.Source
		if json.Unmarshal(v.Source, &source) != nil {
			return
		}
		s.Add(source.URL)
		s.AddText(v.Title + "\n" + v.Context)
		if source.Type == "text" {
			s.AddText(source.Data)
		}
	case "search_result":
		var source string
		if json.Unmarshal(v.Source, &source) != nil {
			return
		}
		s.Add(source)
		s.AddText(v.Title)
		for _, c := range v.blocks() {
			readShown(c).addTo(s)
		}
	}
}
