package handstest

import (
	"context"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

// noContext is for cleanups, which run when the test's context has ended.
var noContext = context.Background()

// testBash holds bash to the texts of the reference worker (Managed Agents
// API: tools, bash).
func testBash(t *testing.T, s *suite) {
	b := s.start(t)
	b.check([]toolCase{
		{"bash", args{"command": "echo out; echo err >&2"}, "out\nerr\n\n", false},
		{"bash", args{"command": "printf x"}, "x\n", false},
		{"bash", args{"command": "true"}, "(no output)", false},
		{"bash", args{"command": "echo no; exit_code() { return 3; }; exit_code"}, "no\n\n\nexit code: 3", true},
		{"bash", args{"command": "nosuchprogram"}, "bash: nosuchprogram: command not found\n\n\nexit code: 127", true},
		{"bash", args{"command": `printf '\033[31mred\033[0m\r\n'`}, "red\n\n", false},
		{"bash", args{"command": "cat"}, "(no output)", false},
		{"bash", args{"command": "echo 'a"}, "bash: unexpected EOF while looking for matching `''\n\n\nexit code: 2", true},
		{"bash", args{"command": "cat <<'E' | od -An -c\n\ta\x03\nE"}, "  \\t   a 003  \\n\n\n", false},
		{"bash", args{"command": "echo a!!b"}, "a!!b\n\n", false},
		{"bash", args{"command": "echo -n \"$HISTFILE\""}, "(no output)", false},
		{"bash", args{}, "bash: command is required", true},
		{"bash", args{"command": "echo before; while :; do :; done", "timeout_ms": 300}, "before\n\n[timed out]\nsession restarted after timeout", true},
		{"bash", args{"command": "exit 4"}, "bash: bash session terminated", true},
		{"bash", args{"command": "echo again"}, "again\n\n", false},
		{"bash", args{"restart": true}, "bash session restarted", false},
	})
	out, isErr := b.call("bash", args{"command": "seq 40000; echo end"})
	if isErr || !strings.HasPrefix(out, "[output truncated]\n") || !strings.HasSuffix(out, "40000\nend\n\n") {
		t.Errorf("long output: error %v, %.40q … %.40q", isErr, out, out[max(0, len(out)-40):])
	}
	result, err := b.Run(t.Context(), hands.Call{Tool: "bash", Input: []byte("{")})
	if err != nil || !result.IsError || !strings.HasPrefix(text(t, result), "invalid bash input: ") {
		t.Errorf("malformed input: %s, %v", result.Content, err)
	}
	result, err = b.Run(t.Context(), hands.Call{Tool: "smell", Input: []byte("{}")})
	if err != nil || !result.IsError {
		t.Errorf("unknown tool: %s, %v", result.Content, err)
	}
}

// testShell holds bash to being one shell.
func testShell(t *testing.T, s *suite) {
	b := s.start(t)
	b.bash("cd /tmp; export A=1; B=2; f() { echo $A$B$1; }; alias")
	b.check([]toolCase{
		{"bash", args{"command": "pwd; f 3"}, "/tmp\n123\n\n", false},
		{"bash", args{"restart": true, "command": "pwd; echo x$A"}, "/workspace\nx\n\n", false},
		{"bash", args{"command": "C=3"}, "(no output)", false},
		{"bash", args{"command": "sleep 100", "timeout_ms": 50}, "\n[timed out]\nsession restarted after timeout", true},
		{"bash", args{"command": "echo x$C"}, "x\n\n", false},
	})
}

// testBackground holds bash to letting processes run on between calls.
func testBackground(t *testing.T, s *suite) {
	b := s.start(t)
	b.bash("sleep 1000 & echo $! > pid; mkfifo fifo; (read x < fifo; echo $x > got) &")
	b.bash("kill -0 $(cat pid)")
	b.bash("echo news > fifo")
	waitFile(t, b.dir+"/workspace", "got")
	// Orphans are reaped: none stays a zombie.
	b.bash("for i in 1 2 3 4 5; do (sleep 0 &) ; done")
	b.bash("while for s in /proc/[0-9]*/stat; do cut -d' ' -f3 $s 2>/dev/null; done | grep -q Z; do sleep 0.02; done")
}

// testOrder holds the tools to their order: commands one after another, file
// tools beside them.
func testOrder(t *testing.T, s *suite) {
	b := s.start(t)
	first := make(chan string, 1)
	go func() {
		out, _ := b.call("bash", args{"command": "touch running; until [ -e go ]; do sleep 0.01; done; echo first >> order"})
		first <- out
	}()
	waitFile(t, b.dir+"/workspace", "running")
	second := make(chan string, 1)
	go func() {
		out, _ := b.call("bash", args{"command": "echo second >> order; cat order"})
		second <- out
	}()
	b.check([]toolCase{
		{"glob", args{"pattern": "run*"}, "/workspace/running", false},
		{"write", args{"file_path": "beside", "content": "x"}, "wrote 1 bytes to beside", false},
		{"read", args{"file_path": "beside"}, "x", false},
		{"write", args{"file_path": "go", "content": ""}, "wrote 0 bytes to go", false},
	})
	if out := <-first; out != "(no output)" {
		t.Errorf("first: %q", out)
	}
	if out := <-second; out != "first\nsecond\n\n" {
		t.Errorf("second: %q", out)
	}
}

// testCancel holds Run to stopping what it started, and only that.
func testCancel(t *testing.T, s *suite) {
	b := s.start(t)
	b.bash("setsid sleep 1000 & echo $! > old")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := b.Run(ctx, hands.Call{Tool: "bash", Input: []byte(
			`{"command":"setsid bash -c 'sleep 1000 & exec sleep 1000' & sleep 1000 & ps -e -o pid= | wc -l; touch running; sleep 1000"}`)})
		ended <- err
	}()
	waitFile(t, b.dir+"/workspace", "running")
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Errorf("Run of a cancelled call: %v", err)
	}
	if out := b.bash("kill -0 $(cat old) && pgrep -c sleep"); out != "1\n" {
		t.Errorf("%s sleeps run on, want the old one only", strings.TrimSpace(out))
	}
	if _, err := b.Run(ctx, hands.Call{Tool: "bash", Input: []byte(`{"command":"touch never"}`)}); err != context.Canceled {
		t.Errorf("Run with an ended context: %v", err)
	}
	b.check([]toolCase{{"read", args{"file_path": "never"}, "read never: no such file or directory", true}})
}
