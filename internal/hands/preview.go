package hands

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Results over LargeResult characters are kept in a file below OutputFiles
// inside the sandbox, and the model sees a [Preview] (Managed Agents API:
// tools, large outputs).
const (
	LargeResult = 100_000
	OutputFiles = "/tmp/tool-outputs"

	previewHead = 2_000
	previewTail = 500
)

// OutputFile is the path inside the sandbox that keeps the whole result of a
// call.
func OutputFile(callID string) string { return OutputFiles + "/" + callID + ".txt" }

// Preview shortens a result that is too large for the model. If text has more
// than [LargeResult] characters it returns its first 2,000 and last 500
// characters around a line that names path, where the caller keeps the whole
// text, and true; otherwise text and false. A byte that isn't UTF-8 counts as
// a character.
func Preview(text, path string) (string, bool) {
	return shorten(text, func(count int) string { return fmt.Sprintf("The whole output (%d characters) is in %s", count, path) })
}

// Cut is [Preview] for a text that no file keeps.
func Cut(text string) (string, bool) {
	return shorten(text, func(count int) string {
		return fmt.Sprintf("The whole output had %d characters and is not kept", count)
	})
}

func shorten(text string, whole func(count int) string) (string, bool) {
	if len(text) <= LargeResult {
		return text, false
	}
	count := utf8.RuneCountInString(text)
	if count <= LargeResult {
		return text, false
	}
	head := text[:runeOffset(text, previewHead)]
	tail := text[runeOffset(text, count-previewTail):]
	var b strings.Builder
	b.WriteString(head)
	fmt.Fprintf(&b, "\n\n[%d characters omitted. %s]\n\n", count-previewHead-previewTail, whole(count))
	b.WriteString(tail)
	return b.String(), true
}

// runeOffset is the byte offset of the n-th character of s.
func runeOffset(s string, n int) int {
	offset := 0
	for ; n > 0 && offset < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[offset:])
		offset += size
	}
	return offset
}
