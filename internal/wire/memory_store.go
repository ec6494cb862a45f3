package wire

// MemoryStore is a named set of memories that sessions mount as a directory
// (Managed Agents API: memory stores).
type MemoryStore struct {
	ID          string   `json:"id"`
	Type        string   `json:"type"` // memory_store
	Name        string   `json:"name"`
	Description string   `json:"description"` // "" when unset
	Metadata    Metadata `json:"metadata"`
	CreatedAt   Time     `json:"created_at"`
	UpdatedAt   Time     `json:"updated_at"` // of the store itself; memories don't move it
	ArchivedAt  *Time    `json:"archived_at"`
}

// MemoryStoreParams is the body of POST /v1/memory_stores and of an update
// (POST /v1/memory_stores/{id}).
type MemoryStoreParams struct {
	Name        Opt[string]        `json:"name"`
	Description Opt[string]        `json:"description"`
	Metadata    Opt[MetadataPatch] `json:"metadata"`
}

// MemoryStoreResource is a memory store of a session. Name and Description are
// those of the store when it was attached. The API shows no id and no times of
// it.
type MemoryStoreResource struct {
	Type          string  `json:"type"` // memory_store
	MemoryStoreID string  `json:"memory_store_id"`
	Access        string  `json:"access"` // read_write or read_only
	Instructions  *string `json:"instructions"`
	Name          string  `json:"name"`
	Description   string  `json:"description"`
	MountPath     string  `json:"mount_path"`
}

// Access of a session to a memory store.
const (
	MemoryReadWrite = "read_write"
	MemoryReadOnly  = "read_only"
)

// ResourceID is "": the API shows no id of an attached memory store.
func (r *MemoryStoreResource) ResourceID() string { return "" }

// ResourceType is the type of the resource.
func (r *MemoryStoreResource) ResourceType() string { return r.Type }

// ResourceMountPath is where the agent finds the resource.
func (r *MemoryStoreResource) ResourceMountPath() string { return r.MountPath }
