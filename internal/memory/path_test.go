package memory

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ostlerdev/ostler/internal/fault"
)

func TestCheckPath(t *testing.T) {
	for _, path := range []string{
		"/a", "/A/b.md", "/.hidden", "/a b/\u00fc", "/...", "/a/" + Marker, "/" + Marker + "x", "/日本",
		"/" + strings.Repeat("x", 1023), strings.Repeat("/x", 20), "/a\\b", "/-rf *",
	} {
		if err := CheckPath(path); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
	for path, want := range map[string]string{
		"":                              "must have 2 to 1024 bytes",
		"/":                             "must have 2 to 1024 bytes",
		"/" + strings.Repeat("x", 1024): "must have 2 to 1024 bytes",
		"a/b":                           "must begin with `/`",
		"/a\xff":                        "must be UTF-8",
		"/a\x00":                        "must not have control characters",
		"/a\n":                          "must not have control characters",
		"/a\u0085":                      "must not have control characters",
		"/a\u200d":                      "must not have control characters, format characters",
		"/a\u202eb":                     "must not have control characters, format characters",
		"/a\u2028":                      "must not have control characters",
		"/a\u2029":                      "must not have control characters",
		"/u\u0308":                      "must be in Unicode Normalization Form C",
		strings.Repeat("/x", 21):        "at most 20 segments, got 21",
		"//a":                           "a segment must not be empty",
		"/a/":                           "a segment must not be empty",
		"/a/./b":                        "a segment must not be empty, `.`",
		"/../b":                         "a segment must not be empty, `.` or `..`",
		"/" + Marker:                    "`/.anthropic-memory-store` is reserved",
		"/" + Marker + "/x":             "`/.anthropic-memory-store` is reserved",
	} {
		refused(t, path, CheckPath(path), fault.Invalid, want)
	}
}

// What passes is a name for a file below a directory and nothing else.
func TestGoodPathsStayInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path := "/" + rapid.StringOf(rapid.SampledFrom([]rune("/./..ab\x00\nü\u0308"))).Draw(t, "path")
		if CheckPath(path) != nil {
			return
		}
		for _, s := range strings.Split(path[1:], "/") {
			if s == "" || s == "." || s == ".." || strings.ContainsAny(s, "\x00\n") {
				t.Fatalf("%q passes", path)
			}
		}
	})
}

func TestCheckPrefix(t *testing.T) {
	for _, prefix := range []string{"", "/", "/a/", "/a/b/"} {
		if err := CheckPrefix(prefix); err != nil {
			t.Errorf("%q: %v", prefix, err)
		}
	}
	for _, prefix := range []string{"/a", "a/", "a"} {
		refused(t, prefix, CheckPrefix(prefix), fault.Invalid, "path_prefix: must begin and end with `/`")
	}
}

func TestConflicts(t *testing.T) {
	if got := Ancestors("/a/b/c"); !slices.Equal(got, []string{"/a", "/a/b"}) {
		t.Errorf("ancestors %q", got)
	}
	if got := Ancestors("/a"); got != nil {
		t.Errorf("ancestors %q", got)
	}
	refused(t, "the same", Conflict("/a", "mem_1", "/a"), fault.PathConflict, "path `/a` is already in use")
	err := Conflict("/a/b", "mem_1", "/a")
	refused(t, "a directory", err, fault.PathConflict, "path `/a/b` and path `/a`, which is in use, can't be a file and a directory at once")
	var f *fault.Error
	if !errors.As(err, &f) || *f.Blocker != (fault.Blocker{ID: "mem_1", Path: "/a"}) {
		t.Errorf("blocker %+v", f)
	}
}
