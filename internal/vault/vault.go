// Package vault holds the rules of vaults and their credentials: what may be
// stored, what can change, which credential a session finds (Managed Agents
// API: vaults). It decides on values only.
//
// Secrets pass through it as wire.Secret and leave it sealed; what a caller is
// shown never has one. Errors are faults that name the JSON path and never
// repeat a secret. The package may import wire, fault and the parser of the
// gate's host patterns only.
package vault

import (
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// MaxName is the longest display name, in Unicode code points.
const MaxName = 255

// New is the vault that the body of a create makes, without id and times.
func New(p wire.VaultParams) (wire.Vault, error) {
	if !p.DisplayName.Set {
		return wire.Vault{}, fault.At("display_name", "field required")
	}
	name, err := text("display_name", p.DisplayName, MaxName)
	if err != nil {
		return wire.Vault{}, err
	}
	metadata, err := wire.NewMetadata(p.Metadata.Value)
	if err != nil {
		return wire.Vault{}, err
	}
	return wire.Vault{Type: "vault", DisplayName: name, Metadata: metadata}, nil
}

// Update is the vault that an update of cur leads to, without its new
// updated_at. null is as good as absent. An archived vault is refused.
func Update(cur wire.Vault, p wire.VaultParams) (wire.Vault, error) {
	if err := CheckActive(cur); err != nil {
		return cur, err
	}
	if p.DisplayName.Set && !p.DisplayName.Null {
		name, err := text("display_name", p.DisplayName, MaxName)
		if err != nil {
			return cur, err
		}
		cur.DisplayName = name
	}
	metadata, err := p.Metadata.Value.Apply(cur.Metadata, false)
	cur.Metadata = metadata
	return cur, err
}

// CheckActive refuses a change to an archived vault or to what is in it.
func CheckActive(v wire.Vault) error {
	if v.ArchivedAt != nil {
		return fault.New(fault.Invalid, "Vault `%s` is archived and can't be changed.", v.ID)
	}
	return nil
}

// text is the value of a field that is there: 1 to limit characters.
func text(path string, o wire.Opt[string], limit int) (string, error) {
	if o.Null {
		return "", fault.At(path, "expected a string")
	}
	return o.Value, checkLength(path, o.Value, limit)
}

// required is text for a field that must be there.
func required(path string, o wire.Opt[string], limit int) (string, error) {
	if !o.Set {
		return "", fault.At(path, "field required")
	}
	return text(path, o, limit)
}

// optional is text for a field that may be absent or null: nil then.
func optional(path string, o wire.Opt[string], limit int) (*string, error) {
	if !o.Set || o.Null {
		return nil, nil
	}
	return &o.Value, checkLength(path, o.Value, limit)
}

func checkLength(path, s string, limit int) error {
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return fault.At(path, "must not be empty")
	case n > limit:
		return fault.At(path, "at most %d characters, got %d", limit, n)
	}
	return nil
}

// immutable refuses a field that can't be in an update, whatever its value.
func immutable(path string, set bool) error {
	if set {
		return fault.At(path, "can't be changed; archive the credential and create another")
	}
	return nil
}
