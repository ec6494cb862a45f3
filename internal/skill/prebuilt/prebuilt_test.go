package prebuilt

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/skill"
)

// A version of a skill never changes: who changes a skill gives it the day's
// date as its version, and puts the new sum here.
const sum = "20261124 b4bf8cf3a246e830"

func TestContentBelongsToVersion(t *testing.T) {
	h := sha256.New()
	for _, s := range All() {
		err := fs.WalkDir(s.Files, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(s.Files, path)
			fmt.Fprintf(h, "%s/%s %d\n%s", s.Record.ID, path, len(text), text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := Version + " " + hex.EncodeToString(h.Sum(nil))[:16]; got != sum {
		t.Errorf("the content is that of %s, not %s", got, sum)
	}
}

func TestPrebuiltSkills(t *testing.T) {
	for _, s := range All() {
		found, ok := Find(s.Record.ID)
		if !ok || found.Version.ID != Version || s.Version.Doc.Name != s.Record.ID || s.Record.Source != skill.Anthropic {
			t.Errorf("%+v", s.Record)
		}
		if !strings.Contains(s.Version.Doc.Description, "server's own") {
			t.Errorf("%s doesn't say whose it is: %s", s.Record.ID, s.Version.Doc.Description)
		}
		text, err := fs.ReadFile(s.Files, skill.ManifestName)
		if err != nil {
			t.Fatal(err)
		}
		scripts, err := fs.Glob(s.Files, "scripts/*")
		if err != nil || len(scripts) < 2 {
			t.Errorf("%s: scripts %v, %v", s.Record.ID, scripts, err)
		}
		for _, script := range scripts {
			if !strings.Contains(string(text), script) {
				t.Errorf("%s: SKILL.md doesn't mention %s", s.Record.ID, script)
			}
			src, err := fs.ReadFile(s.Files, script)
			if err != nil || !strings.HasPrefix(string(src), "#!/usr/bin/env python3\n") {
				t.Errorf("%s is no program: %v", script, err)
			}
			compiles(t, script, src)
		}
	}
	if _, ok := Find("skill_1"); ok {
		t.Error("found what is not there")
	}
}

// compiles holds a program to being Python.
func compiles(t *testing.T, name string, src []byte) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 on this machine")
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", "import sys; compile(sys.stdin.read(), sys.argv[1], 'exec')", name)
	cmd.Stdin = strings.NewReader(string(src))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}
