package brain

import (
	"maps"
	"slices"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/web/domain"
	"github.com/ostlerdev/ostler/internal/wire"
)

// shown is the conversation as far as it may be a source of URLs: also what was
// compacted, and not the summary, which the model chose the words of.
func (s *state) shown() []model.Message {
	return slices.Concat(s.shed, withoutRecap(s.messages, s.recap))
}

// urlsOf is what seen has to know of messages: their URLs, each as the source
// of an image, in the blocks that they stood in, and the calls that results
// belong to.
func urlsOf(messages []model.Message) (out []model.Message) {
	for _, m := range messages {
		var kept []raw
		for _, b := range m.Content {
			switch v := readShown(b); {
			case m.Role == "assistant":
				if v.Type == "tool_use" {
					kept = append(kept, wire.Encode(map[string]string{"type": v.Type, "id": v.ID, "name": v.Name}))
				}
			case v.Type != "tool_result":
				kept = append(kept, urlBlocks(v)...)
			default:
				if content := urlBlocks(v.blockList()...); len(content) > 0 {
					kept = append(kept, wire.Encode(map[string]any{"type": v.Type, "tool_use_id": v.ToolUseID, "is_error": v.IsError, "content": content}))
				}
			}
		}
		if len(kept) > 0 {
			out = append(out, model.Message{Role: m.Role, Content: kept})
		}
	}
	return out
}

func urlBlocks(blocks ...shown) (out []raw) {
	found := domain.Seen{}
	for _, v := range blocks {
		v.addTo(found)
	}
	for _, u := range slices.Sorted(maps.Keys(found)) {
		out = append(out, wire.Encode(wire.ImageBlock{Type: "image", Source: wire.Source{Type: "url", URL: "http://" + u}}))
	}
	return out
}

func (v shown) blockList() (out []shown) {
	for _, b := range v.blocks() {
		out = append(out, readShown(b))
	}
	return out
}
