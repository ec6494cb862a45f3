package brain

import (
	"bytes"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/wire"
)

// space is what a turn knows of the room that a conversation takes in the
// model's context window.
type space struct {
	// past is the place up to which a compaction may put a summary: what the
	// model has answered, the results of its calls, and turns that are over.
	// What the user has said since is not in it.
	past   place
	recap  int             // blocks at the begin of the conversation that a compaction put there
	shed   []model.Message // what is left of messages that were compacted, for seen
	asked  []string        // the user's messages of this turn
	heard  int             // how many of them are past
	resume bool            // the turn is over; the next message begins another

	measured   int64 // tokens up to measuredAt as the last answer's usage has them; 0: unknown
	measuredAt place

	full        bool  // the conversation is known not to fit
	limit       int64 // tokens of the window as the upstream showed them; 0: it didn't
	compacting  bool  // the open model request is for a summary
	squeezes    int   // summaries in a row that could not be had
	compactions int   // in a row without a message or a call of the model
}

// maxAsked bounds what is kept of one message of the user, in bytes.
const maxAsked = 256 << 10

// settled says that all of the conversation is past.
func (s *state) settled() { s.past, s.heard = s.end(), len(s.asked) }

// hear takes note of a message of the user.
func (s *state) hear(content []raw) {
	if s.resume {
		s.asked, s.heard, s.resume = nil, 0, false
	}
	s.asked = append(s.asked, shortened(plain(content), maxAsked))
	s.squeezes, s.compactions, s.cuts = 0, 0, 0
}

// room is the tokens of the window of the session's model, how many an answer
// may take of them, and how many a request may have: what a whole answer
// leaves, and not so many that one more round of tools would not fit. All are
// 0 for models without a window.
func (t *turn) room() (window, answer, request int64) {
	window, answer = t.b.Window(t.state.agent.Model.ID)
	if limit := t.state.limit; limit > 0 && (window == 0 || limit < window) {
		window = limit
	}
	answer = min(answer, window/2)
	return window, answer, min(window*85/100, window-answer)
}

// tokens estimates the next request's: what the last answer's usage says, and
// what was added since.
func (t *turn) tokens() int64 {
	s := t.state
	n, from := s.measured, s.measuredAt
	if n == 0 {
		n, from = textTokens(len(systemPrompt(&s.agent, s.tools, s.selfHosted, s.briefs))), place{}
		for _, tool := range s.tools.offered {
			n += textTokens(len(tool.Name) + len(tool.Description) + len(tool.InputSchema))
		}
	}
	return n + tokensOf(s.since(from))
}

// removable is how many tokens of the conversation a summary would replace.
func (s *state) removable() int64 {
	before, _ := s.split(s.past)
	return tokensOf(withoutRecap(before, s.recap))
}

// withoutRecap is messages without what an earlier compaction made: its recap,
// and messages of role system, which stay.
func withoutRecap(messages []model.Message, recap int) (out []model.Message) {
	for i, m := range messages {
		if i == 0 {
			m.Content = m.Content[min(recap, len(m.Content)):]
		}
		if m.Role != "system" && len(m.Content) > 0 {
			out = append(out, m)
		}
	}
	return out
}

func tokensOf(messages []model.Message) (n int64) {
	for _, m := range messages {
		for _, b := range m.Content {
			n += blockTokens(b)
		}
	}
	return n
}

// textTokens is rather too many than too few: three bytes a token.
func textTokens(bytes int) int64 { return int64(bytes+2) / 3 }

const (
	imageTokens = 2000
	pdfBytes    = 32 // of base64 a token; scanned pages have more, dense ones fewer
)

var inline = []byte(`"base64"`)

func blockTokens(b raw) int64 {
	if !bytes.Contains(b, inline) {
		if bytes.Contains(b, fileSource) {
			return imageTokens + textTokens(len(b))
		}
		return textTokens(len(b))
	}
	switch v := readShown(b); v.Type {
	case "image":
		return imageTokens
	case "document":
		return max(imageTokens, int64(len(b))/pdfBytes)
	case "tool_result":
		var n int64
		for _, c := range v.blocks() {
			n += blockTokens(c)
		}
		return n
	}
	return textTokens(len(b))
}

// measure takes over the usage of an answer, which is part of the
// conversation from now on.
func (s *state) measure(u wire.ModelUsage) {
	s.measured, s.measuredAt = u.InputTokens+u.CacheReadInputTokens+u.CacheCreationInputTokens+u.OutputTokens, s.end()
}
