package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/provision/provisiontest"
	"github.com/ostlerdev/ostler/internal/server"
)

// managers are the package managers that are timed: the program they need, and
// their entry in an environment's packages.
var managers = []struct{ name, needs, packages string }{
	{"apt", "dpkg-deb", `"apt":["ostler-try=1.0"]`},
	{"npm", "npm", `"npm":["ostler-try@1.0.0"]`},
	{"pip", "pip3", `"pip":["ostler_try==1.0"]`},
}

// packages is the first turn with a bash call in an environment with packages
// of apt, npm and pip: where they must be installed, and where that has been
// done. The registries are one of this process, so that the network doesn't
// count.
func packages(ctx context.Context) error {
	return asTest(func(t testing.TB) (err error) {
		var names, wanted, programs []string
		for _, m := range managers {
			if _, err := exec.LookPath(m.needs); err == nil {
				names, wanted, programs = append(names, m.name), append(wanted, m.packages), append(programs, m.name+"-try")
			}
		}
		registry := provisiontest.NewRegistry(t)
		r, err := newRigWith(ctx, func(c *server.Config) { c.GateHosts, c.Registries = registry.Names(), registry.URLs() }, 0,
			modeltest.ToolUse("bash", map[string]any{"command": strings.Join(programs, " && ")}), modeltest.Text("Done."))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.close()) }()
		var first, second []time.Duration
		for i := range 5 {
			r.env, err = r.create(ctx, "/v1/environments", fmt.Sprintf(`{"name":"packages %d","config":{"type":"cloud","packages":{%s}}}`, i, strings.Join(wanted, ",")))
			if err != nil {
				return err
			}
			for j := range 5 {
				d, err := r.firstTurn(ctx)
				if err != nil {
					return err
				}
				if j == 0 {
					first = append(first, d)
				} else {
					second = append(second, d)
				}
			}
		}
		what := strings.Join(names, ", ")
		spread("first turn, "+what+" to install", first)
		spread("first turn, they are installed", second)
		return nil
	})
}

// asTest runs f once with what tests get, so that it can use what they share.
func asTest(f func(testing.TB) error) (err error) {
	ran := false
	testing.Benchmark(func(b *testing.B) {
		if ran {
			return
		}
		ran, err = true, errors.New("it failed as a test does") // unless it returns
		err = f(b)
	})
	return err
}

// firstTurn is a turn in a new session, whose calls succeed.
func (r *rig) firstTurn(ctx context.Context) (time.Duration, error) {
	id, err := r.session(ctx)
	if err != nil {
		return 0, err
	}
	s, err := r.stream(ctx, id)
	if err != nil {
		return 0, err
	}
	defer s.body.Close()
	d, err := r.turn(ctx, id, s)
	if err != nil {
		return 0, err
	}
	log, err := r.call(ctx, "GET", "/v1/sessions/"+id+"/events?types[]=agent.tool_result&types[]=session.error", "")
	if err != nil {
		return 0, err
	}
	if bytes.Contains(log, []byte(`"is_error":true`)) || bytes.Contains(log, []byte(`"session.error"`)) {
		return 0, fmt.Errorf("a call failed: %s", log)
	}
	_, err = r.call(ctx, "POST", "/v1/sessions/"+id+"/archive", "")
	return d, err
}
