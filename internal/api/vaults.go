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

func (s *Server) createVault(w http.ResponseWriter, r *http.Request) error {
	var p wire.VaultParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	v, err := vault.New(p)
	if err != nil {
		return err
	}
	v.ID = s.IDs.New(ids.Vault)
	err = s.DB.Update(r.Context(), func(tx store.Tx) error {
		v.CreatedAt = wire.Micros(s.Now().UnixMicro())
		v.UpdatedAt = v.CreatedAt
		return store.InsertVault(tx, v)
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, v)
}

func findVault(tx store.Tx, id string) (wire.Vault, error) {
	v, err := store.GetVault(tx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = fault.Missing("Vault", id)
	}
	return v, err
}

func (s *Server) getVault(w http.ResponseWriter, r *http.Request) error {
	var v wire.Vault
	err := s.DB.View(r.Context(), func(tx store.Tx) (err error) {
		v, err = findVault(tx, r.PathValue("vault_id"))
		return err
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, v)
}

func (s *Server) updateVault(w http.ResponseWriter, r *http.Request) error {
	var p wire.VaultParams
	if err := s.readJSON(w, r, &p); err != nil {
		return err
	}
	var out wire.Vault
	err := s.DB.Update(r.Context(), func(tx store.Tx) error {
		cur, err := findVault(tx, r.PathValue("vault_id"))
		if err != nil {
			return err
		}
		next, err := vault.Update(cur, p)
		out = next
		if err != nil || bytes.Equal(wire.Encode(cur), wire.Encode(next)) { // no change leaves updated_at alone
			return err
		}
		out.UpdatedAt = s.after(cur.UpdatedAt)
		return store.SaveVault(tx, out)
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}

// after is now, or a microsecond after t if that is later.
func (s *Server) after(t wire.Time) wire.Time {
	return wire.Micros(max(s.Now().UnixMicro(), t.Micros()+1))
}

// archiveVault archives the vault's credentials too and purges their secrets.
func (s *Server) archiveVault(w http.ResponseWriter, r *http.Request) error {
	var v wire.Vault
	err := s.DB.Update(r.Context(), func(tx store.Tx) (err error) {
		if v, err = findVault(tx, r.PathValue("vault_id")); err != nil || v.ArchivedAt != nil {
			return err
		}
		v.UpdatedAt = s.after(v.UpdatedAt)
		v.ArchivedAt = &v.UpdatedAt
		if err := store.ArchiveCredentials(tx, v.ID, v.UpdatedAt.Micros()); err != nil {
			return err
		}
		return store.SaveVault(tx, v)
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, v)
}

func (s *Server) deleteVault(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("vault_id")
	err := s.DB.Update(r.Context(), func(tx store.Tx) error {
		if _, err := findVault(tx, id); err != nil {
			return err
		}
		return store.DeleteVault(tx, id)
	})
	if err != nil {
		return err
	}
	return s.writeJSON(w, wire.Deleted{ID: id, Type: "vault_deleted"})
}

func (s *Server) listVaults(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	archived := q.flag("include_archived")
	req := q.page("vaults", page.Desc, 20, 100)
	if q.err != nil {
		return q.err
	}
	return list(s, w, r, req, store.VaultKey, func(tx store.Tx, rg page.Range) ([]wire.Vault, error) {
		return store.ListVaults(tx, rg, archived)
	})
}
