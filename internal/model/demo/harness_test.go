package demo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/model/demo"
)

// loop drives the demo model as a turn does, with tools that work in a
// directory of the test.
type loop struct {
	t     *testing.T
	req   model.Request
	root  string
	trace []string // tool calls as "name input"
	tools map[string]func(input map[string]any) (string, bool)
	ids   int
}

func newLoop(t *testing.T, tools ...string) *loop {
	l := &loop{t: t, root: t.TempDir(), req: model.Request{Model: "demo"}}
	l.tools = map[string]func(map[string]any) (string, bool){"bash": l.bash, "write": l.write, "read": l.read, "glob": l.glob}
	for _, name := range tools {
		l.req.Tools = append(l.req.Tools, model.Tool{Name: name, Description: name, InputSchema: json.RawMessage(`{"type":"object"}`)})
	}
	return l
}

// path moves a path of the sandbox into the test's directory.
func (l *loop) path(p any) string {
	s, _ := p.(string)
	return filepath.Join(l.root, s)
}

func (l *loop) bash(in map[string]any) (string, bool) {
	cmd, _ := in["command"].(string)
	cmd = strings.NewReplacer("/mnt/session", l.root+"/mnt/session", "/tmp/ostler-demo", l.root+"/tmp/ostler-demo").Replace(cmd)
	c := exec.Command("bash", "--noprofile", "--norc", "-c", cmd)
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%s\nexit code: %d", out, c.ProcessState.ExitCode()), true
	}
	return strings.ReplaceAll(string(out), l.root, ""), false
}

func (l *loop) write(in map[string]any) (string, bool) {
	p := l.path(in["file_path"])
	content, _ := in["content"].(string)
	content = strings.NewReplacer("/mnt/session", l.root+"/mnt/session").Replace(content)
	if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
		return err.Error(), true
	}
	if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
		return err.Error(), true
	}
	return fmt.Sprintf("wrote %d bytes to %v", len(content), in["file_path"]), false
}

func (l *loop) read(in map[string]any) (string, bool) {
	raw, err := os.ReadFile(l.path(in["file_path"]))
	if err != nil {
		return fmt.Sprintf("read %v: no such file or directory", in["file_path"]), true
	}
	lines := strings.SplitAfter(string(raw), "\n")
	return strings.Join(lines[:min(len(lines), 6)], ""), false
}

func (l *loop) glob(in map[string]any) (string, bool) {
	found, err := filepath.Glob(filepath.Join(l.path(in["path"]), in["pattern"].(string)))
	if err != nil || len(found) == 0 {
		return "no matches", false
	}
	return strings.ReplaceAll(strings.Join(found, "\n"), l.root, ""), false
}

// say sends a message and runs the turn to its end; it returns the last text.
func (l *loop) say(task string) string {
	l.t.Helper()
	l.req.Messages = append(l.req.Messages, model.Message{Role: "user", Content: []json.RawMessage{encode(l.t, map[string]any{"type": "text", "text": task})}})
	m := demo.New(demo.Options{NewID: func() string { l.ids++; return fmt.Sprintf("toolu_%d", l.ids) }})
	for range 12 {
		var streamed strings.Builder
		res, err := m.Stream(context.Background(), l.req, func(d model.Delta) { streamed.WriteString(d.Text) })
		if err != nil {
			l.t.Fatal(err)
		}
		if res.Usage.Input == 0 || res.Usage.Output == 0 {
			l.t.Errorf("usage %+v", res.Usage)
		}
		l.req.Messages = append(l.req.Messages, model.Message{Role: "assistant", Content: res.Content})
		var text string
		var results []json.RawMessage
		for _, raw := range res.Content {
			var b struct {
				Type, Text, ID, Name string
				Input                map[string]any
			}
			if err := json.Unmarshal(raw, &b); err != nil {
				l.t.Fatal(err)
			}
			if b.Type == "text" {
				text = b.Text
				continue
			}
			l.trace = append(l.trace, b.Name)
			out, failed := l.tools[b.Name](b.Input)
			results = append(results, encode(l.t, map[string]any{
				"type": "tool_result", "tool_use_id": b.ID, "is_error": failed,
				"content": []any{map[string]any{"type": "text", "text": out}},
			}))
		}
		if text != streamed.String() {
			l.t.Errorf("streamed %q, answered %q", streamed.String(), text)
		}
		if (len(results) > 0) != (res.StopReason == "tool_use") {
			l.t.Errorf("stop reason %q with %d calls", res.StopReason, len(results))
		}
		if len(results) == 0 {
			return text
		}
		l.req.Messages = append(l.req.Messages, model.Message{Role: "user", Content: results})
	}
	l.t.Fatalf("the turn does not end: %v", l.trace)
	return ""
}

func encode(t *testing.T, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
