package demo

import (
	_ "embed"
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode"
)

//go:embed report.py.txt
var pythonText string

//go:embed report.sh.txt
var shellText string

// pythonProgram is the program that the demo writes, about a task.
func pythonProgram(task string) string {
	return strings.NewReplacer("@TASK@", pythonString(oneLine(task, 2000)), "@OUT@", outputs).Replace(pythonText)
}

// shellProgram is the same for a bare shell with awk.
func shellProgram(task string) string {
	return strings.NewReplacer("@TASK@", quote(oneLine(task, 2000)), "@OUT@", outputs).Replace(shellText)
}

func runPython() string {
	return "if command -v python3 >/dev/null 2>&1; then python3 " + program + "; else echo 'python3 is missing'; (exit 127); fi"
}

// heredoc writes a file with the shell.
func heredoc(file, content string) string {
	end := "OSTLER_DEMO_END"
	return fmt.Sprintf("mkdir -p \"$(dirname %s)\" && cat > %s <<'%s'\n%s%s", file, file, end, content, end)
}

// quote quotes a text for the shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// pythonString is a text as an ASCII string literal of Python.
func pythonString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r > '~':
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// letter is a letter with how often it occurs.
type letter struct {
	r rune
	n int
}

// countLetters is what the programs do, for agents that can't run any.
func countLetters(s string) []letter {
	m := map[rune]int{}
	for _, r := range strings.ToLower(s) {
		if unicode.IsLetter(r) {
			m[r]++
		}
	}
	var out []letter
	for r, n := range m {
		out = append(out, letter{r, n})
	}
	slices.SortFunc(out, func(a, b letter) int {
		if a.n != b.n {
			return b.n - a.n
		}
		return int(a.r - b.r)
	})
	return out
}

// page is the report as the programs make it.
func page(task string, ls []letter) string {
	var b strings.Builder
	b.WriteString("<!doctype html>\n<meta charset=\"utf-8\">\n<title>Ostler demo report</title>\n<h1>Ostler demo report</h1>\n")
	fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(oneLine(task, 2000)))
	for _, l := range ls {
		fmt.Fprintf(&b, "<div>%c <span style=\"display:inline-block;background:#d97706;height:1em;width:%dpx\"></span> %d</div>\n", l.r, l.n*12, l.n)
	}
	b.WriteString("<p>Made by Ostler's built-in demo model.</p>\n")
	return b.String()
}
