package demo_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/model/demo"
)

const task = `Draw "me" a report; it's about <b>Übung</b> & $HOME \ end.`

func denied(map[string]any) (string, bool) { return "The user denied this tool call.", true }

func TestTurns(t *testing.T) {
	hasPython := exec.Command("python3", "-c", "pass").Run() == nil
	noPython := func(l *loop) {
		bash := l.tools["bash"]
		l.tools["bash"] = func(in map[string]any) (string, bool) {
			if strings.Contains(in["command"].(string), "python3") {
				return "python3 is missing\nexit code: 127", true
			}
			return bash(in)
		}
	}
	for _, c := range []struct {
		name   string
		tools  []string
		change func(*loop)
		python bool
		want   []string // calls
		says   []string
		file   bool // the report is there
	}{
		{name: "everything", tools: []string{"bash", "read", "write", "glob"}, python: true, file: true,
			want: []string{"write", "bash", "glob", "read"}, says: []string{"4 tool calls, all of them well", "letter,count", "/mnt/session/outputs/report.html"}},
		{name: "shell only", tools: []string{"bash"}, python: true, file: true,
			want: []string{"bash", "bash"}, says: []string{"letter,count"}},
		{name: "no python", tools: []string{"bash", "read", "write", "glob"}, change: noPython, file: true,
			want: []string{"write", "bash", "bash", "glob", "read"}, says: []string{"4 tool calls well, 1 tool call not", "letter,count"}},
		{name: "no shell", tools: []string{"read", "write"}, file: true,
			want: []string{"write", "read"}, says: []string{"2 tool calls, all of them well", "report.html"}},
		{name: "write denied", tools: []string{"bash", "write"}, change: func(l *loop) { l.tools["write"] = denied }, file: true,
			want: []string{"write", "bash", "bash"}, says: []string{"2 tool calls well, 1 tool call not"}},
		{name: "all denied", tools: []string{"bash", "write", "read"}, change: func(l *loop) { l.tools["write"], l.tools["bash"] = denied, denied },
			want: []string{"write", "bash"}, says: []string{"every tool call failed", "denied this tool call"}},
		{name: "no tools", says: []string{"No tool", "ANTHROPIC_API_KEY"}},
		{name: "other tools only", tools: []string{"web_search", "mcp__x__y"}, says: []string{"No tool"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.python && !hasPython {
				t.Skip("no python3 here")
			}
			l := newLoop(t, c.tools...)
			if c.change != nil {
				c.change(l)
			}
			said := l.say(task)
			if diff := cmp.Diff(c.want, l.trace); diff != "" {
				t.Errorf("calls:\n%s\n%s", diff, said)
			}
			for _, s := range append(c.says, "built-in demo model") {
				if !strings.Contains(said, s) {
					t.Errorf("the answer lacks %q:\n%s", s, said)
				}
			}
			page, err := os.ReadFile(filepath.Join(l.root, "/mnt/session/outputs/report.html"))
			if (err == nil) != c.file {
				t.Fatalf("report: %v", err)
			}
			if c.file && !strings.Contains(string(page), "&lt;b&gt;") {
				t.Errorf("the report does not escape the task:\n%s", page)
			}
		})
	}
}

func TestFollowUps(t *testing.T) {
	l := newLoop(t, "bash", "write", "read", "glob")
	if said := l.say("hello"); len(l.trace) != 0 || !strings.Contains(said, "demo model") {
		t.Errorf("calls %v after a greeting, said %s", l.trace, said)
	}
	l.say("and now this isn't \"easy\"; $(rm -rf /) `x`")
	l.say("once more, please, a note")
	l.say("thanks!")
	if diff := cmp.Diff([]string{"bash", "bash"}, l.trace); diff != "" {
		t.Error(diff)
	}
	got, err := os.ReadFile(filepath.Join(l.root, "/mnt/session/outputs/notes.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := "- message 2: and now this isn't \"easy\"; $(rm -rf /) `x`\n- message 3: once more, please, a note\n"
	if string(got) != want {
		t.Errorf("notes are %q", got)
	}
}

func TestCustomTool(t *testing.T) {
	l := newLoop(t, "delete_everything", "get_time", "get_weather")
	l.req.Tools[2].Description = "The weather report of a city"
	l.req.Tools[2].InputSchema = json.RawMessage(`{"type":"object","required":["city","days","unit"],"properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":3},"unit":{"enum":["kelvin","celsius"]}}}`)
	var got map[string]any
	l.tools["get_weather"] = func(in map[string]any) (string, bool) { got = in; return "sunny", false }
	said := l.say("What is the weather like?")
	if diff := cmp.Diff([]string{"get_weather"}, l.trace); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff(map[string]any{"city": "Lisbon", "days": 3.0, "unit": "kelvin"}, got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(said, "`get_weather` answered: sunny") {
		t.Error(said)
	}
}

// The answer comes word by word, with pauses, and stops with its context.
func TestStreaming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := demo.New(demo.Options{Delay: 10 * time.Millisecond})
		req := model.Request{Messages: []model.Message{{Role: "user", Content: []json.RawMessage{json.RawMessage(`{"type":"text","text":"hi"}`)}}}}
		begin, n := time.Now(), 0
		if _, err := m.Stream(context.Background(), req, func(d model.Delta) {
			if !d.Start {
				n++
			}
		}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); n < 20 || took != time.Duration(n)*10*time.Millisecond {
			t.Errorf("%d pieces in %s", n, took)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 55*time.Millisecond)
		defer cancel()
		if _, err := m.Stream(ctx, req, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}
