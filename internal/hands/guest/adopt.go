package guest

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// adopt makes the sandbox its session's.
func (s *server) adopt(req frame.Request) {
	resp := frame.Response{ID: req.ID}
	var err error
	if req.Shelf != nil {
		err = show(*req.Shelf)
	}
	if err == nil {
		err = applyLinks(req.Links)
	}
	if err == nil {
		err = s.shell.adopt(environment(frame.Init{Env: req.Env}))
	}
	if err != nil {
		resp.Failure = err.Error()
	}
	s.answer(resp)
}

// exportTime bounds what takes the shell about a millisecond.
const exportTime = 10 * time.Second

// adopt makes env the environment of every session from now on. One that has
// started, and was used by nobody, is told what is new in it; if it can't be,
// another takes its place.
func (s *shell) adopt(env map[string]string) error {
	s.startMu.Lock()
	defer s.startMu.Unlock()
	changed := map[string]string{}
	for name, value := range env {
		if before, ok := s.env[name]; !ok || before != value {
			changed[name] = value
		}
	}
	s.env = env
	if s.sess == nil || len(changed) == 0 {
		return nil
	}
	if command, ok := exports(changed); ok {
		if _, code, err := s.sess.Exec(context.Background(), command, exportTime); err == nil && code == 0 {
			return nil
		}
	}
	s.end()
	if err := s.start(false); err != nil {
		return fmt.Errorf("a shell with the session's environment: %w", err)
	}
	return nil
}

var shellName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// exports is the command that sets variables, if a shell can have all of them.
func exports(env map[string]string) (string, bool) {
	var b strings.Builder
	b.WriteString("export")
	for name, value := range env {
		if !shellName.MatchString(name) {
			return "", false
		}
		b.WriteString(" " + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'")
	}
	return typed(b.String()), true
}
