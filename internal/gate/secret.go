package gate

import (
	"encoding/base64"
	"fmt"
	"log/slog"
)

// Secret is a value that authenticates somebody. Whatever prints, logs or
// encodes it, alone or as a part of something else, shows a fixed word in its
// place.
type Secret struct {
	// A function, because package fmt prints the unexported fields of a
	// struct without asking it.
	reveal func() string
}

var (
	_ fmt.Formatter  = Secret{}
	_ slog.LogValuer = Secret{}
)

// NewSecret makes a Secret of a value.
func NewSecret(value string) Secret { return Secret{func() string { return value }} }

// Reveal is the value itself; "" of the zero Secret.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

const redacted = "[secret]"

// Format implements fmt.Formatter.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, for JSON and others.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// GitAuthorization is the Authorization field by which a token of a git host
// is shown to it: Basic, with the user name that GitHub and others expect.
func GitAuthorization(token Secret) Secret {
	return NewSecret("Basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:"+token.Reveal())))
}
