package brain

import (
	"strings"

	"github.com/ostlerdev/ostler/internal/model"
)

// summaryPrompt asks for a summary. The model reads it behind the conversation,
// or behind a transcript of it.
const summaryPrompt = `Your context window is nearly full. From now on you will see nothing of the conversation above, none of its tool results, files and images, but only the summary of it that you write now. Don't call tools and don't answer the user: write the summary, as plain text. You alone read it, to go on with the work, so leave nothing out that you need:

1. What the user wants: every request that is not settled yet, the first one and the latest one in the user's own words, with all conditions, preferences and corrections.
2. What was done and what came of it: files with their paths and what is in them, commands and what they showed, decisions and their reasons, what failed and need not be tried again.
3. Exact facts that will be needed: names, ids, numbers, URLs, versions, error messages, pieces of code.
4. Where the work stands: what was under way when this message came, what the last tool results said, and what is to be done next, step by step.`

// summaryTokens bounds a summary, as does an eighth of the window.
const summaryTokens = 32_000

// summaryRequest asks the model to summarize what is past. At first that is the
// conversation as it was always sent, which the upstream's prompt cache knows
// and to which the model's thinking belongs; if that doesn't fit or led to
// nothing, a transcript that fits.
func (t *turn) summaryRequest() model.Request {
	s := t.state
	window, _, _ := t.room()
	r := t.request()
	r.MaxTokens = min(summaryTokens, max(window/8, 1))
	before, after := s.split(s.past)
	if s.full || s.squeezes > 0 || t.tokens()-tokensOf(after)+r.MaxTokens > window {
		budget := int(3*window*6/10) >> s.squeezes // bytes, see textTokens
		r.System, r.Tools, r.Effort = "", nil, "low"
		r.Messages = []model.Message{{Role: "user", Content: []raw{textBlock(transcript(before, budget) + summaryPrompt)}}}
		return r
	}
	r.Messages = before
	if n := len(before) - 1; before[n].Role == "user" {
		content := before[n].Content
		before = before[:n:n]
		r.Messages = append(before, model.Message{Role: "user", Content: append(content[:len(content):len(content)], textBlock(summaryPrompt))})
		return r
	}
	r.Messages = append(before[:len(before):len(before)], model.Message{Role: "user", Content: []raw{textBlock(summaryPrompt)}})
	return r
}

// compaction is what the model is sent from now on in place of what is past:
// its summary, the messages of the user that are being worked on, word for
// word, and the operator's messages. The latter two have a sixteenth of the
// window each; the summary tells of the rest.
func (t *turn) compaction(summary string) compactionOf {
	s := t.state
	window, _, _ := t.room()
	room := int(3 * window / 16)
	before, _ := s.split(s.past)
	var b strings.Builder
	b.WriteString("The conversation before this message outgrew your context window and was compacted. You wrote this summary of it:\n\n<summary>\n" + summary + "\n</summary>\n\n")
	if asked := newest(s.asked[:s.heard], room); len(asked) > 0 {
		b.WriteString("What the user wrote in the turn that is under way, word for word:\n\n")
		for _, a := range asked {
			b.WriteString("<message>\n" + a + "\n</message>\n\n")
		}
	}
	b.WriteString("Go on from where the work stood. Don't do again what is done. What the summary doesn't tell, look up with your tools, if you have them.")
	return compactionOf{Recap: textBlock(b.String()), System: operators(before, room)}
}

// newest is the newest of texts that have room, in their order. Of the very
// newest there is always something.
func newest(texts []string, room int) []string {
	for i := len(texts) - 1; i >= 0; i-- {
		if room -= len(texts[i]); room >= 0 {
			continue
		}
		if i == len(texts)-1 {
			return []string{shortened(texts[i], room+len(texts[i]))}
		}
		return texts[i+1:]
	}
	return texts
}

// operators is the newest blocks of messages of role system that have room.
func operators(messages []model.Message, room int) (out []raw) {
	for _, m := range messages {
		if m.Role == "system" {
			out = append(out, m.Content...)
		}
	}
	for i := len(out) - 1; i >= 0; i-- {
		if room -= len(out[i]); room < 0 {
			return out[i+1:]
		}
	}
	return out
}
