package guest

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	anthropic "github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/tools/agenttoolset"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// The guest has its own bash tool because the SDK's hides its session. It must
// say what the SDK's says.
func TestShellSaysWhatTheSDKSays(t *testing.T) {
	env := map[string]string{"PATH": os.Getenv("PATH"), "A": "1"}
	dir := t.TempDir()
	theirs := agenttoolset.BetaBashTool(&agenttoolset.AgentToolContext{Workdir: dir, Env: env})
	t.Cleanup(func() { agenttoolset.CloseAll([]anthropic.BetaTool{theirs}) })
	run := adapt(theirs)
	ours := newTestShell(t, dir, env)
	for _, input := range []string{
		`{"command":"echo out; echo err >&2"}`, `{"command":"echo $A; A=2; cd /"}`, `{"command":"echo $A; pwd"}`,
		`{"command":"false"}`, `{"command":"(exit 7)"}`, `{"command":"nosuchprogram"}`, `{"command":"printf x"}`,
		`{"command":"cat"}`, `{"command":"cat <<E\n\ttab $A 'q' \"q\" \\ \u00e9\nE"}`, `{"command":"echo a # comment"}`, `{"command":"f() {\n  echo $1\n}\nf 'it'\\''s'"}`, `{"command":"alias hi='echo hi'"}`, `{"command":"hi; for i in 1 2\ndo echo $i; done; (exit 5)"}`,
		`{"command":"echo again"}`,
		`{"command":"sleep 100","timeout_ms":30}`, `{"command":"echo $A; pwd"}`, `{"command":"exit 3"}`, `{"command":"pwd"}`,
		`{"restart":true}`, `{"restart":true,"command":"echo $A"}`, `{}`, `{"command":""}`, `{"timeout_ms":5}`, `[]`, `{`, `"x"`,
		`{"command":"set -e; false; echo not reached"}`, `{"command":"echo $-"}`, `{"command":"seq 30000"}`, `{"command":"printf '\\033[1mb\\r\\n'"}`,
	} {
		blocks, wantErr := run(t.Context(), json.RawMessage(input))
		want := ""
		for _, b := range blocks {
			want += b.Text
		}
		got, isErr := ours.call(t.Context(), json.RawMessage(input), false)
		if got != want || isErr != wantErr {
			t.Errorf("%s\n got %.200q, error %v\nwant %.200q, error %v", input, got, isErr, want, wantErr)
		}
	}
}

func newTestShell(t *testing.T, dir string, env map[string]string) *shell {
	t.Helper()
	// A test isn't PID 1: other children must be left to whoever waits for them.
	s := newShell(dir, env, &reaper{off: true})
	// Nor may it kill what isn't its own.
	s.killNew = func(processes) error { return nil }
	s.killAll = func() error { return nil }
	t.Cleanup(s.restart)
	return s
}

// Where the SDK's tool hangs until the timeout, ours says what is wrong.
func TestShellSyntaxError(t *testing.T) {
	s := newTestShell(t, t.TempDir(), map[string]string{"PATH": os.Getenv("PATH"), "LANG": "C.UTF-8"})
	for command, want := range map[string]string{
		")":                   "bash: syntax error near unexpected token `)'\n\n\nexit code: 2",
		"echo 'open":          "bash: unexpected EOF while looking for matching `''\n\n\nexit code: 2",
		"if true":             "bash: syntax error: unexpected end of file\n\n\nexit code: 2",
		"echo }; }":           "bash: syntax error near unexpected token `}'\n\n\nexit code: 2",
		"echo '\x03\x15\x7f'": "\x03\x15\x7f\n\n",
		"a\x00b":              "bash: the command contains a NUL character",
	} {
		input, err := json.Marshal(map[string]string{"command": command})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := s.call(t.Context(), input, false); got != want {
			t.Errorf("%q\n got %q\nwant %q", command, got, want)
		}
		if got, _ := s.call(t.Context(), json.RawMessage(`{"command":"declare -F; echo on"}`), false); got != "on\n\n" {
			t.Errorf("after %q: %q", command, got)
		}
	}
}

// Whatever a command consists of, the shell reads it as it is.
func TestTypedIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ReplaceAll(rapid.String().Draw(t, "text"), "\x00", "")
		line := typed(text)
		if strings.ContainsFunc(line, unicode.IsControl) && !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 && unicode.IsControl(r) }) {
			t.Fatalf("%q has control characters", line)
		}
		out, err := exec.Command("bash", "--norc", "-c", "printf %s "+strings.TrimSuffix(strings.TrimPrefix(line, "eval "), settle)).Output()
		if err != nil || string(out) != text {
			t.Fatalf("%q is read as %q, %v", text, out, err)
		}
	})
}

func TestShellStop(t *testing.T) {
	dir := t.TempDir()
	s := newTestShell(t, dir, map[string]string{"PATH": os.Getenv("PATH")})
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ended := make(chan string, 1)
	go func() {
		out, _ := s.call(context.Background(), json.RawMessage(`{"command":"echo > fifo; sleep 1000"}`), false)
		ended <- out
	}()
	if _, err := os.ReadFile(fifo); err != nil {
		t.Fatal(err)
	}
	if err := s.stop("too much"); err != nil {
		t.Fatal(err)
	}
	if got := <-ended; got != "bash: too much" {
		t.Errorf("the running command: %q", got)
	}
	if err := s.stop("again"); err != nil {
		t.Fatal(err)
	}
	if got, isErr := s.call(t.Context(), json.RawMessage(`{"command":"echo x"}`), false); got != "bash: again" || !isErr {
		t.Errorf("the next command: %q", got)
	}
	if got, _ := s.call(t.Context(), json.RawMessage(`{"command":"echo x"}`), false); got != "x\n\n" {
		t.Errorf("the one after: %q", got)
	}
}

func TestFrugalShell(t *testing.T) {
	dir := t.TempDir()
	s := newTestShell(t, dir, map[string]string{"PATH": os.Getenv("PATH")})
	for _, c := range []struct {
		frugal bool
		size   int64
	}{{false, 2}, {true, 0}, {true, 0}, {false, 2}} {
		s.call(t.Context(), json.RawMessage(`{"command":"rm -f f; echo x > f"}`), c.frugal)
		info, err := os.Stat(filepath.Join(dir, "f"))
		if err != nil || info.Size() != c.size {
			t.Errorf("frugal %v: %v, %v", c.frugal, info, err)
		}
	}
}

func TestTimeout(t *testing.T) {
	for ms, want := range map[int64]time.Duration{
		-1: 0, 0: 0, 1: time.Millisecond, 600_000: 600 * time.Second, 600_001: 600 * time.Second, 1 << 62: 600 * time.Second,
	} {
		if got := timeout(ms); got != want {
			t.Errorf("timeout(%d) = %s, want %s", ms, got, want)
		}
	}
}
