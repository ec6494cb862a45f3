package brain

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// updated takes note of changed tools. Models bind their thinking to the tools
// it was made with and refuse it with others, so it is left out from here on.
func (s *state) updated(e store.Event) error {
	var m struct{ Agent raw }
	if err := decode(e, &m); err != nil || m.Agent == nil {
		return err
	}
	s.forgetThinking()
	return nil
}

func (s *state) forgetThinking() {
	for i, msg := range s.messages {
		if msg.Role == "assistant" {
			s.messages[i] = withoutThinking(msg)
		}
	}
}

// bind says with which tools the next answer is made. If they are not those of
// the last one (the operator has other tools to offer since), thinking up to
// here is left out.
func (s *state) bind(tools string) {
	if s.bound != tools {
		s.forgetThinking()
	}
	s.bound = tools
}

// markOf tells one set of tools from another.
func markOf(offered []model.Tool) string {
	sum := sha256.Sum256(wire.Encode(offered))
	return hex.EncodeToString(sum[:8])
}

func withoutThinking(m model.Message) model.Message {
	kept := make([]raw, 0, len(m.Content))
	for _, b := range m.Content {
		switch readBlock(b).Type {
		case "thinking", "redacted_thinking":
		default:
			kept = append(kept, b)
		}
	}
	if len(kept) == 0 { // a message needs content
		kept = append(kept, textBlock("(thought)"))
	}
	m.Content = kept
	return m
}
