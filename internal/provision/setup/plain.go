package setup

import (
	"regexp"
	"strings"
	"unicode"
)

// escapes are the sequences by which programs move and colour on a terminal.
var escapes = regexp.MustCompile("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?|[ -/]*[0-~])")

// plain makes text of what a program printed: valid UTF-8 without control
// characters but line ends, and of a line that was drawn over its last state.
func plain(s string) string {
	s = escapes.ReplaceAllString(strings.ToValidUTF8(s, "\uFFFD"), "")
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		line = strings.TrimRight(line, "\r \t")
		line = line[strings.LastIndexByte(line, '\r')+1:]
		lines[i] = strings.Map(func(r rune) rune {
			if r == '\t' {
				return ' '
			}
			if unicode.IsControl(r) || unicode.In(r, unicode.Cf) {
				return -1
			}
			return r
		}, line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// Last is the last lines of a text that aren't empty: at most n of them, and at
// most size bytes.
func Last(s string, n, size int) string {
	out := ""
	lines := strings.Split(s, "\n")
	for i := len(lines) - 1; i >= 0 && n > 0; i-- {
		line := strings.TrimSpace(lines[i])
		switch {
		case line == "":
			continue
		case out == "" && len(line) > size:
			return strings.ToValidUTF8(line[:size], "")
		case out == "":
			out = line
		case len(line)+1+len(out) > size:
			return out
		default:
			out = line + "\n" + out
		}
		n--
	}
	return out
}
