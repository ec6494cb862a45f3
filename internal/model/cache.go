package model

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"
)

// maxCacheMarks is how many cache breakpoints a request may have.
const maxCacheMarks = 4

const cacheControl = `,"cache_control":{"type":"ephemeral"}`

// cacheMarks says where a request's cache breakpoints go.
type cacheMarks struct {
	system, tools bool
	blocks        [2][2]int // message and block, in no order
	n             int       // of blocks
}

func (c *cacheMarks) marked(message, block int) bool {
	for _, at := range c.blocks[:c.n] {
		if at == [2]int{message, block} {
			return true
		}
	}
	return false
}

// planCache puts breakpoints behind the tools, the system prompt and the last
// two user messages: what came before the newest message is read from the
// cache the previous request wrote, and the newest is written for the next.
// Breakpoints that the caller's blocks carry count, and are left alone.
func planCache(m *Model, req *Request) cacheMarks {
	var marks cacheMarks
	if m.NoCache {
		return marks
	}
	left := maxCacheMarks - countMarks(req.Messages)
	take := func(cond bool) bool {
		if cond && left > 0 {
			left--
			return true
		}
		return false
	}
	marks.system = take(!blank(req.System))
	marks.tools = take(len(req.Tools) > 0)
	for i := len(req.Messages) - 1; i >= 0 && marks.n < len(marks.blocks); i-- {
		if req.Messages[i].Role != "user" {
			continue
		}
		for j := len(req.Messages[i].Content) - 1; j >= 0; j-- {
			if !cacheable(req.Messages[i].Content[j]) {
				continue
			}
			if take(!hasMark(req.Messages[i].Content[j])) {
				marks.blocks[marks.n] = [2]int{i, j}
				marks.n++
			}
			break
		}
	}
	return marks
}

var markKey = []byte(`"cache_control"`)

func hasMark(block json.RawMessage) bool {
	return bytes.Contains(block, markKey) && gjson.GetBytes(block, "cache_control").IsObject()
}

func countMarks(messages []Message) int {
	n := 0
	for i := range messages {
		for _, block := range messages[i].Content {
			if hasMark(block) {
				n++
			}
		}
	}
	return n
}

// cacheable reports whether a block may carry a breakpoint: thinking, empty
// text and blocks of unknown types may not.
func cacheable(block json.RawMessage) bool {
	if !closed(block) {
		return false
	}
	switch gjson.GetBytes(block, "type").Str {
	case "text":
		return !blank(gjson.GetBytes(block, "text").Str)
	case "image", "document", "tool_use", "tool_result", "search_result":
		return true
	}
	return false
}

// closed reports whether block is a JSON object with members, by its ends.
func closed(block json.RawMessage) bool {
	b := bytes.TrimSpace(block)
	return len(b) > 2 && b[0] == '{' && b[len(b)-1] == '}'
}

// appendMarked appends a block that cacheable accepted, with a breakpoint.
func appendMarked(b []byte, block json.RawMessage) []byte {
	block = bytes.TrimSpace(block)
	b = append(b, bytes.TrimRight(block[:len(block)-1], " \t\r\n")...)
	b = append(b, cacheControl...)
	return append(b, '}')
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
