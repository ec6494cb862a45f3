package rig

import (
	"encoding/json"
	"testing"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

// TestScripts asks the double as a server would and reads its answers.
func TestScripts(t *testing.T) {
	const call = `{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{}}]}`
	const result = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"rain"}]}`
	for name, tt := range map[string]struct{ messages, want string }{
		"no script":        {`{"role":"user","content":"hi"}`, "No script in the prompt."},
		"unknown script":   {`{"role":"user","content":"[script: nonsense]"}`, "No script in the prompt."},
		"first step":       {`{"role":"user","content":"say [script: hello]"}`, "Hello, I am a scripted model."},
		"second step":      {`{"role":"user","content":"[script: weather]"},` + call + `,` + result, "The tool says: rain"},
		"after the script": {`{"role":"user","content":"[script: hello]"},{"role":"assistant","content":"Hello"},{"role":"user","content":"more"}`, "The script hello is over."},
		"the last prompt": {`{"role":"user","content":"[script: weather]"},` + call + `,` + result + `,{"role":"assistant","content":"x"},{"role":"user","content":"[script: hello]"}`,
			"Hello, I am a scripted model."},
		"text beside results": {`{"role":"user","content":"[script: weather]"},` + call + `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"rain"},{"type":"text","text":"a note"}]}`,
			"The tool says: rain"},
	} {
		t.Run(name, func(t *testing.T) {
			var req modeltest.Request
			if err := json.Unmarshal([]byte(`{"messages":[`+tt.messages+`]}`), &req); err != nil {
				t.Fatal(err)
			}
			if got := textOf(t, Script(req)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// textOf sends a reply through a double and reads its text.
func textOf(t *testing.T, r modeltest.Reply) string {
	t.Helper()
	d := modeltest.New(t)
	d.Queue(r)
	return ask(t, d.URL)
}
