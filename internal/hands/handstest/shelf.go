package handstest

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

// shelved starts a sandbox that can be shown mounts later, and moves it to dir.
func (s *suite) shelved(t *testing.T, d hands.Adopter, dir string) box {
	t.Helper()
	b := s.start(t, func(spec *hands.Spec) { spec.Shelf = true })
	if err := d.Move(b.Sandbox, dir); err != nil {
		t.Fatal("Move:", err)
	}
	b.dir = dir
	return b
}

// testShelf holds what a running sandbox is shown to what one is shown that
// starts with it.
func testShelf(t *testing.T, s *suite) {
	d, ok := s.driver.(hands.Adopter)
	if !ok || !d.Shelves() {
		t.Skip("the driver's sandboxes have no shelf")
	}
	dir, skills, top := t.TempDir(), t.TempDir(), t.TempDir()
	b := s.shelved(t, d, dir)
	notes, rules := hands.Shelf(dir, false)+"/notes", hands.Shelf(dir, true)+"/rules"
	writeFile(t, notes+"/note", "remember\n")
	writeFile(t, rules+"/rule", "obey\n")
	writeFile(t, skills+"/one/SKILL.md", "skill\n")
	writeFile(t, skills+"/one/deep/data", "deep\n")
	spec := hands.Spec{ID: newID(), Dir: dir, Shelf: true, Mounts: []hands.Mount{
		{Path: "/workspace/.claude/skills", Source: skills, ReadOnly: true},
		{Path: "/mnt/memory", Source: top, ReadOnly: true},
		{Path: "/mnt/memory/notes", Source: notes},
		{Path: "/mnt/memory/rules", Source: rules, ReadOnly: true},
	}}
	if err := d.Adopt(t.Context(), b.Sandbox, spec); err != nil {
		t.Fatal("Adopt:", err)
	}
	shown := []toolCase{
		{"bash", args{"command": "cat .claude/skills/one/SKILL.md .claude/skills/one/deep/data; ls -1 /mnt/memory; cat /mnt/memory/*/*"},
			"skill\ndeep\nnotes\nrules\nremember\nobey\n\n", false},
		{"bash", args{"command": "find /mnt/memory -type f | sort; grep -rl deep .claude"},
			"/mnt/memory/notes/note\n/mnt/memory/rules/rule\n.claude/skills/one/deep/data\n\n", false},
		{"read", args{"file_path": "/mnt/memory/notes/note"}, "remember\n", false},
		{"bash", args{"command": "for f in .claude/skills/one/SKILL.md .claude/skills/x /mnt/memory/x /mnt/memory/rules/rule; do (echo > $f) 2>&1; done | grep -c 'Read-only file system'; echo more > /mnt/memory/notes/more; rm /mnt/memory/notes/more"},
			"4\n\n", false},
		// 21 is CAP_SYS_ADMIN.
		{"bash", args{"command": `grep -H ^Cap /proc/self/status /proc/1/status /proc/1/task/*/status > /tmp/caps
			while read -r of set; do (( 0x$set >> 21 & 1 )) && echo "may mount: $of"; done < /tmp/caps; grep -qv 0000000000000000 /tmp/caps && echo looked`}, "looked\n\n", false},
		{"bash", args{"command": "umount /mnt/memory/rules 2> /dev/null || mount --bind /tmp /mnt/memory/rules 2> /dev/null || rmdir /mnt/memory/notes 2> /dev/null || echo refused"}, "refused\n\n", false},
	}
	covered := toolCase{"bash", args{"command": "find /run/ostler -mindepth 1 | grep shelf; (echo > /run/ostler/shelf/x) 2>&1 | grep -c Read-only; umount /run/ostler/shelf 2> /dev/null || echo stays"}, "/run/ostler/shelf\n1\nstays\n\n", false}
	b.check(append(shown, covered))
	// The server's changes are seen, also those of files that were replaced.
	writeFile(t, rules+"/new", "later\n")
	if err := os.Rename(rules+"/new", rules+"/rule"); err != nil {
		t.Fatal(err)
	}
	b.check([]toolCase{{"bash", args{"command": "cat /mnt/memory/rules/rule; echo agents > /mnt/memory/notes/mine"}, "later\n\n", false}})
	if got, err := os.ReadFile(notes + "/mine"); err != nil || string(got) != "agents\n" {
		t.Errorf("on the host: %q, %v", got, err)
	}
	writeFile(t, rules+"/rule", "obey\n")
	if err := os.Remove(notes + "/mine"); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.(hands.Suspender); ok {
		b.bash("exec 7>> /mnt/memory/notes/note 8< .claude/skills/one/SKILL.md 9< /mnt/memory/rules/rule")
		path := s.suspend(t, b)
		other := spec
		other.ID, other.Mounts = newID(), spec.Mounts[:3]
		if _, err := s.suspender(t).Resume(t.Context(), other, path); !errors.Is(err, hands.ErrNoCheckpoint) {
			t.Errorf("with other mounts: %v", err)
		}
		b = s.resume(t, path, dir, func(to *hands.Spec) { to.Shelf, to.Mounts = true, spec.Mounts })
		b.check(append(shown, covered, toolCase{"bash", args{"command": "cat <&8 <&9; echo on >&7; cat /mnt/memory/notes/note"}, "…", false}))
		if got, err := os.ReadFile(notes + "/note"); err != nil || string(got) != "remember\non\n" {
			t.Errorf("after the resume: %q, %v", got, err)
		}
		writeFile(t, notes+"/note", "remember\n")
	}
	if err := b.Close(noContext); err != nil {
		t.Fatal(err)
	}
	// One that starts over the same directory is shown the same.
	spec.ID, spec.Shelf = newID(), false
	cold := s.start(t, func(to *hands.Spec) { to.Dir, to.Mounts = spec.Dir, spec.Mounts })
	cold.check(shown)
}

// testShelfRefuses holds what can't be shown to being refused.
func testShelfRefuses(t *testing.T, s *suite) {
	d, ok := s.driver.(hands.Adopter)
	if !ok {
		t.Skip("the driver's sandboxes can't be adopted")
	}
	elsewhere := t.TempDir()
	if err := os.Symlink("/etc", elsewhere+"/link"); err != nil {
		t.Fatal(err)
	}
	for name, spec := range map[string]hands.Spec{
		"a shelf that isn't there": {Shelf: !d.Shelves()},
		"mounts at the start":      {Shelf: true, Mounts: []hands.Mount{{Path: "/mnt/x", Source: elsewhere, ReadOnly: true}}},
	} {
		spec.ID, spec.Dir = newID(), t.TempDir()
		if spec.Shelf == false {
			continue
		}
		if _, err := d.Start(t.Context(), spec); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if !d.Shelves() {
		return
	}
	for name, mount := range map[string]hands.Mount{
		"writable from elsewhere": {Path: "/mnt/x", Source: elsewhere},
		"a link":                  {Path: "/mnt/x", Source: elsewhere, ReadOnly: true},
		"not there":               {Path: "/mnt/x", Source: elsewhere + "/none", ReadOnly: true},
		"over /etc":               {Path: "/etc/x", Source: elsewhere, ReadOnly: true},
	} {
		dir := t.TempDir()
		b := s.shelved(t, d, dir)
		if err := d.Adopt(t.Context(), b.Sandbox, hands.Spec{ID: newID(), Dir: dir, Mounts: []hands.Mount{mount}}); err == nil {
			t.Errorf("%s: no error", name)
		}
		if err := b.Close(noContext); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(elsewhere + "/link"); errors.Is(err, fs.ErrNotExist) {
		t.Error("the source was changed")
	}
}
