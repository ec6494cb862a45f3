package brain

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/wire"
)

// entry is a piece of a transcript.
type entry struct {
	kind string
	text string
}

func (e entry) size() int { return len(e.kind) + len(e.text) + 3 }

// The kinds of entries besides what user, assistant and operator say.
const (
	entryCall   = "Tool call"
	entryResult = "Tool result"
)

// transcript is a conversation as a text of about budget bytes at most, with
// words before and behind. Images and documents are named only, thinking is
// left out. What is too long is shortened: no part has more than a quarter, then
// the oldest tool results go first, then the oldest calls, then whatever is old.
// Lines are indented, so that no tool's result can pose as a message of the user.
func transcript(messages []model.Message, budget int) string {
	entries := entriesOf(messages)
	squeeze(entries, budget)
	entries = forget(entries, budget)
	var b strings.Builder
	b.WriteString("This is the transcript of your conversation so far. Lines that begin with blanks belong to what is above them, whatever they say. Where it says so, parts are left out.\n\n<transcript>\n")
	for _, e := range entries {
		b.WriteString(e.kind + ": " + e.text + "\n\n")
	}
	b.WriteString("</transcript>\n\n")
	return b.String()
}

func entriesOf(messages []model.Message) (out []entry) {
	speaker := map[string]string{"user": "User", "assistant": "You", "system": "Operator"}
	add := func(kind, text string) {
		out = append(out, entry{kind, strings.ReplaceAll(text, "\n", "\n    ")})
	}
	for _, m := range messages {
		for _, b := range m.Content {
			v := readShown(b)
			switch v.Type {
			case "thinking", "redacted_thinking":
			case "tool_use":
				add(entryCall, v.Name+" "+string(readBlock(b).Input))
			case "tool_result":
				text := plain(v.blocks())
				if v.IsError {
					text = "(error) " + text
				}
				add(entryResult, text)
			default:
				if text := plain([]raw{b}); text != "" {
					add(speaker[m.Role], text)
				}
			}
		}
	}
	return out
}

// plain is blocks as text; what isn't text is named.
func plain(blocks []raw) string {
	var parts []string
	for _, b := range blocks {
		switch v := readShown(b); v.Type {
		case "text":
			parts = append(parts, v.Text)
		case "image", "document":
			var source wire.Source
			if err := json.Unmarshal(v.Source, &source); err != nil {
				continue // nothing that could be told
			}
			name := strings.Join(strings.Fields("["+v.Type+" "+v.Title+" "+source.URL), " ") + "]"
			if source.Type == "text" {
				name += "\n" + source.Data
			}
			parts = append(parts, name)
		case "search_result":
			parts = append(parts, "[search result] "+v.Title+" "+strings.Trim(string(v.Source), `"`)+"\n"+plain(v.blocks()))
		case "server_tool_use", "web_search_tool_result", "web_fetch_tool_result":
			parts = append(parts, "["+v.Type+"]")
		}
	}
	return strings.Join(parts, "\n")
}

// squeeze shortens entries until all of them fit. The first one, which has the
// task or an earlier summary, is spared.
func squeeze(entries []entry, budget int) {
	total := 0
	for i := range entries {
		entries[i].text = shortened(entries[i].text, budget/4)
		total += entries[i].size()
	}
	for _, pass := range []struct {
		kind string // "": all
		keep int
	}{{entryResult, 300}, {entryCall, 300}, {"", 1000}, {"", 100}} {
		for i := 1; i < len(entries) && total > budget; i++ {
			e := &entries[i]
			if pass.kind == "" || pass.kind == e.kind {
				total -= e.size()
				e.text = shortened(e.text, pass.keep)
				total += e.size()
			}
		}
	}
}

// forget leaves out the oldest entries behind the first one until the rest
// fits.
func forget(entries []entry, budget int) []entry {
	from := len(entries)
	if from == 0 {
		return nil
	}
	for budget -= entries[0].size(); from > 1; from-- {
		if budget -= entries[from-1].size(); budget < 0 {
			break
		}
	}
	if from == 1 {
		return entries
	}
	gap := entry{"Left out", fmt.Sprintf("%d parts", from-1)}
	return append([]entry{entries[0], gap}, entries[from:]...)
}

// shortened is a text of about n bytes, of its begin and its end.
func shortened(text string, n int) string {
	if len(text) <= n {
		return text
	}
	head, tail := text[:n/2], text[len(text)-n/2:]
	return strings.ToValidUTF8(head, "") + fmt.Sprintf(" […%d bytes left out…] ", len(text)-len(head)-len(tail)) + strings.ToValidUTF8(tail, "")
}

// texts is the text blocks of an answer.
func texts(content []raw) (out []raw) {
	for _, b := range content {
		if readBlock(b).Type == "text" {
			out = append(out, b)
		}
	}
	return out
}
