package memory

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ostlerdev/ostler/internal/wire"
)

func at(paths ...string) (out []wire.Memory) {
	slices.Sort(paths)
	for _, p := range paths {
		out = append(out, wire.Memory{Path: p})
	}
	return out
}

func rolled(memories []wire.Memory, prefix, after string) string {
	var out []string
	for _, item := range Roll(memories, prefix, after) {
		out = append(out, item.ItemPath())
	}
	return strings.Join(out, " ")
}

func TestRoll(t *testing.T) {
	all := at("/a.md", "/a/b", "/a/c/d", "/a0", "/b/x", "/c")
	for after, want := range map[string]string{
		"":      "/a.md /a/ /a0 /b/ /c",
		"/a.md": "/a/ /a0 /b/ /c",
		"/a/":   "/a0 /b/ /c",
		"/b/":   "/c",
		"/c":    "",
	} {
		if got := rolled(all, "", after); got != want {
			t.Errorf("after %q: %s, want %s", after, got, want)
		}
	}
	if got := rolled(at("/a/b", "/a/c/d", "/a/c/e"), "/a/", ""); got != "/a/b /a/c/" {
		t.Error(got)
	}
}

// A list that is read in pages shows each item once, whatever the page size.
func TestRollInPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		paths := rapid.SliceOfDistinct(rapid.StringMatching(`(/[a.0]{1,2}){1,3}`), func(s string) string { return s }).Draw(t, "paths")
		all := at(paths...)
		want := rolled(all, "/", "")
		size := rapid.IntRange(1, 4).Draw(t, "page")
		var got []string
		for after := ""; ; {
			rest := slices.DeleteFunc(slices.Clone(all), func(m wire.Memory) bool { return m.Path <= after }) // as the store reads them
			items := Roll(rest, "/", after)
			if len(items) == 0 {
				break
			}
			for _, item := range items[:min(size, len(items))] {
				after = item.ItemPath()
				got = append(got, after)
			}
		}
		if strings.Join(got, " ") != want || !slices.IsSorted(got) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}
