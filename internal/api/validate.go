package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Validator tries credentials at their servers.
type Validator interface {
	// Validate tries an active mcp_oauth credential. The error is
	// store.ErrNotFound if it was archived or deleted meanwhile.
	Validate(ctx context.Context, credentialID string) (wire.CredentialValidation, error)
}

// validateCredential answers when the credential's servers have, or after
// their time: two minutes at most.
func (s *Server) validateCredential(w http.ResponseWriter, r *http.Request) error {
	var c wire.Credential
	err := s.DB.View(r.Context(), func(tx store.Tx) (err error) {
		c, err = findCredential(tx, r)
		return err
	})
	if err != nil {
		return err
	}
	if err := vault.CheckValidation(c); err != nil {
		return err
	}
	out, err := s.OAuth.Validate(r.Context(), c.ID)
	if errors.Is(err, store.ErrNotFound) {
		err = fault.Missing("Credential", c.ID)
	}
	if err != nil {
		return err
	}
	return s.writeJSON(w, out)
}
