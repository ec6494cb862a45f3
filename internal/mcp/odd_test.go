package mcp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// What a server says that it shouldn't, or says in an unusual way, has an
// outcome, and the next call is made as if nothing had been.
func TestOddAnswers(t *testing.T) {
	const page, events, strange = "application/json", "text/event-stream", "does not speak the protocol as expected"
	for name, tt := range map[string]struct {
		kind, body string // %[1]s is the request's id
		want       string
	}{
		"not UTF-8":               {page, `{"jsonrpc":"2.0","id":%[1]s,"result":{"content":[{"type":"text","text":"a` + "\xff\xfe" + `b"}]}}`, "a\uFFFD"},
		"half a surrogate":        {page, `{"jsonrpc":"2.0","id":%[1]s,"result":{"content":[{"type":"text","text":"a\ud800b\u0000c"}]}}`, "a\uFFFDb"},
		"no content":              {page, `{"jsonrpc":"2.0","id":%[1]s,"result":{}}`, "(no output)"},
		"null content":            {page, `{"jsonrpc":"2.0","id":%[1]s,"result":{"content":null,"isError":true}}`, "(no output)"},
		"structured only":         {page, `{"jsonrpc":"2.0","id":%[1]s,"result":{"structuredContent":{"a":[1,null]}}}`, `{\"a\":[1,null]}`},
		"structured text":         {page, `{"jsonrpc":"2.0","id":%[1]s,"result":{"content":[],"structuredContent":"plain"}}`, `plain`},
		"another kind of content": {page, `{"jsonrpc":"2.0","id":%[1]s,"result":{"content":[{"type":"hologram","data":"x"}]}}`, strange},
		"a link":                  {page, `{"jsonrpc":"2.0","id":%[1]s,"result":{"content":[{"type":"resource_link","uri":"file:///a","name":"a"}]}}`, "file:///a"},
		"broken base64":           {page, `{"jsonrpc":"2.0","id":%[1]s,"result":{"content":[{"type":"image","data":"%%%%","mimeType":"image/png"}]}}`, strange},
		"no image":                {page, `{"jsonrpc":"2.0","id":%[1]s,"result":{"content":[{"type":"image","data":"","mimeType":"image/png"}]}}`, "0 bytes, not shown"},
		"null":                    {page, `{"jsonrpc":"2.0","id":%[1]s,"result":null}`, "(no output)"},
		"a list":                  {page, `{"jsonrpc":"2.0","id":%[1]s,"result":[]}`, strange},
		"an error":                {page, `{"jsonrpc":"2.0","id":%[1]s,"error":{"code":-32042,"message":"go to https://login.test"}}`, "answered with an error: go to https://login.test"},
		"an error without words":  {page, `{"jsonrpc":"2.0","id":%[1]s,"error":{}}`, strange},
		"result and error":        {page, `{"jsonrpc":"2.0","id":%[1]s,"result":{},"error":{"code":1,"message":"no"}}`, "answered with an error: no"},
		"a batch":                 {page, `[{"jsonrpc":"2.0","id":%[1]s,"result":{"content":[]}}]`, strange},
		"no JSON":                 {page, `<html>`, strange},
		"nothing":                 {page, ``, strange},
		"a web page":              {"text/html", `<html>`, strange},
		"no type":                 {"", ``, strange},
		"an empty stream":         {events, ``, strange},
		"a stream of notes":       {events, ": hi\n\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":1}}\n\ndata: {\"jsonrpc\":\"2.0\",\"id\":%[1]s,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"done\"}]}}\n\n", "done"},
		"a stream with a request": {events, "data: {\"jsonrpc\":\"2.0\",\"id\":\"s1\",\"method\":\"sampling/createMessage\",\"params\":{\"messages\":[],\"maxTokens\":1}}\n\ndata: {\"jsonrpc\":\"2.0\",\"id\":%[1]s,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"done\"}]}}\n\n", "done"},
		"a broken event":          {events, "data: {\"json\n\n", strange},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRemote(t, "streamable")
			r.intercept(func(w http.ResponseWriter, req *http.Request) {
				body, restore := peek(req)
				restore()
				if !strings.Contains(string(body), `"odd"`) {
					return
				}
				var m struct{ ID json.RawMessage }
				if err := json.Unmarshal(body, &m); err != nil {
					panic(err)
				}
				w.Header()["Content-Type"] = []string{tt.kind}
				w.WriteHeader(http.StatusOK)
				fmt.Fprint(w, strings.ReplaceAll(tt.body, "%[1]s", string(m.ID)))
			})
			p := newPool(t)
			tools(t, p, r.one())
			res, err := p.Call(t.Context(), "sesn_1", r.one()[0], "odd", nil)
			got := fmt.Sprintf("%s %v", res.Content, err)
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %s", got)
			}
			if text, isError := call(t, p, r.one()[0], "echo", `{}`); isError {
				t.Errorf("afterwards: %s", text)
			}
		})
	}
}
