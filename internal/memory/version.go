package memory

import (
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Versions are kept for Retention, and the newest KeptVersions of a memory
// longer (Managed Agents API: memory stores). That of a live memory's content
// stays as long as it is that.
const (
	Retention    = 30 * 24 * time.Hour
	KeptVersions = 20
)

// NewVersion is the version that an operation by an actor leaves behind.
// m's content is set; of a deletion path alone is kept.
func NewVersion(id, operation string, m wire.Memory, by wire.Actor) wire.MemoryVersion {
	v := wire.MemoryVersion{ID: id, Type: "memory_version", MemoryStoreID: m.MemoryStoreID, MemoryID: m.ID,
		Operation: operation, CreatedAt: m.UpdatedAt, CreatedBy: &by, Path: &m.Path}
	if operation != wire.MemoryDeleted {
		v.Content, v.ContentSHA256, v.ContentSizeBytes = m.Content, &m.ContentSHA256, &m.ContentSizeBytes
	}
	return v
}

// Redact clears what a version says, and keeps who made it and when. head
// tells that a live memory has it for its content: that is refused. A version
// that is redacted already stays as it is.
func Redact(v wire.MemoryVersion, head bool, by wire.Actor, at wire.Time) (wire.MemoryVersion, error) {
	switch {
	case head:
		return v, fault.New(fault.Conflict, "Memory version `%s` is the present content of memory `%s`; update or delete the memory first.", v.ID, v.MemoryID)
	case v.RedactedAt != nil:
		return v, nil
	}
	v.Path, v.Content, v.ContentSHA256, v.ContentSizeBytes = nil, nil, nil, nil
	v.RedactedAt, v.RedactedBy = &at, &by
	return v, nil
}
