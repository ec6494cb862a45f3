package wire

// Memory is a text in a memory store.
type Memory struct {
	ID               string  `json:"id"`
	Type             string  `json:"type"` // memory
	MemoryStoreID    string  `json:"memory_store_id"`
	MemoryVersionID  string  `json:"memory_version_id"` // the newest version
	Path             string  `json:"path"`
	Content          *string `json:"content"` // null in the basic view
	ContentSHA256    string  `json:"content_sha256"`
	ContentSizeBytes int64   `json:"content_size_bytes"`
	CreatedAt        Time    `json:"created_at"`
	UpdatedAt        Time    `json:"updated_at"`
}

// MemoryPrefix stands in a list for the memories below a path.
type MemoryPrefix struct {
	Type string `json:"type"` // memory_prefix
	Path string `json:"path"` // with a slash at its end
}

// MemoryItem is a *Memory or a *MemoryPrefix in a list.
type MemoryItem interface{ ItemPath() string }

// ItemPath is the path of the memory.
func (m *Memory) ItemPath() string { return m.Path }

// ItemPath is the path of the prefix.
func (p *MemoryPrefix) ItemPath() string { return p.Path }

// CreateMemoryParams is the body of POST /v1/memory_stores/{id}/memories.
type CreateMemoryParams struct {
	Path    Opt[string] `json:"path"`
	Content Opt[string] `json:"content"`
}

// UpdateMemoryParams is the body of POST /v1/memory_stores/{id}/memories/{id}.
type UpdateMemoryParams struct {
	Path         Opt[string]       `json:"path"`
	Content      Opt[string]       `json:"content"`
	Precondition Opt[Precondition] `json:"precondition"`
}

// Precondition is what must hold of a memory for an update to be made.
type Precondition struct {
	Type          Opt[string] `json:"type"` // content_sha256
	ContentSHA256 Opt[string] `json:"content_sha256"`
}

// MemoryVersion is a state that a memory once had, or its deletion.
type MemoryVersion struct {
	ID               string  `json:"id"`
	Type             string  `json:"type"` // memory_version
	MemoryStoreID    string  `json:"memory_store_id"`
	MemoryID         string  `json:"memory_id"`
	Operation        string  `json:"operation"` // created, modified or deleted
	CreatedAt        Time    `json:"created_at"`
	CreatedBy        *Actor  `json:"created_by"`
	Path             *string `json:"path"`           // null if redacted
	Content          *string `json:"content"`        // null in the basic view, of a deletion, and if redacted
	ContentSHA256    *string `json:"content_sha256"` // null of a deletion and if redacted
	ContentSizeBytes *int64  `json:"content_size_bytes"`
	RedactedAt       *Time   `json:"redacted_at"`
	RedactedBy       *Actor  `json:"redacted_by,omitzero"` // the one member that is left out instead of null
}

// The operations that make versions.
const (
	MemoryCreated  = "created"
	MemoryModified = "modified"
	MemoryDeleted  = "deleted"
)

// Actor is who made a change: an agent in a session, or who holds an API key.
type Actor struct {
	Type      string `json:"type"`
	SessionID string `json:"session_id,omitzero"`
	APIKeyID  string `json:"api_key_id,omitzero"`
}

// The types of actors.
const (
	SessionActorType = "session_actor"
	APIActorType     = "api_actor"
)

// SessionActor is the agent of a session.
func SessionActor(session string) Actor { return Actor{Type: SessionActorType, SessionID: session} }

// APIActor is who holds an API key.
func APIActor(key string) Actor { return Actor{Type: APIActorType, APIKeyID: key} }
