package guest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	anthropic "github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/tools/agenttoolset"
)

// maxCommandTime caps timeout_ms (Managed Agents API: tools).
const maxCommandTime = 600_000 * time.Millisecond

// shell is the bash tool: the SDK's persistent session, with the texts of the
// SDK's own tool, which hides the session and so can't be used here: we must
// know the shell's pid to reap around it, and what a command started to kill
// it.
//
// call is made by one goroutine at a time; stop may be called at any moment.
type shell struct {
	workdir string
	env     map[string]string
	reaper  *reaper

	startMu sync.Mutex // held while a session starts
	sess    *agenttoolset.BashSession
	frugal  bool // the session can't make files grow

	// stopping is held while all processes are killed; a call waits for that.
	stopping sync.Mutex
	killAll  func() error
	killNew  func(processes) error

	mu     sync.Mutex // guards what follows
	cancel context.CancelCauseFunc
	note   string // why the shell was stopped while no command ran
}

// stopped is the cause of a command stopped by [shell.stop].
type stopped struct{ reason string }

func (s stopped) Error() string { return s.reason }

func newShell(workdir string, env map[string]string, r *reaper) *shell {
	return &shell{workdir: workdir, env: env, reaper: r, killAll: killAll, killNew: processes.killNew}
}

// warm starts the shell in the background, so that it is there for the first
// call. A failure shows again in the call.
func (s *shell) warm() {
	go func() {
		s.startMu.Lock()
		defer s.startMu.Unlock()
		_ = s.start(false)
	}()
}

// start makes a session if there is none. The caller holds startMu.
func (s *shell) start(frugal bool) error {
	if s.sess != nil {
		return nil
	}
	hello := "printf %s $$"
	if frugal {
		hello = "ulimit -f 0; " + hello
	}
	return s.reaper.adopt(func() (int, error) {
		sess, err := agenttoolset.NewBashSession(s.workdir, s.env)
		if err != nil {
			return 0, err
		}
		out, _, err := sess.Exec(context.Background(), hello, 30*time.Second)
		if err != nil {
			_ = sess.Close()
			return 0, err
		}
		pid, err := strconv.Atoi(strings.TrimSpace(out))
		if err != nil {
			_ = sess.Close()
			return 0, fmt.Errorf("the shell's pid: %w", err)
		}
		s.sess, s.frugal = sess, frugal
		return pid, nil
	})
}

// restart ends the session and everything in its process group.
func (s *shell) restart() {
	s.startMu.Lock()
	defer s.startMu.Unlock()
	s.end()
}

// end is restart for one who holds startMu.
func (s *shell) end() {
	if s.sess == nil {
		return
	}
	// What Close reports is that the shell was killed, or was dead already.
	_ = s.sess.Close()
	s.sess = nil
	s.reaper.release()
}

func (s *shell) session(frugal bool) (*agenttoolset.BashSession, error) {
	s.startMu.Lock()
	defer s.startMu.Unlock()
	if s.frugal != frugal {
		s.end()
	}
	if err := s.start(frugal); err != nil {
		return nil, err
	}
	return s.sess, nil
}

// stop kills every process but the guest. The running command gets reason as
// its result; if there is none, the next call does.
func (s *shell) stop(reason string) error {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	s.mu.Lock()
	if s.cancel != nil {
		s.cancel(stopped{reason})
	} else {
		s.note = reason
	}
	s.mu.Unlock()
	return s.killAll()
}

// stopDone waits until nothing is being stopped.
func (s *shell) stopDone() {
	s.stopping.Lock()
	defer s.stopping.Unlock()
}

// begin makes cancel the way to stop the call, or returns the note that a stop
// left.
func (s *shell) begin(cancel context.CancelCauseFunc) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel = cancel
	note := s.note
	s.note = ""
	return note
}

func (s *shell) finish() {
	s.mu.Lock()
	s.cancel = nil
	s.mu.Unlock()
}

// call runs the tool. The texts are those of the SDK's executor.
func (s *shell) call(ctx context.Context, input json.RawMessage, frugal bool) (string, bool) {
	var in anthropic.BetaManagedAgentsAgentToolset20260401BashInput
	if err := json.Unmarshal(input, &in); err != nil {
		return fmt.Sprintf("invalid bash input: %v", err), true
	}
	if in.Restart {
		s.restart()
		if in.Command == "" {
			return "bash session restarted", false
		}
	}
	if in.Command == "" {
		return "bash: command is required", true
	}
	if strings.Contains(in.Command, "\x00") {
		return "bash: the command contains a NUL character", true
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	note := s.begin(cancel)
	defer s.finish()
	s.stopDone()
	if note != "" {
		s.restart()
		return "bash: " + note, true
	}
	sess, err := s.session(frugal)
	if err != nil {
		return fmt.Sprintf("bash: %v", err), true
	}
	return s.exec(ctx, sess, in.Command, timeout(in.TimeoutMs))
}

func (s *shell) exec(ctx context.Context, sess *agenttoolset.BashSession, command string, limit time.Duration) (string, bool) {
	before, err := snapshot()
	if err != nil {
		return fmt.Sprintf("bash: %v", err), true
	}
	out, code, err := sess.Exec(ctx, typed(command), limit)
	if err != nil {
		// The shell is in an unknown state: end it and all the command started.
		s.stopDone()
		s.restart()
		if err := s.killNew(before); err != nil {
			return fmt.Sprintf("bash: %v", err), true
		}
		var why stopped
		switch {
		case errors.As(context.Cause(ctx), &why):
			return "bash: " + why.reason, true
		case errors.Is(err, agenttoolset.ErrTimedOut):
			return out + "\nsession restarted after timeout", true
		default:
			return fmt.Sprintf("bash: %v", err), true
		}
	}
	if code != 0 {
		return fmt.Sprintf("%s\nexit code: %d", out, code), true
	}
	return out, false
}

// timeout turns timeout_ms into a limit; zero and less mean the SDK's default.
func timeout(ms int64) time.Duration {
	if ms <= 0 {
		return 0
	}
	if ms >= maxCommandTime.Milliseconds() {
		return maxCommandTime
	}
	return time.Duration(ms) * time.Millisecond
}
