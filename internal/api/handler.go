package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/ids"
)

// Handler serves every endpoint and /healthz.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{} // by path pattern
	for _, r := range s.routes() {
		mux.Handle(r.pattern, s.endpoint(r))
		method, path, _ := strings.Cut(r.pattern, " ")
		methods[path] = append(methods[path], method)
	}
	for path, allowed := range methods {
		mux.Handle(path, s.wrap(func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			return fault.New(fault.BadMethod, "%s is not allowed here, use %s", r.Method, strings.Join(allowed, " or "))
		}))
	}
	notFound := s.wrap(func(_ http.ResponseWriter, r *http.Request) error {
		return fault.New(fault.NotFound, "no endpoint at %s", r.URL.Path)
	})
	mux.Handle("/", notFound)
	mux.Handle("GET /healthz", s.wrap(func(w http.ResponseWriter, _ *http.Request) error {
		return s.writeJSON(w, map[string]string{"status": "ok"})
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux would redirect a path with empty or dot segments, and clients
		// take a redirect for an answer.
		if p := r.URL.EscapedPath(); p != "/" && path.Clean("/"+p) != strings.TrimSuffix(p, "/") {
			notFound.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// endpoint adds what every endpoint asks of a request: a credential, a known
// version, its beta.
func (s *Server) endpoint(r route) http.Handler {
	return s.wrap(func(w http.ResponseWriter, req *http.Request) error {
		who, err := s.authenticate(req)
		if err != nil {
			return err
		}
		if who.Kind != AdminKey { // the one kind there is; an endpoint for another will say so in routes
			return fault.New(fault.Forbidden, "this kind of credential can't be used here, an API key can")
		}
		c := callOf(req)
		if c.version, err = versionOf(req.Header); err != nil {
			return err
		}
		c.who = who
		if asked := req.Header.Get("anthropic-version"); c.version == version2026 && asked > version2026 {
			s.newer.Do(func() { s.Log.Info("a client asks for a version of the API newer than any known", "version", asked) })
		}
		if named, err := namesBeta(r.beta, betas(req.Header)); err != nil {
			return err
		} else if !named {
			return fault.New(fault.NotFound, "no endpoint at %s without the header `anthropic-beta: %s`", req.URL.Path, r.beta)
		}
		return r.handle(w, req)
	})
}

// call is what the server knows of the request it answers.
type call struct {
	id      string // request-id
	who     Principal
	version string // of the API, as selected; "" before it is
}

type callKey struct{}

// callOf is the call that a request belongs to.
func callOf(r *http.Request) *call { return r.Context().Value(callKey{}).(*call) }

// wrap gives a handler its request id, turns its error into an answer, and
// logs the request.
func (s *Server) wrap(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		c := &call{id: s.IDs.New(ids.Request)}
		w.Header().Set("request-id", c.id)
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
		out := &answer{ResponseWriter: w}
		err := guarded(h, out, r)
		switch {
		case err == nil:
		case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
			out.status = statusClientGone // nobody to tell
		default:
			s.refuse(out, c.id, err)
		}
		if !s.Log.Enabled(r.Context(), slog.LevelDebug) {
			return
		}
		s.Log.Debug("request", "id", c.id, "method", r.Method, "path", r.URL.Path, "status", out.status,
			"version", c.version, "duration", time.Since(start))
	})
}

// statusClientGone is logged for a request whose client left before the answer.
const statusClientGone = 499

// guarded turns a panic of h into an error.
func guarded(h func(http.ResponseWriter, *http.Request) error, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h(w, r)
}

// answer remembers whether and how a request was answered.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
