package rig

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/ostlerdev/ostler/internal/contract"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/oauth/oauthtest"
)

// Rig is a running server with everything around it.
type Rig struct {
	URL     string // what clients talk to
	Direct  string // the server without the contract checks
	Key     string // the admin key
	Sandbox string // driver in use
	Model   *modeltest.Server
	OAuth   string           // an oauthtest.Site
	MCP     *httptest.Server // wants MCPToken
	*examples

	transport *contract.Transport
	proxy     *httptest.Server
	upstream  *httptest.Server
	site      *httptest.Server
	internet  *httptest.Server
	process   *process
	dir       string

	mu       sync.Mutex
	breaches []error
}

// Start builds and starts everything. The error names what could not be had.
func Start(ctx context.Context) (*Rig, error) {
	r := &Rig{Key: "conformance-key-0123456789"}
	if err := r.start(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Rig) start(ctx context.Context) (err error) {
	if r.dir, err = os.MkdirTemp("", "ostler-conformance-"); err != nil {
		return err
	}
	r.Model = modeltest.NewServer(modeltest.AllowRefusals(), modeltest.WithLimits(limits))
	r.Model.Func(Script)
	r.upstream = httptest.NewServer(r.Model)
	r.site = httptest.NewServer(oauthtest.NewSite())
	r.OAuth = r.site.URL
	r.internet = httptest.NewServer(http.HandlerFunc(internet))
	r.MCP = newMCP()
	if r.examples, err = startExamples(ctx, r.dir); err != nil {
		return err
	}

	binary := filepath.Join(r.dir, "ostler")
	if err := build(ctx, binary, "github.com/ostlerdev/ostler/cmd/ostler"); err != nil {
		return err
	}
	if r.process, r.Sandbox, err = serve(binary, r.dir, r.Key, r.upstream.URL, r.internet.URL); err != nil {
		return err
	}
	r.Direct = r.process.url
	target, err := url.Parse(r.Direct)
	if err != nil {
		return err
	}
	r.transport = &contract.Transport{Base: &http.Transport{MaxIdleConnsPerHost: 64}, Report: r.breach}
	r.proxy = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:       func(p *httputil.ProxyRequest) { p.SetURL(target) },
		Transport:     r.transport,
		FlushInterval: -1,
		ErrorHandler:  proxyError,
	})
	r.URL = r.proxy.URL
	return nil
}

// proxyError answers 502 for a server that is gone. A client that went away
// first gets nothing.
func proxyError(w http.ResponseWriter, req *http.Request, err error) {
	if req.Context().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	http.Error(w, "conformance proxy: "+err.Error(), http.StatusBadGateway)
}

func (r *Rig) breach(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.breaches = append(r.breaches, err)
}

// Breaches returns the violations of the contract seen since the last call.
func (r *Rig) Breaches() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.breaches
	r.breaches = nil
	return out
}

// Checked says what the contract checks have looked at so far.
func (r *Rig) Checked() string {
	bodies, events, failures := r.transport.Counts()
	return fmt.Sprintf("%d answers, %d stream events and %d refusals", bodies, events, failures)
}

// Log is what the server has written to standard error.
func (r *Rig) Log() string { return r.process.log() }

// Close stops the server, waits for it and removes its data.
func (r *Rig) Close() error {
	var errs []error
	if r.proxy != nil {
		r.proxy.CloseClientConnections()
		r.proxy.Close()
	}
	if r.process != nil {
		errs = append(errs, r.process.stop())
	}
	for _, s := range []*httptest.Server{r.upstream, r.site, r.internet, r.MCP} {
		if s != nil {
			s.CloseClientConnections()
			s.Close()
		}
	}
	if r.examples != nil {
		r.examples.stop()
	}
	if r.dir != "" {
		errs = append(errs, os.RemoveAll(r.dir))
	}
	return errors.Join(errs...)
}
