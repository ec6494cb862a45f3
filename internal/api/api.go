// Package api is the HTTP face of the server: routes, credentials, headers,
// bodies, errors, pages and event streams. A handler reads the request, makes
// one call into lifecycle, a domain package or the store, and writes the
// answer.
//
// Promises: every answer has a request-id; every JSON answer has its content
// type; every refusal is the API's error envelope with the JSON path of the
// fault; a panic or an error that is not a fault is logged and answered as an
// internal one. Credentials and bodies are never logged.
package api

import (
	"cmp"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/agent"
	"github.com/ostlerdev/ostler/internal/filestore"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/lifecycle"
	"github.com/ostlerdev/ostler/internal/memorystore"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/skillstore"
	"github.com/ostlerdev/ostler/internal/store"
)

// Models is what the API shows and asks of models.
type Models interface {
	agent.Models
	// List is the models, newest first.
	List() []model.Info
	// Get finds a model by id or alias.
	Get(idOrAlias string) (model.Info, bool)
}

// Deps is what a Server works with. All fields but the times are required.
type Deps struct {
	DB       store.DB
	IDs      ids.Source
	Now      func() time.Time
	Log      *slog.Logger
	Models   Models
	Keys     Keys
	Journal  *journal.Journal
	Sessions *lifecycle.Service
	Files    *filestore.Files
	OAuth    Validator
	Skills   *skillstore.Skills
	Memories *memorystore.Service

	// BodyTimeout is how long a client may take to send a JSON body; 0 is a
	// minute.
	BodyTimeout time.Duration
}

// bodyTime is Deps.BodyTimeout if that is 0.
const bodyTime = time.Minute

// Server serves the API.
type Server struct {
	Deps
	closing chan struct{}
	once    sync.Once
	newer   sync.Once // the log has told of a version that is not known yet
}

// New makes a Server.
func New(d Deps) *Server {
	d.BodyTimeout = cmp.Or(d.BodyTimeout, bodyTime)
	return &Server{Deps: d, closing: make(chan struct{})}
}

// Close ends open event streams. Other requests are the http.Server's to end.
func (s *Server) Close() { s.once.Do(func() { close(s.closing) }) }

// NewHTTPServer is an http.Server with the time-outs of a public face. It has
// no write time-out: streams stay open, and their writes have deadlines.
func NewHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}
