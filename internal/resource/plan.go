package resource

import (
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Plan is a list of resources that passed the rules.
type Plan struct {
	SessionID string // set by Bind
	Items     []Item
}

// Item is a resource to be made.
type Item struct {
	ID        string // set by Bind
	Path      string // JSON path in the request, for refusals
	Type      string
	MountPath string

	FileID string // file: the source
	CopyID string // file: the session's copy, set by Bind

	URL      string // github_repository
	Checkout *wire.RepositoryCheckout
	Secret   string // sealed authorization token, set by Bind; "" for none
	token    string

	Memory *wire.MemoryStoreResource // memory_store; name, description and mount path are set by AttachStores
}

// Sealer encrypts a secret for the store. aad names what the secret belongs
// to; the sealed text opens with the same aad only.
type Sealer interface {
	Seal(plain, aad string) (string, error)
}

// Bind gives the plan its session and every item its ids, and seals the
// tokens. It fails only if sealing does.
func (p *Plan) Bind(sessionID string, source ids.Source, sealer Sealer) error {
	p.SessionID = sessionID
	for i := range p.Items {
		item := &p.Items[i]
		item.ID = source.New(ids.Resource)
		if item.Type == wire.ResourceFile {
			item.CopyID = source.New(ids.File)
		}
		if item.token == "" {
			continue
		}
		sealed, err := sealer.Seal(item.token, TokenAAD(sessionID, item.ID))
		if err != nil {
			return err
		}
		item.Secret, item.token = sealed, ""
	}
	return nil
}

// TokenAAD is the associated data under which the token of a resource is
// sealed: it opens for this resource of this session only.
func TokenAAD(sessionID, resourceID string) string {
	return "session_resource/" + sessionID + "/" + resourceID + "/authorization_token"
}

// CheckSource refuses a file that can't be mounted: none (src is nil), or one
// whose bytes have expired. now is microseconds since 1970.
func (i *Item) CheckSource(src *file.Record, now int64) error {
	at := fault.Join(i.Path, "file_id")
	switch {
	case src == nil || src.Hidden(now):
		return noFile(at, i.FileID)
	case src.Expired(now) || src.Blob == "":
		return fault.At(at, "the content of file `%s` has expired", i.FileID)
	}
	return nil
}

// Copy is the session's own record of src: a new id, the same bytes. It
// doesn't expire; it goes when the resource or the session does.
func (p *Plan) Copy(i *Item, src *file.Record, now int64) file.Record {
	doc := src.Doc
	doc.Stamp = nil
	return file.Record{
		ID: i.CopyID, CreatedAt: now, SessionID: p.SessionID, Origin: file.Copy,
		Size: src.Size, Blob: src.Blob, Doc: doc,
	}
}

// Wire is the API's form of a bound item. now is microseconds since 1970.
func (i *Item) Wire(now int64) wire.Resource {
	if i.Memory != nil {
		return i.Memory
	}
	at := wire.Micros(now)
	if i.Type == wire.ResourceFile {
		return &wire.FileResource{
			ID: i.ID, Type: i.Type, FileID: i.CopyID, MountPath: i.MountPath, CreatedAt: at, UpdatedAt: at,
		}
	}
	return &wire.GitHubRepositoryResource{
		ID: i.ID, Type: i.Type, URL: i.URL, MountPath: i.MountPath, Checkout: i.Checkout, CreatedAt: at, UpdatedAt: at,
	}
}

// CheckUpdate checks the update of a resource, which can only be a new token
// of a repository.
func CheckUpdate(p *wire.UpdateResourceParams, have wire.Resource) (repo *wire.GitHubRepositoryResource, token string, err error) {
	if token, err = checkToken(p.AuthorizationToken, true); err != nil {
		return nil, "", err
	}
	repo, ok := have.(*wire.GitHubRepositoryResource)
	if !ok {
		return nil, "", fault.At("authorization_token", "a resource of type `%s` has no token to update", have.ResourceType())
	}
	return repo, token, nil
}

// CheckDelete refuses to detach what stays for a session's life: everything
// but files (Managed Agents API: session resources).
func CheckDelete(have wire.Resource) (*wire.FileResource, error) {
	f, ok := have.(*wire.FileResource)
	if !ok {
		return nil, fault.New(fault.Invalid, "resources of type `%s` stay attached for the life of the session", have.ResourceType())
	}
	return f, nil
}

// Missing is the refusal of a resource id the session doesn't have.
func Missing(id string) error { return fault.Missing("Session resource", id) }
