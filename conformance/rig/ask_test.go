package rig

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// ask makes one model request and returns the text of the answer.
func ask(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequest("POST", url+"/v1/messages", strings.NewReader(
		`{"model":"claude-opus-5-5","max_tokens":100,"messages":[{"role":"user","content":"x"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{"x-api-key": "k", "anthropic-version": "2023-06-01", "Content-Type": "application/json"} {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var m struct {
		Content []struct{ Text string }
	}
	if err := json.NewDecoder(res.Body).Decode(&m); err != nil {
		t.Fatal(err)
	}
	out := ""
	for _, b := range m.Content {
		out += b.Text
	}
	return out
}
