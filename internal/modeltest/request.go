package modeltest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Request is a request as the double decoded it.
type Request struct {
	Header http.Header     `json:"-"`
	Raw    json.RawMessage `json:"-"` // the whole body
	Peer   string          `json:"-"` // the client's address

	Model        string          `json:"model"`
	MaxTokens    *int64          `json:"max_tokens"`
	Stream       bool            `json:"stream"`
	System       Content         `json:"system"`
	Messages     []Message       `json:"messages"`
	Tools        []Tool          `json:"tools"`
	Thinking     *ThinkingParam  `json:"thinking"`
	OutputConfig *OutputConfig   `json:"output_config"`
	Speed        string          `json:"speed"`
	Geo          string          `json:"inference_geo"`
	ToolChoice   json.RawMessage `json:"tool_choice"`
}

// ThinkingParam is the thinking parameter of a request.
type ThinkingParam struct {
	Type string `json:"type"`
}

// OutputConfig is the output_config parameter of a request.
type OutputConfig struct {
	Effort string `json:"effort"`
}

// Message is a message of a request.
type Message struct {
	Role    string  `json:"role"`
	Content Content `json:"content"`
}

// Tool is a tool of a request.
type Tool struct {
	Type         string          `json:"type"`
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	InputSchema  json.RawMessage `json:"input_schema"`
	CacheControl json.RawMessage `json:"cache_control"`
}

// Content is a list of blocks; a string in its place is one text block.
type Content []Block

// UnmarshalJSON reads a string or a list of blocks.
func (c *Content) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		*c = Content{{Type: "text", Text: s, Raw: raw, short: true}}
		return nil
	}
	var blocks []Block
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return err
	}
	*c = blocks
	return nil
}

// Text is all text of the content, joined by line breaks.
func (c Content) Text() string {
	var out []string
	for _, b := range c {
		if b.Type == "text" {
			out = append(out, b.Text)
		}
	}
	return strings.Join(out, "\n")
}

// Block is a content block; the members its type doesn't have are empty.
type Block struct {
	Type         string
	Text         string
	ID           string          // tool_use
	Name         string          // tool_use
	Input        json.RawMessage // tool_use
	ToolUseID    string          // tool_result
	Content      json.RawMessage // tool_result: string, list or absent
	IsError      bool            // tool_result
	Thinking     string
	Signature    string
	Data         string // redacted_thinking
	Source       json.RawMessage
	Citations    json.RawMessage
	CacheControl json.RawMessage

	Raw   json.RawMessage // as it came
	short bool            // it was a bare string
}

// UnmarshalJSON reads a block and keeps its bytes.
func (b *Block) UnmarshalJSON(raw []byte) error {
	var w struct {
		Type         string          `json:"type"`
		Text         string          `json:"text"`
		ID           string          `json:"id"`
		Name         string          `json:"name"`
		Input        json.RawMessage `json:"input"`
		ToolUseID    string          `json:"tool_use_id"`
		Content      json.RawMessage `json:"content"`
		IsError      bool            `json:"is_error"`
		Thinking     string          `json:"thinking"`
		Signature    string          `json:"signature"`
		Data         string          `json:"data"`
		Source       json.RawMessage `json:"source"`
		Citations    json.RawMessage `json:"citations"`
		CacheControl json.RawMessage `json:"cache_control"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	*b = Block{
		Type: w.Type, Text: w.Text, ID: w.ID, Name: w.Name, Input: w.Input, ToolUseID: w.ToolUseID,
		Content: w.Content, IsError: w.IsError, Thinking: w.Thinking, Signature: w.Signature, Data: w.Data,
		Source: w.Source, Citations: w.Citations, CacheControl: w.CacheControl,
		Raw: append(json.RawMessage(nil), raw...),
	}
	return nil
}

// Result is the text of a tool_result block.
func (b Block) Result() string {
	var c Content
	if len(b.Content) == 0 || json.Unmarshal(b.Content, &c) != nil {
		return ""
	}
	return c.Text()
}

// Last is the last message.
func (r Request) Last() Message {
	if len(r.Messages) == 0 {
		return Message{}
	}
	return r.Messages[len(r.Messages)-1]
}

// Results maps the tool_use ids that the last message answers to the text of
// their results.
func (r Request) Results() map[string]string {
	out := map[string]string{}
	for _, b := range r.Last().Content {
		if b.Type == "tool_result" {
			out[b.ToolUseID] = b.Result()
		}
	}
	return out
}

// ToolNames lists the tools in order.
func (r Request) ToolNames() []string {
	var out []string
	for _, t := range r.Tools {
		out = append(out, t.Name)
	}
	return out
}
