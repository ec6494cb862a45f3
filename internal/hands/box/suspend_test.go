package box

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/durable"
	"github.com/ostlerdev/ostler/internal/hands"
)

// stampOf is the stamp of a plan over a system in root.
func stampOf(t *testing.T, p Plan) string {
	t.Helper()
	s, err := p.stamp()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStamp(t *testing.T) {
	root, layer := t.TempDir(), t.TempDir()
	for _, dir := range []string{"/usr/lib/x86_64-linux-gnu", "/var/lib/dpkg"} {
		if err := os.MkdirAll(root+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	plan := func() Plan {
		return Plan{
			Driver: "d", ID: "sbx_1", Programs: "/p/1", Rootfs: root, Run: "/s/run", Store: "/s/store",
			Volumes: []Volume{{Source: "/s/workspace", Path: "/workspace"}, {Source: "/s/uploads", Path: "/u", ReadOnly: true},
				{Source: "/s/outputs", Path: "/o"}, {Source: layer, Path: "/opt/l", ReadOnly: true}},
			Layers: []string{layer}, TrustedCA: []byte("ca"), Memory: 1,
		}
	}
	want := stampOf(t, plan())
	for name, change := range map[string]func(*Plan){
		"nothing": func(*Plan) {},
		"its place": func(p *Plan) {
			p.ID, p.Run, p.Store, p.Gate, p.Checkpoint = "sbx_2", "/x/run", "/x/store", "/g", "/c"
			p.Volumes[0].Source, p.Volumes[1].Source = "/x/workspace", "/x/uploads"
		},
	} {
		p := plan()
		change(&p)
		if stampOf(t, p) != want {
			t.Errorf("%s changes the stamp", name)
		}
	}
	for name, change := range map[string]func(*Plan){
		"the programs":    func(p *Plan) { p.Programs = "/p/2" },
		"the CA":          func(p *Plan) { p.TrustedCA = []byte("other") },
		"a limit":         func(p *Plan) { p.Memory = 2 },
		"a volume":        func(p *Plan) { p.Volumes = p.Volumes[:3] },
		"a layer's place": func(p *Plan) { p.Layers = []string{t.TempDir()} },
		"a layer's files": func(*Plan) { touched(t, layer) },
		"a library":       func(*Plan) { touched(t, root+"/usr/lib/x86_64-linux-gnu") },
		"a package":       func(*Plan) { touched(t, root+"/var/lib/dpkg") },
		"a shelf":         func(p *Plan) { p.Shelf = true },
	} {
		p := plan()
		want := stampOf(t, p)
		change(&p)
		if stampOf(t, p) == want {
			t.Errorf("%s changes nothing", name)
		}
	}
}

func touched(t *testing.T, dir string) {
	t.Helper()
	if err := os.Chtimes(dir, time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
}

func TestVerify(t *testing.T) {
	dir := t.TempDir()
	if err := verify(dir, "s"); !errors.Is(err, hands.ErrNoCheckpoint) {
		t.Errorf("without a stamp: %v", err)
	}
	if err := durable.Create(filepath.Join(dir, stampFile), "s"); err != nil {
		t.Fatal(err)
	}
	if err := verify(dir, "s"); err != nil {
		t.Error(err)
	}
	if err := verify(dir, "other"); !errors.Is(err, hands.ErrNoCheckpoint) {
		t.Errorf("of another stamp: %v", err)
	}
}

// launcher answers a control like the launcher does, in a process that isn't
// another one.
func launcher(t *testing.T, c *control, save func([]*os.File) error) {
	t.Helper()
	fd, err := unix.Dup(int(c.file().Fd())) // as the launcher gets it
	if err != nil {
		t.Fatal(err)
	}
	c.attach()
	socket := os.NewFile(uintptr(fd), "socket")
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer socket.Close()
		AnswerControl(socket, save)
	}()
	t.Cleanup(func() { c.close(); <-done })
}

func newTestControl(t *testing.T) *control {
	t.Helper()
	c, err := newControl()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestControl(t *testing.T) {
	var files []*os.File
	for _, name := range []string{"a", "b"} {
		f, err := os.Create(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
	}
	c := newTestControl(t)
	launcher(t, c, func(got []*os.File) error {
		var errs []error
		for _, f := range got {
			_, err := f.WriteString("image")
			errs = append(errs, err, f.Close())
		}
		return errors.Join(errs...)
	})
	if err := c.save(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if text, err := os.ReadFile(f.Name()); err != nil || string(text) != "image" {
			t.Errorf("%s: %q, %v", f.Name(), text, err)
		}
	}
}

func TestControlFailures(t *testing.T) {
	long := strings.Repeat("no", maxSaid)
	for name, c := range map[string]struct {
		save func(cancel func()) error
		want string
	}{
		"refused":   {func(func()) error { return errors.New("no room") }, "no room"},
		"long":      {func(func()) error { return errors.New(long) }, long[:maxSaid]},
		"cancelled": {func(cancel func()) error { cancel(); return nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			control := newTestControl(t)
			saved := make(chan struct{})
			launcher(t, control, func(files []*os.File) error {
				err := errors.Join(c.save(cancel), files[0].Close())
				if name == "cancelled" {
					<-saved
				}
				return err
			})
			err := control.save(ctx, []*os.File{os.Stderr})
			close(saved)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%.100v", err)
			}
			if name == "cancelled" && !errors.Is(err, context.Canceled) {
				t.Errorf("not because it was cancelled: %v", err)
			}
		})
	}
	gone := newTestControl(t)
	gone.attach()
	defer gone.close()
	if err := gone.save(t.Context(), []*os.File{os.Stderr}); err == nil {
		t.Error("saved by nobody")
	}
}
