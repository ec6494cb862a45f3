package wire

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Types of session resources.
const (
	ResourceFile             = "file"
	ResourceGitHubRepository = "github_repository"
	ResourceMemoryStore      = "memory_store"
)

// ResourceParams is a resource in a request: exactly one field is set
// (Managed Agents API: session resources).
type ResourceParams struct {
	File             *FileResourceParams
	GitHubRepository *GitHubRepositoryParams
	MemoryStore      *MemoryStoreResourceParams
}

// FileResourceParams asks for a copy of a file in the session.
type FileResourceParams struct {
	Type      string      `json:"type"`
	FileID    Opt[string] `json:"file_id,omitzero"`
	MountPath Opt[string] `json:"mount_path,omitzero"` // null: the default
}

// GitHubRepositoryParams asks for a clone of a repository.
type GitHubRepositoryParams struct {
	Type               string                  `json:"type"`
	URL                Opt[string]             `json:"url,omitzero"`
	MountPath          Opt[string]             `json:"mount_path,omitzero"` // null: the default
	Checkout           Opt[RepositoryCheckout] `json:"checkout,omitzero"`   // null: the default branch
	Branch             Opt[string]             `json:"branch,omitzero"`     // short form of a branch checkout
	AuthorizationToken Opt[string]             `json:"authorization_token,omitzero"`
}

// MemoryStoreResourceParams asks for a memory store.
type MemoryStoreResourceParams struct {
	Type          string      `json:"type"`
	MemoryStoreID Opt[string] `json:"memory_store_id,omitzero"`
	Access        Opt[string] `json:"access,omitzero"`
	Instructions  Opt[string] `json:"instructions,omitzero"`
}

// UnmarshalJSONFrom decodes the variant that "type" names.
func (p *ResourceParams) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	v, err := DecodeUnion(dec, "`file`, `github_repository`, `memory_store`", func(typ string) any {
		switch typ {
		case ResourceFile:
			return new(FileResourceParams)
		case ResourceGitHubRepository:
			return new(GitHubRepositoryParams)
		case ResourceMemoryStore:
			return new(MemoryStoreResourceParams)
		}
		return nil
	})
	if err != nil {
		return err
	}
	*p = ResourceParams{}
	switch v := v.(type) {
	case *FileResourceParams:
		p.File = v
	case *GitHubRepositoryParams:
		p.GitHubRepository = v
	case *MemoryStoreResourceParams:
		p.MemoryStore = v
	}
	return nil
}

// UpdateResourceParams is the body of a resource update: a new token for a
// repository.
type UpdateResourceParams struct {
	AuthorizationToken Opt[string] `json:"authorization_token,omitzero"`
}

// RepositoryCheckout is what to check out of a repository: {"type":"branch",
// "name"} or {"type":"commit","sha"}. It is the same in requests and answers.
type RepositoryCheckout struct {
	Branch *BranchCheckout
	Commit *CommitCheckout
}

// BranchCheckout names a branch.
type BranchCheckout struct {
	Type string `json:"type"` // branch
	Name string `json:"name"`
}

// CommitCheckout names a commit.
type CommitCheckout struct {
	Type string `json:"type"` // commit
	SHA  string `json:"sha"`
}

// UnmarshalJSONFrom decodes the variant that "type" names.
func (c *RepositoryCheckout) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	v, err := DecodeUnion(dec, "`branch`, `commit`", func(typ string) any {
		switch typ {
		case "branch":
			return new(BranchCheckout)
		case "commit":
			return new(CommitCheckout)
		}
		return nil
	})
	if err != nil {
		return err
	}
	*c = RepositoryCheckout{}
	switch v := v.(type) {
	case *BranchCheckout:
		c.Branch = v
	case *CommitCheckout:
		c.Commit = v
	}
	return nil
}

// MarshalJSONTo writes the variant that is set.
func (c RepositoryCheckout) MarshalJSONTo(enc *jsontext.Encoder) error {
	switch {
	case c.Branch != nil:
		return enc.WriteValue(Encode(c.Branch))
	case c.Commit != nil:
		return enc.WriteValue(Encode(c.Commit))
	}
	return fmt.Errorf("a checkout of neither a branch nor a commit")
}

// Resource is a resource of a session in an answer: a *FileResource, a
// *GitHubRepositoryResource or a *MemoryStoreResource.
type Resource interface {
	ResourceID() string
	ResourceType() string
	ResourceMountPath() string
}

// FileResource is a file of a session. FileID is the session's own copy.
type FileResource struct {
	ID        string `json:"id"`
	Type      string `json:"type"` // file
	FileID    string `json:"file_id"`
	MountPath string `json:"mount_path"` // as it was given, or the default
	CreatedAt Time   `json:"created_at"`
	UpdatedAt Time   `json:"updated_at"`
}

// GitHubRepositoryResource is a repository of a session, without its token.
type GitHubRepositoryResource struct {
	ID        string              `json:"id"`
	Type      string              `json:"type"` // github_repository
	URL       string              `json:"url"`
	MountPath string              `json:"mount_path"`
	Checkout  *RepositoryCheckout `json:"checkout"` // null: the default branch
	CreatedAt Time                `json:"created_at"`
	UpdatedAt Time                `json:"updated_at"`
}

// ResourceID is the id of the resource.
func (r *FileResource) ResourceID() string { return r.ID }

// ResourceType is the type of the resource.
func (r *FileResource) ResourceType() string { return r.Type }

// ResourceMountPath is where the agent finds the resource.
func (r *FileResource) ResourceMountPath() string { return r.MountPath }

// ResourceID is the id of the resource.
func (r *GitHubRepositoryResource) ResourceID() string { return r.ID }

// ResourceType is the type of the resource.
func (r *GitHubRepositoryResource) ResourceType() string { return r.Type }

// ResourceMountPath is where the agent finds the resource.
func (r *GitHubRepositoryResource) ResourceMountPath() string { return r.MountPath }

// DecodeResource reads a resource that Encode wrote. An error means that the
// stored text is damaged.
func DecodeResource(data []byte) (Resource, error) {
	var tag struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &tag); err != nil {
		return nil, fmt.Errorf("stored resource: %w", err)
	}
	var r Resource
	switch tag.Type {
	case ResourceFile:
		r = new(FileResource)
	case ResourceGitHubRepository:
		r = new(GitHubRepositoryResource)
	case ResourceMemoryStore:
		r = new(MemoryStoreResource)
	default:
		return nil, fmt.Errorf("stored resource: unknown type %q", tag.Type)
	}
	if err := Decode(data, r); err != nil {
		return nil, fmt.Errorf("stored resource: %w", err)
	}
	return r, nil
}
