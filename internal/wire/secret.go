package wire

import (
	"fmt"
	"log/slog"
)

// Secret is a text that a caller gives and nobody is shown: a token, a key.
// However it is printed, logged or encoded, it comes out as [redacted];
// string(s) is the text itself. Keep Secrets in exported fields: fmt prints
// unexported ones without asking the type.
type Secret string

const redacted = "[redacted]"

// String is not the text.
func (Secret) String() string { return redacted }

// Format is not the text either, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// LogValue is not the text either.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON is not the text either.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
