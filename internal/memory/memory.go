package memory

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// MaxContent is how many bytes a memory may have.
const MaxContent = 102_400

// New checks the body of a create. A content of null is an empty text.
func New(p wire.CreateMemoryParams) (path, content string, err error) {
	switch {
	case !p.Path.Set:
		return "", "", fault.At("path", "field required")
	case p.Path.Null:
		return "", "", fault.At("path", "expected a string")
	case !p.Content.Set:
		return "", "", fault.At("content", "field required; \"\" is an empty memory")
	}
	if err := CheckPath(p.Path.Value); err != nil {
		return "", "", fault.Under("path", err)
	}
	return p.Path.Value, p.Content.Value, fault.Under("content", CheckContent(p.Content.Value))
}

// Change is an update that passed the checks of its form.
type Change struct {
	path, content *string // nil: stays
	expected      string  // content_sha256 of the precondition; "" is none
}

// NewChange checks the body of an update. null is as good as absent.
func NewChange(p wire.UpdateMemoryParams) (c Change, err error) {
	if p.Path.Set && !p.Path.Null {
		if err := CheckPath(p.Path.Value); err != nil {
			return c, fault.Under("path", err)
		}
		c.path = &p.Path.Value
	}
	if p.Content.Set && !p.Content.Null {
		if err := CheckContent(p.Content.Value); err != nil {
			return c, fault.Under("content", err)
		}
		c.content = &p.Content.Value
	}
	if c.path == nil && c.content == nil {
		return c, fault.New(fault.Invalid, "an update needs `content`, `path` or both")
	}
	if p.Precondition.Set && !p.Precondition.Null {
		c.expected, err = precondition(p.Precondition.Value)
	}
	return c, fault.Under("precondition", err)
}

func precondition(p wire.Precondition) (string, error) {
	switch {
	case !p.Type.Set:
		return "", fault.At("type", "field required: `content_sha256`")
	case p.Type.Value != "content_sha256":
		return "", fault.At("type", "`%s` is not `content_sha256`", p.Type.Value)
	case !p.ContentSHA256.Set || p.ContentSHA256.Null:
		return "", fault.At("content_sha256", "field required")
	}
	return p.ContentSHA256.Value, fault.Under("content_sha256", CheckSum(p.ContentSHA256.Value))
}

// Apply is the path and content that the change leads to from cur, whose
// content is set. changed is false if that is what cur has already; then the
// precondition doesn't matter, so that a client may repeat an update whose
// answer it lost (Managed Agents API: memory stores).
func (c Change) Apply(cur wire.Memory) (path, content string, changed bool, err error) {
	path, content = cur.Path, *cur.Content
	if c.path != nil {
		path = *c.path
	}
	if c.content != nil {
		content = *c.content
	}
	if path == cur.Path && content == *cur.Content {
		return path, content, false, nil
	}
	return path, content, true, CheckExpected(cur, c.expected)
}

// CheckExpected refuses a change of a memory whose content is not what the
// caller thinks; "" expects nothing.
func CheckExpected(cur wire.Memory, sum string) error {
	if sum != "" && sum != cur.ContentSHA256 {
		return fault.New(fault.Stale, "the content of memory `%s` is not the expected one: it has changed", cur.ID)
	}
	return nil
}

// CheckSum refuses what is not a SHA-256 in lower-case hexadecimal.
func CheckSum(s string) error {
	if len(s) != 2*sha256.Size || strings.Trim(s, "0123456789abcdef") != "" {
		return fault.At("", "expected 64 lower-case hexadecimal digits")
	}
	return nil
}

// CheckContent refuses what can't be the content of a memory.
func CheckContent(s string) error {
	switch {
	case len(s) > MaxContent:
		return fault.At("", "at most %d bytes", MaxContent)
	case !utf8.ValidString(s):
		return fault.At("", "must be UTF-8 text")
	case strings.Contains(s, "\x00"):
		return fault.At("", "must be text, without the character U+0000")
	}
	return nil
}

// CheckRoom refuses a new memory in a store that is full.
func CheckRoom(memories int) error {
	if memories >= MaxMemories {
		return fault.New(fault.Invalid, "the memory store holds %d memories, the most it may; delete some first", memories)
	}
	return nil
}

// Sum is the content_sha256 of a text.
func Sum(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}
