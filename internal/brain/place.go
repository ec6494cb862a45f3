package brain

import "github.com/ostlerdev/ostler/internal/model"

// place is a place in a conversation: so many whole messages, and so many
// blocks of the next one, come before it.
type place struct{ message, block int }

// end is the place behind the conversation as it is now.
func (s *state) end() place {
	if n := len(s.messages); n > 0 {
		return place{n - 1, len(s.messages[n-1].Content)}
	}
	return place{}
}

// since is the conversation behind a place. A message of the assistant may have
// lost blocks since, and never gains any.
func (s *state) since(p place) (after []model.Message) {
	if p.message >= len(s.messages) {
		return nil
	}
	m := s.messages[p.message]
	if n := min(p.block, len(m.Content)); n < len(m.Content) {
		after = append(after, model.Message{Role: m.Role, Content: m.Content[n:]})
	}
	return append(after, s.messages[p.message+1:]...)
}

// split is the conversation before and behind a place.
func (s *state) split(p place) (before, after []model.Message) {
	if p.message >= len(s.messages) {
		return s.messages, nil
	}
	before = s.messages[:p.message:p.message]
	m := s.messages[p.message]
	n := min(p.block, len(m.Content))
	if n > 0 {
		before = append(before, model.Message{Role: m.Role, Content: m.Content[:n:n]})
	}
	return before, s.since(p)
}
