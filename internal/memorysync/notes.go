package memorysync

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// noteOf tells the agent what became of a file.
func noteOf(path, what, reason string) string {
	if !utf8.ValidString(path) || strings.ContainsFunc(path, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		path = strconv.QuoteToASCII(path)
	}
	return fmt.Sprintf("%.1200s %s: %s.", path, what, strings.TrimSuffix(reason, "."))
}
