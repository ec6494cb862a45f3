// Package oauth keeps the access tokens of mcp_oauth credentials fresh and
// tries them out (Managed Agents API: vaults).
//
// A token is refreshed a minute before it expires when a session asks for it,
// five minutes before by the sweep, and when its server refused it. Promises:
//
//   - One refresh of a credential at a time, in this process and in any other
//     over the same database: many servers take a refresh token once. Who asks
//     meanwhile waits for the outcome.
//   - A token endpoint's answer is stored at once, whatever becomes of the
//     caller. Only a crash between the answer and the commit loses it.
//   - A change of the credential wins over a refresh that began before it.
//   - What a token endpoint refused for good is not asked again until the
//     credential's refresh token, client secret or scope is replaced. What may
//     pass is tried again, ever more rarely.
//   - No secret is in an error, a log or an answer.
//
// A lease row in the database and a comparison with what was read stand behind
// the first and the third; the clocks of processes over one database agree to
// within some seconds. The transport it is given guards what may be dialled.
package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
)

// ErrReauthorize says that the token endpoint refused the grant for good: the
// user must authorize again.
var ErrReauthorize = errors.New("the authorization is gone, the user must authorize again")

// errClosed says that a Refresher begins nothing any more.
var errClosed = errors.New("oauth: closed")

// Keys open and seal the secrets of credentials.
type Keys interface {
	vault.Sealer
	vault.Unsealer
}

// Config is what a Refresher works with. All fields are required.
type Config struct {
	DB        store.DB
	Keys      Keys
	Transport http.RoundTripper // for token endpoints and MCP servers
	Now       func() time.Time
	Log       *slog.Logger
}

// Refresher refreshes tokens. It is safe for concurrent use.
type Refresher struct {
	Config
	holder  string // this process, in leases
	client  *http.Client
	flights singleflight.Group

	commitTime time.Duration // how long an outcome is tried to be stored

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
	stop    context.Context // ends waiting, not what was sent
	cancel  context.CancelFunc
}

// New makes a Refresher, which is to be closed before its database.
func New(c Config) *Refresher {
	r := &Refresher{Config: c, holder: rand.Text(), client: &http.Client{Transport: c.Transport, CheckRedirect: sameServer},
		commitTime: leaseTime - exchangeTime}
	r.stop, r.cancel = context.WithCancel(context.Background())
	return r
}

// Close waits for the refreshes that were sent and stores their outcome. Later
// calls that would need another fail.
func (r *Refresher) Close() {
	r.cancel()
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.running.Wait()
}

// begin is false after Close; else done follows.
func (r *Refresher) begin() (done func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, false
	}
	r.running.Add(1)
	return r.running.Done, true
}
