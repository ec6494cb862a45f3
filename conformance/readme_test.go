package conformance

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// program finds the program in the README. It is marked for this test.
var program = regexp.MustCompile("(?s)<!-- conformance: program -->\n```python\n(.*?)```")

// TestReadme runs the program of the README as it stands there.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile(here(t, "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := program.FindSubmatch(readme)
	if found == nil {
		t.Fatal("README.md has no program marked for this test")
	}
	for _, version := range pythons {
		t.Run(version, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "program.py"), found[1], 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := python(t, version, dir, "program.py")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, want := range []string{"[write]", "[bash]", "The first prime is 2", "downloaded primes.txt"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("%q is not in its output:\n%s", want, out)
				}
			}
			if primes, err := os.ReadFile(filepath.Join(dir, "primes.txt")); err != nil || !strings.HasPrefix(string(primes), "2\n") {
				t.Errorf("primes.txt: %q, %v", primes, err)
			}
			passed("the README's program with python anthropic "+version, 1)
			holdToContract(t)
		})
	}
}
