package setup_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/provision/provisiontest"
	"github.com/ostlerdev/ostler/internal/provision/setup"
)

func TestMain(m *testing.M) { provisiontest.Main(m) }

func TestSteps(t *testing.T) {
	r := provisiontest.New(t)
	room, err := r.Runner.Start(t.Context(), setup.Spec{Env: map[string]string{"GIVEN": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := room.Close(); err != nil {
			t.Error(err)
		}
	}()
	run := func(limit time.Duration, script string, args ...string) setup.Result {
		t.Helper()
		res, err := room.Run(t.Context(), setup.Step{Script: script, Args: args, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	hostile := []string{"-rf", "$(touch /workspace/x)", "`id`", "a b", "'\"", "*", "", "ü", "x;y", "\n"}
	got := run(time.Minute, `echo $GIVEN $#; for a; do printf '<%s>' "$a"; done; ls /workspace`, hostile...)
	want := "1 10\n<" + strings.Join(hostile, "><") + ">"
	if got.Code != 0 || got.TimedOut || got.Output != want {
		t.Errorf("got %+v, want %q", got, want)
	}
	if got := run(time.Minute, "echo out; echo err >&2; exit 7"); got.Code != 7 || got.Output != "out\nerr" {
		t.Errorf("got %+v", got)
	}
	if got := run(200*time.Millisecond, "echo begun; sleep 60"); !got.TimedOut || got.Output != "begun" {
		t.Errorf("got %+v", got)
	}
	if got := run(time.Minute, "exit 124"); got.TimedOut || got.Code != 124 {
		t.Errorf("got %+v", got)
	}
	if got := run(time.Minute, "seq 100000"); len(got.Output) > setup.MaxOutput || !strings.HasSuffix(got.Output, "99999\n100000") {
		t.Errorf("long output: %d bytes", len(got.Output))
	}
	if got := run(time.Minute, "if read x; then echo input; fi; echo ended 3; exit 2"); got.Code != 2 || got.Output != "ended 3" {
		t.Errorf("got %+v", got)
	}
}

func TestCancel(t *testing.T) {
	r := provisiontest.New(t)
	room, err := r.Runner.Start(t.Context(), setup.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := room.Run(ctx, setup.Step{Script: "sleep 60", Limit: time.Minute}); err == nil {
		t.Error("no error")
	}
	if err := room.Close(); err != nil {
		t.Error(err)
	}
}
