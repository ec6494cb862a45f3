package memory

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// MountRoot is the directory of a sandbox below which stores are mounted.
const MountRoot = "/mnt/memory"

// Limits of what is attached to a session: stores, and characters of their
// instructions.
const (
	MaxAttached     = 8
	MaxInstructions = 4096
)

// Attachment checks a memory store among a new session's resources. Whether
// the store exists is checked where the session is made.
func Attachment(p *wire.MemoryStoreResourceParams) (*wire.MemoryStoreResource, error) {
	r := &wire.MemoryStoreResource{Type: wire.ResourceMemoryStore, Access: wire.MemoryReadWrite}
	switch id := p.MemoryStoreID; {
	case !id.Set:
		return nil, fault.At("memory_store_id", "field required")
	case id.Null || id.Value == "":
		return nil, fault.At("memory_store_id", "expected the id of a memory store")
	default:
		r.MemoryStoreID = id.Value
	}
	if a := p.Access; a.Set && !a.Null {
		if a.Value != wire.MemoryReadWrite && a.Value != wire.MemoryReadOnly {
			return nil, fault.At("access", "`%s` is not one of `read_write`, `read_only`", a.Value)
		}
		r.Access = a.Value
	}
	if in := p.Instructions; in.Set && !in.Null {
		if n := utf8.RuneCountInString(in.Value); n > MaxInstructions {
			return nil, fault.At("instructions", "at most %d characters, got %d", MaxInstructions, n)
		}
		r.Instructions = &in.Value
	}
	return r, nil
}

// MountPaths are the directories of stores of these names in a session: the
// name in lower case, each run of other characters than ASCII letters and
// digits one hyphen (Managed Agents API: memory stores). Where that leaves
// nothing it is "store"; the second of a name gets -2, and so on.
func MountPaths(names []string) []string {
	taken := map[string]bool{}
	out := make([]string, len(names))
	for i, name := range names {
		slug := slugOf(name)
		unique := slug
		for n := 2; taken[unique]; n++ {
			unique = fmt.Sprintf("%s-%d", slug, n)
		}
		taken[unique] = true
		out[i] = MountRoot + "/" + unique
	}
	return out
}

// maxSlug leaves room for a number in the name of a file.
const maxSlug = 240

func slugOf(name string) string {
	var b strings.Builder
	for _, c := range []byte(strings.ToLower(name)) {
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			b.WriteByte(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	slug := strings.TrimRight(b.String()[:min(b.Len(), maxSlug)], "-")
	if slug == "" {
		return "store"
	}
	return slug
}

// Note tells the agent of a store that is mounted in its session.
func Note(r *wire.MemoryStoreResource) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The memory store %q is mounted at %s: a directory of texts that outlives this session and that other sessions may share. ", r.Name, r.MountPath)
	if r.Access == wire.MemoryReadOnly {
		b.WriteString("You can read it, not change it.")
	} else {
		fmt.Fprintf(&b, "You can read it and write to it: each file is a memory of at most %d bytes of UTF-8 text, and every change is kept as a version.", MaxContent)
	}
	if r.Description != "" {
		b.WriteString("\nDescription: " + r.Description)
	}
	if r.Instructions != nil && *r.Instructions != "" {
		b.WriteString("\nInstructions: " + *r.Instructions)
	}
	return b.String()
}
