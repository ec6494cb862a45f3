package handstest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

// testAdopt holds a sandbox that was started for nobody to being what one is
// that was started for its session.
func testAdopt(t *testing.T, s *suite) {
	d, ok := s.driver.(hands.Adopter)
	if !ok {
		t.Skip("the driver's sandboxes can't be adopted")
	}
	if err := hands.Transparent(d); err != nil {
		t.Skip("without a network interface there is a socket that can't be added: ", err)
	}
	w := newWorld(t)
	pool, dir := t.TempDir(), t.TempDir()
	writeFile(t, dir+"/provision.json", "{}") // of others
	b := w.again(t, s, policy.Unrestricted(), pool, func(spec hands.Spec) (hands.Sandbox, error) {
		env := spec.Env
		spec.Env, spec.Shelf = nil, d.Shelves()
		sandbox, err := d.Start(t.Context(), spec)
		if err != nil {
			return nil, err
		}
		spec.Dir, spec.Env, spec.GateSocket = dir, env, ""
		spec.Env["WORDS"] = "it's \"two\nlines\""
		spec.Links = []hands.Link{{Path: "/data", Target: hands.Uploads + "/data"}}
		if err := d.Move(sandbox, dir); err != nil {
			return nil, err
		}
		return sandbox, d.Adopt(t.Context(), sandbox, spec)
	})
	b.dir = dir
	writeFile(t, dir+"/uploads/data", "given\n")
	b.check([]toolCase{
		{"bash", args{"command": `echo "$WORDS"; pwd; cat /data; echo made > made; env | grep -c -e ^KEY= -e ^SSL_CERT_FILE=; touch /mnt/session/outputs/out`},
			"it's \"two\nlines\"\n/workspace\ngiven\n2\n\n", false},
		{"bash", args{"restart": true, "command": `echo "$WORDS"`}, "it's \"two\nlines\"\n\n", false},
		{"read", args{"file_path": "made"}, "made\n", false},
	})
	if hostHas("curl") {
		b.check([]toolCase{{"bash", args{"command": `curl -sS -H "X-Key: $KEY" https://key.example.com/key`}, "true\n\n", false}})
	}
	for _, path := range []string{"workspace/made", "outputs/out"} {
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(pool); err != nil || len(left) > 0 {
		t.Errorf("left where it was started: %v, %v", left, err)
	}
	if _, ok := d.(hands.Suspender); ok {
		path := s.suspend(t, b)
		b = w.again(t, s, policy.Unrestricted(), dir, func(spec hands.Spec) (hands.Sandbox, error) {
			spec.Shelf = d.Shelves()
			return s.suspender(t).Resume(t.Context(), spec, path)
		})
		b.check([]toolCase{{"bash", args{"command": `echo "$WORDS"; cat made /data`}, "it's \"two\nlines\"\nmade\ngiven\n\n", false}})
	}
	if err := b.Close(noContext); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir + "/run"); !os.IsNotExist(err) {
		t.Errorf("run/ after the end: %v", err)
	}
}

// testAdoptRefuses holds Adopt to leaving the files of others alone.
func testAdoptRefuses(t *testing.T, s *suite) {
	d, ok := s.driver.(hands.Adopter)
	if !ok {
		t.Skip("the driver's sandboxes can't be adopted")
	}
	shown := t.TempDir()
	for name, edit := range map[string]func(*hands.Spec){
		"a workspace that is there": func(spec *hands.Spec) { writeFile(t, spec.Dir+"/workspace/mine", "x") },
		"a layer":                   func(spec *hands.Spec) { spec.Layers = []hands.Layer{{Tree: shown, Path: "/opt/x"}} },
		"a mount":                   func(spec *hands.Spec) { spec.Mounts = []hands.Mount{{Path: "/mnt/x", Source: shown}} },
		"a relative directory":      func(spec *hands.Spec) { spec.Dir = "somewhere" },
	} {
		b := s.start(t)
		spec := hands.Spec{ID: newID(), Dir: t.TempDir()}
		edit(&spec)
		err := d.Move(b.Sandbox, spec.Dir)
		if err == nil {
			err = d.Adopt(t.Context(), b.Sandbox, spec)
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if left, err := os.ReadDir(spec.Dir); name == "a workspace that is there" && (err != nil || len(left) != 1) {
			t.Errorf("%s: moved %v, %v", name, left, err)
		}
		if err := b.Close(noContext); err != nil {
			t.Error(err)
		}
	}
}
