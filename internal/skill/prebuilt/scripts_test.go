package prebuilt

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The scripts make files that they can read again, where their libraries are
// installed for the machine's python3.
func TestScriptsReadWhatTheyMake(t *testing.T) {
	const text = "# Title\n\nSome **bold** words.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
	for _, c := range []struct {
		id, module, in, content string
		make, read              []string
		want                    string
	}{
		{"xlsx", "openpyxl", "in.csv", "name,amount,day,code\nA,1.50,2026-11-24,007\n", []string{"out", "Sales=in.csv"}, []string{"out", "--sheet", "Sales"},
			"name,amount,day,code\nA,1.5,2026-11-24,007\n"},
		{"docx", "docx", "in.md", text, []string{"out", "in.md"}, []string{"out"},
			"# Title\n\nSome bold words.\n\n- one\n\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"},
		{"pptx", "pptx", "in.md", "# Deck\nby me\n## One\n- a\n  - b\n> say it\n", []string{"out", "in.md"}, []string{"out"},
			"## 1. Deck\n- by me\n\n## 2. One\n- a\n  - b\n> say it\n\n"},
		{"pdf", "reportlab, pypdf", "in.md", "# Title\n\nSome words.\n", []string{"out", "in.md", "--title", "T"}, []string{"out"},
			"# T: 1 pages\n\n## Page 1\n\nTitle\nSome words.\n"},
	} {
		t.Run(c.id, func(t *testing.T) {
			dir := t.TempDir()
			probe := exec.CommandContext(t.Context(), "python3", "-c", "import "+c.module)
			probe.Dir = dir // directories named like a library pass for it
			if err := probe.Run(); err != nil {
				t.Skipf("python3 has no %s here", c.module)
			}
			s, _ := Find(c.id)
			if err := os.CopyFS(filepath.Join(dir, "skill"), s.Files); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, c.in), []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			run := func(verb string, args []string) string {
				t.Helper()
				for i, a := range args {
					if a == "out" {
						args[i] = "out." + c.id
					}
				}
				cmd := exec.CommandContext(t.Context(), "python3", append([]string{"-B", "skill/scripts/" + verb + "_" + c.id + ".py"}, args...)...)
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%s: %v\n%s", verb, err, out)
				}
				return string(out)
			}
			run("make", c.make)
			if got := run("read", c.read); got != c.want {
				t.Errorf("got %q", got)
			}
			if c.id == "pdf" {
				run("pages", []string{"twice.pdf", "out.pdf:1", "out.pdf", "--rotate", "90"})
			}
		})
	}
}
