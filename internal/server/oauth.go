package server

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/ostlerdev/ostler/internal/oauth"
	"github.com/ostlerdev/ostler/internal/store"
)

// oauth makes what refreshes OAuth tokens, and sweeps them in the background.
func (s *Server) oauth(t *http.Transport, db store.DB, keys oauth.Keys, log *slog.Logger) *oauth.Refresher {
	r := oauth.New(oauth.Config{DB: db, Keys: keys, Transport: t, Now: time.Now, Log: log})
	s.onClose(func() error { r.Close(); return nil })
	s.background(r.Run)
	return r
}
