package skill

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/fault"
)

func TestCleanPath(t *testing.T) {
	for name, want := range map[string]string{
		"a/SKILL.md": "a/SKILL.md", "./a//b/./c": "a/b/c", `a\scripts\run.ps1`: "a/scripts/run.ps1", "a/..b/c..": "a/..b/c..",
		"Grüße/ß.md": "Grüße/ß.md", "a/ b": "a/ b", "a/": "a",
	} {
		if got, err := CleanPath(name); err != nil || got != want {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
	for name, want := range map[string]string{
		"": "is empty", ".": "is empty", "./": "is empty", "/etc/passwd": "must be relative", `\\host\share`: "must be relative",
		`C:\x`: "must be relative", "c:x": "must be relative", "../x": "must not contain `..`", "a/../../x": "must not contain `..`",
		`a\..\x`: "must not contain `..`", "a/\x00": "must be UTF-8 without control", "a\nb": "must be UTF-8 without control",
		"a/\xff": "must be UTF-8 without control", strings.Repeat("a/", 600): "is too long", strings.Repeat("x", 256): "has a part that is too long",
	} {
		got, err := CleanPath(name)
		if err == nil || fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) || len(err.Error()) > 900 {
			t.Errorf("%.40q: %q, %v", name, got, err)
		}
	}
}

func TestArrange(t *testing.T) {
	many := make([]string, MaxMembers)
	for i := range many {
		many[i] = fmt.Sprintf("a/%d", i)
	}
	deep := []string{"a/SKILL.md"}
	for i := range 30 {
		deep = append(deep, fmt.Sprintf("a/%d/%s", i, strings.Repeat("d/", 400)))
	}
	for _, c := range []struct {
		paths string
		want  string // directory: paths, or the refusal
	}{
		{"a/SKILL.md a/b/c", "a: SKILL.md b/c"},
		{"a/b/c a/SKILL.md", "a: b/c SKILL.md"},
		{"x/y SKILL.md z", ": x/y SKILL.md z"},
		{"a/SKILL.md a/sub/SKILL.md", "a: SKILL.md sub/SKILL.md"},
		{"SKILL.md", ": SKILL.md"},
		{"a/SKILL.md README.md", `the file "README.md" is not in the top-level directory`},
		{"a/SKILL.md b/x", "all files must be in one top-level directory, not in `a` and `b`"},
		{"a/b/SKILL.md", "there is no SKILL.md directly"},
		{"a/skill.md", "there is no SKILL.md directly"},
		{"", "field required"},
		{"a/SKILL.md a/SKILL.md", `the path "a/SKILL.md" is there more than once`},
		{"a/SKILL.md a/x/y a/x", `the path "a/x" is a file and a directory`},
		{"a a/SKILL.md", `the path "a" is a file and a directory`},
		{strings.Join(many, " "), "at most 10000 files and directories"},
		{strings.Join(deep, " "), "at most 10000 files and directories"},
	} {
		tree, err := Arrange(strings.Fields(c.paths))
		got := tree.Directory + ": " + strings.Join(tree.Paths, " ")
		if err != nil {
			got = strings.TrimPrefix(err.Error(), "files: ")
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%.60s: %s", c.paths, got)
		}
	}
}

func TestModeAndIgnored(t *testing.T) {
	for _, c := range []struct {
		was  fs.FileMode
		head string
		want fs.FileMode
	}{
		{0, "", 0o644}, {0o600, "#", 0o644}, {0o444, "x#!", 0o644}, {0, "#!/bin/sh", 0o755}, {0o755, "", 0o755}, {0o010, "\x7fELF", 0o755},
		{fs.ModeSetuid | 0o4755, "", 0o755}, {0o666, "", 0o644},
	} {
		if got := Mode(c.was, []byte(c.head)); got != c.want {
			t.Errorf("%v %q: %v", c.was, c.head, got)
		}
	}
	for path, want := range map[string]bool{"__MACOSX/a/._SKILL.md": true, "a/.DS_Store": true, ".DS_Store": true, "a/__MACOSX/x": false, "a/.env": false} {
		if Ignored(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}
