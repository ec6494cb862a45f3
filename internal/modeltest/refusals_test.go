package modeltest_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

const (
	user = `{"role":"user","content":"hi"}`
	call = `{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]}`
	res  = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}`
	mark = `"cache_control":{"type":"ephemeral"}`
)

func block(b string) string { return messages(`{"role":"user","content":[` + b + `]}`) }

func assistant(b string) string {
	return messages(user + `,{"role":"assistant","content":[` + b + `]},` + user)
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

const png = "\x89PNG\r\n\x1a\n----------"

// Every rule, once broken; status 400 unless another is given.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       string
		status     int
		headers    []string
	}{
		// headers
		{"no key", request(""), "x-api-key header is required", 401, []string{"x-api-key", "-"}},
		{"two keys", request(""), "one credential", 401, []string{"Authorization", "Bearer k"}},
		{"wrong key", request(""), "invalid x-api-key", 401, []string{"x-api-key", "other"}},
		{"no version", request(""), "anthropic-version: header is required", 0, []string{"anthropic-version", "-"}},
		{"bad version", request(""), "not a valid version", 0, []string{"anthropic-version", "2020-01-01"}},
		{"content type", request(""), "not application/json", 0, []string{"Content-Type", "text/plain"}},
		// parameters
		{"no JSON", `{`, "not valid JSON", 0, nil},
		{"temperature", request(`"temperature":1`), "temperature: Extra inputs are not permitted", 0, nil},
		{"top_p", request(`"top_p":1`), "top_p: Extra inputs are not permitted", 0, nil},
		{"unknown parameter", request(`"efort":"low"`), "efort: Extra inputs", 0, nil},
		{"no model", request(`"model":"-"`), "model: Field required", 0, nil},
		{"empty model", request(`"model":""`), "model: String should", 0, nil},
		{"missing model", request(`"model":"missing"`), "model: missing", 404, nil},
		{"no max_tokens", request(`"max_tokens":"-"`), "max_tokens: Field required", 0, nil},
		{"zero max_tokens", request(`"max_tokens":0`), "max_tokens: must be", 0, nil},
		{"too many max_tokens", request(`"max_tokens":200000`), "200000 > 128000", 0, nil},
		{"no messages", request(`"messages":"-"`), "messages: Field required", 0, nil},
		{"empty messages", request(`"messages":[]`), "at least one message", 0, nil},
		{"thinking budget", request(`"thinking":{"type":"enabled","budget_tokens":1024}`), `"thinking.type.enabled" is not supported`, 0, nil},
		{"adaptive thinking of an old model", request(`"model":"claude-haiku-4-5","thinking":{"type":"adaptive"}`), "adaptive thinking is not supported", 0, nil},
		{"effort of an old model", request(`"model":"claude-haiku-4-5","output_config":{"effort":"low"}`), "does not support the effort parameter", 0, nil},
		{"effort level", request(`"model":"claude-opus-4-6","output_config":{"effort":"xhigh"}`), "level 'xhigh'", 0, nil},
		{"fast of a slow model", request(`"model":"claude-sonnet-5-5","speed":"fast"`), "does not support the `speed`", 0, nil},
		{"fast without the beta", request(`"model":"claude-opus-5","speed":"fast"`), "speed: Extra inputs", 0, nil},
		{"speed", request(`"speed":"warp"`), "speed: Input should be", 0, nil},
		{"empty system block", request(`"system":[{"type":"text","text":""}]`), "system: text content blocks must be non-empty", 0, nil},
		{"system image", request(`"system":[{"type":"image"}]`), "system.0.type", 0, nil},
		// tools
		{"tool name", request(`"tools":[{"name":"a b","input_schema":{"type":"object"}}]`), "tools.0.custom.name: String should match", 0, nil},
		{"tool twice", request(`"tools":[{"name":"a","input_schema":{"type":"object"}},{"name":"a","input_schema":{"type":"object"}}]`), "must be unique", 0, nil},
		{"no schema", request(`"tools":[{"name":"a"}]`), "input_schema: Field required", 0, nil},
		{"schema that is no object", request(`"tools":[{"name":"a","input_schema":[]}]`), "valid dictionary", 0, nil},
		{"schema type", request(`"tools":[{"name":"a","input_schema":{"type":"string"}}]`), "input_schema.type: Input should be 'object'", 0, nil},
		{"top-level union", request(`"tools":[{"name":"a","input_schema":{"type":"object","anyOf":[]}}]`), "oneOf, allOf, or anyOf", 0, nil},
		{"property type", request(`"tools":[{"name":"a","input_schema":{"type":"object","properties":{"p":{"type":"str"}}}}]`), ".properties.p.type: JSON schema is invalid", 0, nil},
		{"property null", request(`"tools":[{"name":"a","input_schema":{"type":"object","properties":{"p":null}}}]`), ".properties.p: JSON schema is invalid", 0, nil},
		{"required", request(`"tools":[{"name":"a","input_schema":{"type":"object","required":true}}]`), ".required: JSON schema", 0, nil},
		{"items", request(`"tools":[{"name":"a","input_schema":{"type":"object","properties":{"p":{"type":"array","items":7}}}}]`), ".properties.p.items: JSON schema", 0, nil},
		// messages
		{"role", messages(`{"role":"tool","content":"x"}`), "messages.0.role", 0, nil},
		{"system role of an old model", request(`"model":"claude-opus-4-7","messages":[` + user + `,{"role":"system","content":"x"}]`), "role 'system' is not supported", 0, nil},
		{"assistant first", messages(`{"role":"assistant","content":"x"},` + user), "first message must use", 0, nil},
		{"empty content", messages(`{"role":"user","content":[]}`), "non-empty content", 0, nil},
		{"empty text", block(`{"type":"text","text":""}`), "text content blocks must be non-empty", 0, nil},
		{"empty string", messages(`{"role":"user","content":""}`), "text content blocks must be non-empty", 0, nil},
		{"blank text", assistant(`{"type":"text","text":" \n"}`), "non-whitespace", 0, nil},
		{"unknown block", block(`{"type":"hologram"}`), "Input tag 'hologram'", 0, nil},
		{"document of the assistant", assistant(`{"type":"document","source":{"type":"text","media_type":"text/plain","data":"x"}}`), "Input tag 'document'", 0, nil},
		{"tool call of the user", block(`{"type":"tool_use","id":"a","name":"f","input":{}}`), "Input tag 'tool_use'", 0, nil},
		{"citations of the user", block(`{"type":"text","text":"x","citations":[{"type":"char_location"}]}`), "citations are not allowed", 0, nil},
		{"prefill", messages(user + `,{"role":"assistant","content":"And"}`), "prefill", 0, nil},
		{"prefill that ends with a blank", request(`"model":"claude-haiku-4-5","messages":[` + user + `,{"role":"assistant","content":"And "}]`), "trailing whitespace", 0, nil},
		// pairs
		{"unanswered call", messages(user + `,` + call + `,` + user), "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1", 0, nil},
		{"unanswered call at the end", request(`"model":"claude-haiku-4-5","tools":[{"name":"f","input_schema":{"type":"object"}}],"messages":[` + user + `,` + call + `]`), "without `tool_result`", 0, nil},
		{"answer of nothing", messages(res), "unexpected `tool_use_id`", 0, nil},
		{"answer too late", messages(user + `,` + call + `,` + res + `,{"role":"assistant","content":"x"},` + res), "unexpected `tool_use_id`", 0, nil},
		{"two answers", messages(user + `,` + call + `,` + res + `,` + res), "single result", 0, nil},
		{"text before the answer", messages(user + `,` + call + `,` + user + `,` + res), "must come before", 0, nil},
		{"system message before the answer", messages(user + `,` + call + `,{"role":"system","content":"x"},` + res), "without `tool_result`", 0, nil},
		{"id twice", messages(user + `,` + call + `,` + res + `,` + call + `,` + res), "must be unique", 0, nil},
		{"calls without tools", request(`"messages":[` + user + `,` + call + `,` + res + `]`), "must define tools", 0, nil},
		{"call id", assistant(`{"type":"tool_use","id":"a b","name":"f","input":{}}`), "tool_use.id", 0, nil},
		{"call without name", assistant(`{"type":"tool_use","id":"a","input":{}}`), "tool_use.name", 0, nil},
		{"call input", assistant(`{"type":"tool_use","id":"a","name":"f","input":"{}"}`), "valid dictionary", 0, nil},
		{"result content", messages(user + `,` + call + `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":7}]}`), "string or a list", 0, nil},
		{"result with empty text", messages(user + `,` + call + `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":""}]}]}`), "tool_result.content.0.text: text content blocks", 0, nil},
		{"image in an error", messages(user + `,` + call + `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":[{"type":"image"}]}]}`), `all content must be type "text"`, 0, nil},
		// files
		{"image type", block(`{"type":"image","source":{"type":"base64","media_type":"image/bmp","data":"` + b64(png) + `"}}`), "media_type: Input should be", 0, nil},
		{"image data", block(`{"type":"image","source":{"type":"base64","media_type":"image/png","data":"%%%"}}`), "invalid base64", 0, nil},
		{"image of another type", block(`{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"` + b64(png) + `"}}`), "appears to be a image/png", 0, nil},
		{"image without source", block(`{"type":"image"}`), "source: Field required", 0, nil},
		{"image from nowhere", block(`{"type":"image","source":{"type":"disk"}}`), "Input tag 'disk'", 0, nil},
		{"image URL", block(`{"type":"image","source":{"type":"url","url":"file:///x"}}`), "HTTPS URLs", 0, nil},
		{"PDF", block(`{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"` + b64("no") + `"}}`), "PDF specified was not valid", 0, nil},
		{"document type", block(`{"type":"document","source":{"type":"base64","media_type":"text/plain","data":""}}`), "application/pdf", 0, nil},
		{"empty document", block(`{"type":"document","source":{"type":"text","media_type":"text/plain","data":""}}`), "at least 1 character", 0, nil},
		// cache
		{"five marks", request(`"system":[{"type":"text","text":"s",` + mark + `}],"messages":[{"role":"user","content":[` + strings.Repeat(`{"type":"text","text":"x",`+mark+`},`, 3) + `{"type":"text","text":"x",` + mark + `}]}]`), "Found 5", 0, nil},
		{"mark on empty text", block(`{"type":"text","text":"",` + mark + `}`), "cannot be set for empty text", 0, nil},
		{"mark on thinking", assistant(`{"type":"thinking","thinking":"x","signature":"s",` + mark + `}`), "thinking.cache_control", 0, nil},
		{"mark of another type", block(`{"type":"text","text":"x","cache_control":{"type":"forever"}}`), "should be 'ephemeral'", 0, nil},
		{"mark for a day", block(`{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1d"}}`), "'5m' or '1h'", 0, nil},
		// thinking
		{"unsigned thinking", assistant(`{"type":"thinking","thinking":"x"}`), "signature: Field required", 0, nil},
		{"forged thinking", assistant(`{"type":"thinking","thinking":"x","signature":"c2ln"}`), "Invalid `signature`", 0, nil},
		{"forged redacted thinking", assistant(`{"type":"redacted_thinking","data":"x.y"}`), "Invalid `data`", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := modeltest.New(t, modeltest.AllowRefusals(), modeltest.WithKey("k"))
			d.Func(func(modeltest.Request) modeltest.Reply { return modeltest.Text("accepted") })
			status, body := post(t, d, c.body, c.headers...)
			if want := max(c.status, 400); status != want && (c.status != 0 || status != 400) {
				t.Fatalf("status %d, want %d: %s", status, want, body)
			}
			if got := message(t, body); !strings.Contains(got, c.want) {
				t.Errorf("message %q, want %q", got, c.want)
			}
			if len(d.Refused()) != 1 || len(d.Requests()) != 0 {
				t.Errorf("%d refused, %d accepted", len(d.Refused()), len(d.Requests()))
			}
		})
	}
}

// What is close to breaking a rule and doesn't.
func TestAccepted(t *testing.T) {
	for _, c := range []struct{ name, body string }{
		{"plain", request("")},
		{"everything", request(`"system":"s","thinking":{"type":"adaptive"},"output_config":{"effort":"xhigh"},"speed":"fast","inference_geo":"us","tools":[{"name":"a","input_schema":{"type":"object","properties":{"p":{"type":["string","null"]},"q":true},"required":["p"]},` + mark + `}]`)},
		{"same role twice", messages(user + `,` + user + `,{"role":"assistant","content":"a"},{"role":"assistant","content":"b"},` + user)},
		{"answer over two messages, then text", messages(user + `,{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"b"}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":""},{"type":"text","text":"x"}]}`)},
		{"call over two messages", messages(user + `,{"role":"assistant","content":"a"},` + call + `,` + res)},
		{"system message after the answer", messages(user + `,` + call + `,` + res + `,{"role":"system","content":"x"}`)},
		{"files", block(`{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + b64(png) + `"}},{"type":"image","source":{"type":"url","url":"https://x/y"}},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"` + b64("%PDF-1.7") + `"}},{"type":"document","source":{"type":"file","file_id":"f"},"citations":{"enabled":true}}`)},
		{"prefill of an old model", request(`"model":"claude-haiku-4-5","messages":[` + user + `,{"role":"assistant","content":"And"}]`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := modeltest.New(t)
			d.Queue(modeltest.Text("x"))
			if status, body := post(t, d, c.body); status != 200 {
				t.Errorf("status %d: %s", status, body)
			}
		})
	}
	d := modeltest.New(t)
	d.Queue(modeltest.Text("x"))
	if status, body := post(t, d, request(`"model":"claude-opus-5","speed":"fast"`), "anthropic-beta", "a,fast-mode-2026-02-01", "x-api-key", "-", "Authorization", "Bearer k"); status != 200 {
		t.Errorf("status %d: %s", status, body)
	}
}

func TestFlagConsecutive(t *testing.T) {
	d := modeltest.New(t, modeltest.FlagConsecutive(), modeltest.AllowRefusals())
	if status, body := post(t, d, messages(user+`,`+user)); status != 400 || !strings.Contains(body, "in a row") {
		t.Errorf("status %d: %s", status, body)
	}
}
