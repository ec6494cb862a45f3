package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ostlerdev/ostler/internal/hands"
)

// Step is a script to be run with bash.
type Step struct {
	Script string
	Args   []string // $1, $2, …
	// Limit is how long it may take; it is killed then.
	Limit time.Duration
}

// Result is how a step ended.
type Result struct {
	Code     int
	TimedOut bool
	// Output is the end of what the step printed on both of its outputs: plain
	// text of at most [MaxOutput] bytes.
	Output string
}

// MaxOutput bounds Result.Output, in bytes.
const MaxOutput = 4 << 10

// Stopped says that the sandbox stopped a step, because it used too much of
// something.
type Stopped struct{ Why string }

func (e *Stopped) Error() string { return e.Why }

// patience is how long one tool call waits for a step, which is less than a
// tool call may take.
const patience = 5 * time.Minute

// The codes of timeout(1).
const (
	codeTimeout = 124
	codeKilled  = 128 + 9
)

// Run runs a step to its end. An error is the sandbox's, not the step's; it
// wraps *Stopped if that has put an end to the step, after which the sandbox is
// of no further use.
func (m *Room) Run(ctx context.Context, step Step) (Result, error) {
	m.steps++
	n := strconv.Itoa(m.steps)
	if err := m.write(n, step); err != nil {
		return Result{}, err
	}
	began := time.Now()
	text, err := m.bash(ctx, start(n, step.Limit)+await(n))
	for err == nil && strings.HasPrefix(text, "running") {
		text, err = m.bash(ctx, await(n))
	}
	if err != nil {
		return Result{}, err
	}
	head, output, _ := strings.Cut(text, "\n")
	code, err := strconv.Atoi(strings.TrimPrefix(head, "ended "))
	if err != nil {
		return Result{}, fmt.Errorf("a setup sandbox answered %.200q", text)
	}
	late := (code == codeTimeout || code == codeKilled) && time.Since(began) >= step.Limit
	return Result{Code: code, TimedOut: late, Output: plain(output)}, nil
}

// write puts the script and its arguments where the sandbox sees them.
func (m *Room) write(n string, step Step) error {
	var args strings.Builder
	for _, a := range step.Args {
		if strings.Contains(a, "\x00") {
			return errors.New("an argument has a NUL")
		}
		args.WriteString(a + "\x00")
	}
	dir := filepath.Join(m.inputs(), n)
	return errors.Join(
		os.Mkdir(dir, 0o755),
		os.WriteFile(filepath.Join(dir, "script"), []byte(step.Script), 0o644),
		os.WriteFile(filepath.Join(dir, "args"), []byte(args.String()), 0o644),
	)
}

// start begins step n in the background, which writes its exit code into a
// pipe when it ends. Nothing but numbers of ours goes into the command.
func start(n string, limit time.Duration) string {
	seconds := strconv.FormatFloat(max(limit.Seconds(), 0.001), 'f', 3, 64)
	return `n=` + n + `; d=` + Inputs + `/$n; rm -f /tmp/step.$n; mkfifo /tmp/step.$n; exec 9<>/tmp/step.$n
{ timeout -k 5 ` + seconds + ` bash -c 'mapfile -d "" -t args < "$0/args"; exec bash "$0/script" "${args[@]}"' $d >/tmp/step.$n.log 2>&1 </dev/null 9>&-; echo $? >/tmp/step.$n; } &
`
}

// await waits for a step and prints how it ended, or "running".
func await(n string) string {
	return fmt.Sprintf(`if read -r -t %d -u 9 code; then echo "ended $code"; tail -c %d /tmp/step.%s.log; else echo running; fi 2>&1`,
		int(patience.Seconds()), MaxOutput, n)
}

// bash runs a command in the sandbox's shell.
func (m *Room) bash(ctx context.Context, command string) (string, error) {
	input, err := json.Marshal(map[string]any{"command": command, "timeout_ms": (patience + time.Minute).Milliseconds()})
	if err != nil {
		return "", err
	}
	r, err := m.sandbox.Run(ctx, hands.Call{Tool: "bash", Input: input})
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, raw := range r.Content {
		var b struct{ Text string }
		if err := json.Unmarshal(raw, &b); err != nil {
			return "", err
		}
		text.WriteString(b.Text)
	}
	if r.IsError {
		return "", &Stopped{strings.TrimPrefix(Last(plain(text.String()), 3, 500), "bash: ")}
	}
	// The shell may have a word of its own about the job it began.
	if i := strings.Index(text.String(), "ended "); i > 0 {
		return text.String()[i:], nil
	}
	return strings.TrimLeft(text.String(), "\n"), nil
}
