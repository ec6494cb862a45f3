package box

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// shelved is a sandbox with a shelf in a new directory, of which nothing runs.
func shelved(t *testing.T) (s *Sandbox, dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, v := range ownVolumes(hands.Spec{Dir: dir, Shelf: true}) {
		if err := os.MkdirAll(v.Source, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return &Sandbox{shelf: true, stamp: "s"}, dir
}

func TestShow(t *testing.T) {
	s, dir := shelved(t)
	skills, top := t.TempDir(), t.TempDir()
	notes := hands.Shelf(dir, false) + "/memory/notes"
	for _, path := range []string{notes, skills + "/one/deep"} {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(skills+"/one/deep/f", []byte("text"), 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := s.show(hands.Spec{Dir: dir, Mounts: []hands.Mount{
		{Path: "/workspace/skills", Source: skills, ReadOnly: true},
		{Path: "/mnt/memory", Source: top, ReadOnly: true},
		{Path: "/mnt/memory/notes", Source: notes},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := &frame.Shelf{Path: "/run/ostler/shelf", Binds: []frame.Bind{
		{From: "/run/ostler/shelf/ro/copies/0", To: "/workspace/skills"},
		{From: "/run/ostler/shelf/ro/copies/1", To: "/mnt/memory"},
		{From: "/run/ostler/shelf/rw/memory/notes", To: "/mnt/memory/notes"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	copied, err := os.Stat(copies(dir) + "/0/one/deep/f")
	if err != nil {
		t.Fatal(err)
	}
	if original, err := os.Stat(skills + "/one/deep/f"); err != nil || !os.SameFile(copied, original) {
		t.Errorf("not the same file: %v", err)
	}
	for _, place := range []string{dir + "/workspace/skills", copies(dir) + "/1/notes"} {
		if info, err := os.Stat(place); err != nil || !info.IsDir() {
			t.Errorf("no place for a mount: %v", err)
		}
	}
	if left, err := os.ReadDir(top); err != nil || len(left) > 0 {
		t.Errorf("changed what was shown: %v, %v", left, err)
	}
	if s.stamp == "s" {
		t.Error("a checkpoint doesn't depend on the mounts")
	}
}

func TestShowRefuses(t *testing.T) {
	other := t.TempDir()
	if err := os.Symlink("/etc", filepath.Join(other, "link")); err != nil {
		t.Fatal(err)
	}
	for name, mount := range map[string]func(dir string) hands.Mount{
		"writable, from elsewhere": func(string) hands.Mount { return hands.Mount{Source: t.TempDir()} },
		"a link":                   func(string) hands.Mount { return hands.Mount{Source: other, ReadOnly: true} },
		"read-only, of the writable shelf": func(dir string) hands.Mount {
			return hands.Mount{Source: hands.Shelf(dir, false) + "/x", ReadOnly: true}
		},
		"writable, of the read-only shelf": func(dir string) hands.Mount { return hands.Mount{Source: hands.Shelf(dir, true) + "/x"} },
		"the shelf of another session":     func(dir string) hands.Mount { return hands.Mount{Source: hands.Shelf(dir+"x", false) + "/x"} },
	} {
		s, dir := shelved(t)
		m := mount(dir)
		m.Path = "/mnt/x"
		if got, err := s.show(hands.Spec{Dir: dir, Mounts: []hands.Mount{m}}); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestShownStamp(t *testing.T) {
	spec := func(dir string) hands.Spec {
		return hands.Spec{Dir: dir, Mounts: []hands.Mount{{Path: "/a", Source: dir + "/shelf/rw/a"}, {Path: "/b", Source: "/sets/1", ReadOnly: true}}}
	}
	of := func(stamp string, s hands.Spec) string {
		got, err := shownStamp(stamp, s)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := of("s", spec("/s/1"))
	if of("s", spec("/s/2")) != want {
		t.Error("its place changes the stamp")
	}
	for name, change := range map[string]func(*hands.Spec){
		"a source": func(s *hands.Spec) { s.Mounts[1].Source = "/sets/2" },
		"a path":   func(s *hands.Spec) { s.Mounts[1].Path = "/c" },
		"a mode":   func(s *hands.Spec) { s.Mounts[0].ReadOnly = true },
		"a number": func(s *hands.Spec) { s.Mounts = s.Mounts[:1] },
	} {
		other := spec("/s/1")
		change(&other)
		if of("s", other) == want {
			t.Errorf("%s changes nothing", name)
		}
	}
	if of("t", spec("/s/1")) == want {
		t.Error("what it was started with changes nothing")
	}
}
