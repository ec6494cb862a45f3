package modeltest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

// post sends a body with headers on top of the usual ones; a header "-" is
// left out.
func post(t *testing.T, d *modeltest.Server, body string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL+"/v1/messages", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", "k")
	req.Header.Set("anthropic-version", "2023-06-01")
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		if req.Header.Set(headers[i], headers[i+1]); headers[i+1] == "-" {
			req.Header.Del(headers[i])
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if res.Header.Get("request-id") == "" {
		t.Error("no request-id")
	}
	return res.StatusCode, string(raw)
}

// message is the error message of an envelope.
func message(t *testing.T, body string) string {
	t.Helper()
	var e struct {
		Type      string
		RequestID string `json:"request_id"`
		Error     struct{ Type, Message string }
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil || e.Type != "error" || e.RequestID == "" || e.Error.Type == "" {
		t.Errorf("no error envelope: %v %s", err, body)
	}
	return e.Error.Message
}

// request is a body with more members; a member given twice is the later one.
func request(members string) string {
	base := map[string]json.RawMessage{
		"model": json.RawMessage(`"claude-opus-5-5"`), "max_tokens": json.RawMessage(`100`),
		"messages": json.RawMessage(`[{"role":"user","content":"hi"}]`),
	}
	var more map[string]json.RawMessage
	if err := json.Unmarshal([]byte("{"+members+"}"), &more); err != nil {
		panic(err)
	}
	for k, v := range more {
		if base[k] = v; string(v) == `"-"` {
			delete(base, k)
		}
	}
	raw, err := json.Marshal(base)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// messages is a body with these messages, tools declared.
func messages(list string) string {
	return request(`"messages":[` + list + `],"tools":[{"name":"f","input_schema":{"type":"object"}}]`)
}

// frames are the data of a stream, by event.
func frames(t *testing.T, body string) (names []string, data []map[string]any) {
	t.Helper()
	sc := bufio.NewScanner(strings.NewReader(body))
	for sc.Scan() {
		if name, ok := strings.CutPrefix(sc.Text(), "event: "); ok {
			names = append(names, name)
		}
		if raw, ok := bytes.CutPrefix(sc.Bytes(), []byte("data: ")); ok {
			var m map[string]any
			if err := json.Unmarshal(raw, &m); err != nil {
				t.Fatalf("%v: %s", err, raw)
			}
			if m["type"] != names[len(names)-1] {
				t.Errorf("event %s has type %v", names[len(names)-1], m["type"])
			}
			data = append(data, m)
		}
	}
	return names, data
}
