package brain

import (
	"slices"

	"github.com/ostlerdev/ostler/internal/model"
)

// maxCuts bounds the answers in a row that are gone on with after they were cut
// off, and brought no call that could be run.
const maxCuts = 3

const (
	cutText = "[Your answer was cut off: it reached the limit of an answer's length. If you were calling a tool, that call is lost and nothing of it was run. " +
		"Go on where it ended, and don't repeat what is there. Write what is long in pieces, a tool call for each.]"
	tooOftenCut = "The model's answers reached the limit of their length several times in a row, and were cut off each time."
)

// cutNote is what the model is told of an answer that was cut off, nil if it is
// whole.
func cutNote(resp *model.Response) raw {
	if !resp.CutOff() {
		return nil
	}
	return textBlock(cutText)
}

// cut takes note of how an answer ended. The model is asked to go on at once,
// or after the results of the calls that are whole.
func (s *state) cut(note raw) {
	if note == nil || len(s.opened()) > 0 {
		s.cuts, s.note = 0, note
		return
	}
	s.append("user", []raw{note})
	s.cuts++
	s.due = true
}

// says tells whether an answer holds more than thinking.
func says(content []raw) bool {
	return slices.ContainsFunc(content, func(b raw) bool {
		t := readBlock(b).Type
		return t != "thinking" && t != "redacted_thinking"
	})
}
