package house

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The sizes keep one idea to a file: a code base whose median file fits on
// three screens is read, one with a 3,000-line file is searched.
const (
	medianLines = 150
	p90Lines    = 400
	maxLines    = 800
)

func TestFileSizes(t *testing.T) {
	root := rootOf(t)
	var lines []int
	for _, file := range goFiles(t, root) {
		src, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		n := bytes.Count(src, []byte("\n"))
		if n > maxLines {
			t.Errorf("%s has %d lines, at most %d", file, n, maxLines)
		}
		lines = append(lines, n)
	}
	slices.Sort(lines)
	if m := lines[len(lines)/2]; m > medianLines {
		t.Errorf("the median file has %d lines, at most %d", m, medianLines)
	}
	if p := lines[len(lines)*9/10]; p > p90Lines {
		t.Errorf("nine of ten files have up to %d lines, at most %d", p, p90Lines)
	}
}

func rootOf(t *testing.T) string {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func goFiles(t *testing.T, root string) []string {
	t.Helper()
	files, err := Files(root)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(f string) bool { return !IsGo(f) })
}
