package api

import (
	"bytes"
	"errors"
	"net/http"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

func (s *Server) createCredential(w http.ResponseWriter, r *http.Request) error {
	var p wire.CredentialParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	c, secrets, err := vault.NewCredential(p, s.Now())
	if err != nil {
		return err
	}
	c.ID, c.VaultID = s.IDs.New(ids.Credential), r.PathValue("vault_id")
	sealed, err := secrets.Seal(c, s.Sessions.Sealer)
	if err != nil {
		return err
	}
	err = s.DB.Update(r.Context(), func(tx store.Tx) error {
		if err := hasPlace(tx, c); err != nil {
			return err
		}
		c.CreatedAt = wire.Micros(s.Now().UnixMicro())
		c.UpdatedAt = c.CreatedAt
		return store.InsertCredential(tx, vault.Stored{Credential: c, Sealed: sealed})
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, c)
}

// hasPlace refuses a new credential that its vault can't take.
func hasPlace(tx store.Tx, c wire.Credential) error {
	v, err := findVault(tx, c.VaultID)
	if err != nil {
		return err
	}
	if err := vault.CheckActive(v); err != nil {
		return err
	}
	other, err := store.ActiveCredential(tx, c.VaultID, vault.Lookup(c.Auth))
	if err != nil {
		return err
	}
	if err := vault.CheckUnique(c.Auth, other); err != nil {
		return err
	}
	active, err := store.CountCredentials(tx, c.VaultID)
	if err != nil {
		return err
	}
	return vault.CheckRoom(active)
}

// findCredential finds the credential that the path names.
func findCredential(tx store.Tx, r *http.Request) (wire.Credential, error) {
	v, err := findVault(tx, r.PathValue("vault_id"))
	if err != nil {
		return wire.Credential{}, err
	}
	id := r.PathValue("credential_id")
	c, err := store.GetCredential(tx, v.ID, id)
	if errors.Is(err, store.ErrNotFound) {
		err = fault.Missing("Credential", id)
	}
	return c, err
}

func (s *Server) getCredential(w http.ResponseWriter, r *http.Request) error {
	var c wire.Credential
	err := s.DB.View(r.Context(), func(tx store.Tx) (err error) {
		c, err = findCredential(tx, r)
		return err
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, c)
}

func (s *Server) updateCredential(w http.ResponseWriter, r *http.Request) error {
	var p wire.CredentialParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	var out wire.Credential
	err := s.DB.Update(r.Context(), func(tx store.Tx) error {
		cur, err := findCredential(tx, r)
		if err != nil {
			return err
		}
		next, secrets, err := vault.UpdateCredential(cur, p, s.Now())
		out = next
		if err != nil || len(secrets) == 0 && bytes.Equal(wire.Encode(cur), wire.Encode(next)) { // no change leaves updated_at alone
			return err
		}
		sealed, err := secrets.Seal(next, s.Sessions.Sealer)
		if err != nil {
			return err
		}
		out.UpdatedAt = s.after(cur.UpdatedAt)
		return store.SaveCredential(tx, vault.Stored{Credential: out, Sealed: sealed})
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

func (s *Server) archiveCredential(w http.ResponseWriter, r *http.Request) error {
	var c wire.Credential
	err := s.DB.Update(r.Context(), func(tx store.Tx) (err error) {
		if c, err = findCredential(tx, r); err != nil || c.ArchivedAt != nil {
			return err
		}
		c.UpdatedAt = s.after(c.UpdatedAt)
		c.ArchivedAt = &c.UpdatedAt
		return store.ArchiveCredential(tx, c.ID, c.UpdatedAt.Micros())
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, c)
}

func (s *Server) deleteCredential(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("credential_id")
	err := s.DB.Update(r.Context(), func(tx store.Tx) error {
		if _, err := findCredential(tx, r); err != nil {
			return err
		}
		return store.DeleteCredential(tx, id)
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, wire.Deleted{ID: id, Type: "vault_credential_deleted"})
}

func (s *Server) listCredentials(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	archived := q.flag("include_archived")
	req := q.page("credentials", page.Desc, 20, 100)
	if q.err != nil {
		return q.err
	}
	id := r.PathValue("vault_id")
	return list(s, w, r, req, store.CredentialKey, func(tx store.Tx, rg page.Range) ([]wire.Credential, error) {
		if _, err := findVault(tx, id); err != nil {
			return nil, err
		}
		return store.ListCredentials(tx, id, rg, archived)
	})
}
