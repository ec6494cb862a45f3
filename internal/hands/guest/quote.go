package guest

import (
	"fmt"
	"strings"
)

// settle follows the command: after an open quote bash (5.2 at least) takes the
// next line's first word for an argument unless something else was evaluated in
// between. It keeps the command's exit status and leaves no name behind. It
// doesn't depend on the status with "||", which would switch off "set -e".
const settle = `; eval "__settle() { unset -f __settle; return $?; }; __settle"`

// typed turns a command into what is typed into the shell's terminal for it:
// one line without control characters that evaluates the command.
//
// The SDK types the command as it is. Then a syntax error or an open quote
// takes the line that reports the command's end with it, and the call hangs
// until its timeout; and a control character is a key (^C interrupts). The
// shell's own messages are the same either way.
func typed(command string) string {
	var b strings.Builder
	b.WriteString("eval $'")
	for i := range len(command) {
		switch c := command[i]; {
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\\' || c == '\'':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteString("'")
	b.WriteString(settle)
	return b.String()
}
