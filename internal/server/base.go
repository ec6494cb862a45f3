package server

import (
	"context"
	"net/http"

	"github.com/ostlerdev/ostler/internal/blob/dir"
	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/secret"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
)

// base is what the other parts stand on.
type base struct {
	data      *dataDir
	db        *sqlite.DB
	blobs     *dir.Store
	keys      *secret.Box
	ids       *ids.Random
	dialer    *dial.Dialer    // of connections that leave for somebody else
	transport *http.Transport // to servers that users name
}

// openBase opens the data directory and what is in it, and the upstreams.
func (s *Server) openBase(ctx context.Context, c Config) (*base, error) {
	data, err := openDataDir(c.DataDir)
	if err != nil {
		return nil, err
	}
	s.onClose(data.close)
	if s.Key, s.KeyFile, err = data.adminKey(c.APIKey); err != nil {
		return nil, err
	}
	if s.Models, err = model.NewTable(c.Model); err != nil {
		return nil, err
	}
	s.onClose(func() error { s.Models.Close(); return nil })
	s.background(refresh(s.Models, c.Log))
	b := &base{data: data, ids: new(ids.Random)}
	if b.db, err = sqlite.Open(ctx, data.file("ostler.db")); err != nil {
		return nil, err
	}
	s.onClose(b.db.Close)
	if b.blobs, err = dir.Open(data.file("blobs")); err != nil {
		return nil, err
	}
	s.onClose(b.blobs.Close)
	if b.keys, err = secret.Open(data.file("master_key")); err != nil {
		return nil, err
	}
	if b.dialer, err = c.dialer(); err != nil {
		return nil, err
	}
	b.transport, err = s.transport(c, b.dialer)
	return b, err
}
