package house

import (
	"bytes"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rule is a text that may not stand in certain files.
type rule struct {
	what  string
	match *regexp.Regexp
	files func(string) bool
}

const sleeps = "a sleep in a test"

// The expressions are put together from pieces so that they do not match
// themselves.
var rules = []rule{
	{"something unfinished", regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`), isSource},
	{"something unfinished", regexp.MustCompile(`(?i:\bnot (yet )?impl` + `emented\b|\bunimpl` + `emented\b)`), func(f string) bool { return isSource(f) && !IsTest(f) }},
	{"a path of one machine", regexp.MustCompile(`/wo` + `rk/(main|shared|\.)|/sha` + `red/|/tmp/h[0-9]|/tmp/com` + `mon|/ro` + `ot/go/`), anyText},
	{"a page that is not in the project", regexp.MustCompile(`\bspec/` + `[a-z]+\.md`), anyText},
	{sleeps, regexp.MustCompile(`\btime\.Sl` + `eep\(`), IsTest},
}

func isSource(file string) bool {
	switch filepath.Ext(file) {
	case ".go", ".py", ".ts", ".mjs", ".js", ".sh", ".sql":
		return true
	}
	return false
}

func anyText(file string) bool {
	return isSource(file) || strings.HasSuffix(file, ".md") || strings.HasSuffix(file, ".json") ||
		filepath.Base(file) == "Makefile" || strings.HasPrefix(file, ".ci/")
}

func TestTexts(t *testing.T) {
	root := rootOf(t)
	files, err := Files(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !anyText(file) {
			continue
		}
		src, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rules {
			if !r.files(file) || r.what == sleeps && bytes.Contains(src, []byte(`"testing/synctest"`)) {
				continue // in a synctest bubble sleeping is exact and costs nothing
			}
			if at := r.match.FindIndex(src); at != nil {
				line := 1 + bytes.Count(src[:at[0]], []byte("\n"))
				t.Errorf("%s:%d: %s: %s", file, line, r.what, src[at[0]:at[1]])
			}
		}
	}
}

func TestRules(t *testing.T) {
	for _, tt := range []struct {
		text string
		want string
	}{
		{"// TO" + "DO: later", "something unfinished"},
		{`errors.New("not impl` + `emented")`, "something unfinished"},
		{"see /wo" + "rk/main/x", "a path of one machine"},
		{"/sha" + "red/design.md", "a path of one machine"},
		{"sp" + "ec/events.md §6", "a page that is not in the project"},
		{"time.Sl" + "eep(time.Second)", "a sleep in a test"},
		{"GET /v1/environments/{id}/work/poll", ""},
		{"/workspace/main.go", ""},
		{"the method is overridden", ""},
	} {
		got := ""
		for _, r := range rules {
			if r.match.MatchString(tt.text) {
				got = r.what
			}
		}
		if got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestGofmt(t *testing.T) {
	root := rootOf(t)
	for _, file := range goFiles(t, root) {
		src, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		got, err := format.Source(src)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		} else if !bytes.Equal(got, src) {
			t.Errorf("%s is not formatted: run gofmt -s -w", file)
		}
	}
}
