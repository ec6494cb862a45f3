package apitest

import (
	"testing"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/oauth"
)

// refresher is the server's, which may dial this machine.
func refresher(t testing.TB, d api.Deps, keys oauth.Keys) *oauth.Refresher {
	allow, err := dial.ParseAllow("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	transport := (&dial.Dialer{Allow: allow}).Transport()
	r := oauth.New(oauth.Config{DB: d.DB, Keys: keys, Transport: transport, Now: d.Now, Log: d.Log})
	t.Cleanup(func() {
		r.Close()
		transport.CloseIdleConnections()
	})
	return r
}
