package model

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Table says which upstream serves which model id and what the model can do.
// It is a Client that sends each request to the model's upstream. It is safe
// for concurrent use.
type Table struct {
	routes []route // at least one; the first that matches serves an id
	known  map[string]*Spec
	specs  []Spec // the catalogue, newest first
	http   *http.Client
	demo   Client // nil if there is none
	live   liveList

	mu    sync.Mutex
	cache map[string]*Model // what Resolve found; bounded by maxCached
}

// maxCached bounds Resolve's cache: ids come from clients.
const maxCached = 1024

// route is an entry with what serves it.
type route struct {
	entry Entry
	up    *upstream // nil: the demo model
	rest  bool      // serves every id, and entry says nothing
}

// Model is a resolved model id.
type Model struct {
	Spec              // what the model can do; ID is the real id if an alias was asked for
	UpstreamID string // what the upstream calls it
	Demo       bool   // served by the demo model

	up *upstream // nil if Demo
}

// ErrUnknownModel is in the chain of errors about ids that nothing serves.
var ErrUnknownModel = errors.New("unknown model")

// NewTable makes a Table. The error names what is wrong with the settings and
// never holds a key.
func NewTable(cfg Config) (*Table, error) {
	t := &Table{
		known: map[string]*Spec{},
		specs: catalogue(),
		cache: map[string]*Model{},
		http:  newHTTPClient(cfg.guard()),
		demo:  cfg.Demo,
	}
	for i := range t.specs {
		s := &t.specs[i]
		t.known[s.ID] = s
		for _, a := range s.Aliases {
			t.known[a] = s
		}
	}
	def, err := t.defaultRoute(cfg)
	if err != nil {
		return nil, fmt.Errorf("model: default upstream: %w", err)
	}
	var entries []Entry
	if cfg.File != "" {
		if entries, err = readEntries(cfg.File); err != nil {
			return nil, fmt.Errorf("model: %w", err)
		}
	}
	for i := range entries {
		r, err := t.entryRoute(cfg, entries[i], def)
		if err != nil {
			return nil, fmt.Errorf("model: models file %s: models[%d].%w", cfg.File, i, err)
		}
		t.routes = append(t.routes, r)
	}
	switch {
	case def != nil:
		t.routes = append(t.routes, *def)
	case len(t.routes) == 0 && cfg.Demo == nil:
		return nil, errors.New("model: no upstream: set a base URL or an API key, or name a models file")
	case len(t.routes) == 0:
		t.routes = append(t.routes, route{rest: true})
	}
	return t, nil
}

// defaultRoute is where ids go that no entry matches, nil if nowhere.
func (t *Table) defaultRoute(cfg Config) (*route, error) {
	if cfg.BaseURL == "" && cfg.APIKey == "" {
		return nil, nil
	}
	base := cfg.BaseURL
	if base == "" {
		base = DefaultBaseURL
	}
	ep, err := parseEndpoint(base, cfg.APIKey, cfg.Auth, cfg.Version)
	if err != nil {
		return nil, err
	}
	return &route{up: newUpstream(ep, t.http), rest: true}, nil
}

func (t *Table) entryRoute(cfg Config, e Entry, def *route) (route, error) {
	switch {
	case e.Demo && cfg.Demo == nil:
		return route{}, errors.New("demo: there is no demo model")
	case e.Demo:
		return route{entry: e}, nil
	case e.BaseURL == "" && def == nil:
		return route{}, errors.New("base_url: required, there is no default upstream")
	case e.BaseURL == "":
		return route{entry: e, up: def.up}, nil
	}
	key, err := e.key(cfg.Env)
	if err != nil {
		return route{}, err
	}
	ep, err := parseEndpoint(e.BaseURL, key, e.Auth, e.Version)
	if err != nil {
		return route{}, err
	}
	return route{entry: e, up: newUpstream(ep, t.http)}, nil
}

// Resolve finds what serves an id or alias. The error wraps ErrUnknownModel.
func (t *Table) Resolve(id string) (*Model, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if m, ok := t.cache[id]; ok {
		return m, nil
	}
	m := t.find(id)
	if m == nil {
		return nil, fmt.Errorf("%w %q", ErrUnknownModel, id)
	}
	if len(t.cache) >= maxCached {
		clear(t.cache)
	}
	t.cache[id] = m
	return m, nil
}

func (t *Table) find(id string) *Model {
	if id == "" {
		return nil
	}
	for i := range t.routes {
		r := &t.routes[i]
		if r.rest {
			s := t.describe(id)
			if _, known := t.known[id]; r.up == nil && !known {
				s = demoSpec(id)
			}
			return &Model{Spec: s, UpstreamID: id, Demo: r.up == nil, up: r.up}
		}
		if !r.entry.matches(id) {
			continue
		}
		real := id
		if r.entry.literal() {
			real = r.entry.Match
		}
		up := r.entry.UpstreamID
		if up == "" {
			up = real
		}
		s := t.describe(up)
		if r.entry.UpstreamID != "" || r.entry.literal() {
			if s.DisplayName == up {
				s.DisplayName = real
			}
			s.ID, s.Aliases = real, r.entry.Aliases
		}
		return &Model{Spec: r.entry.apply(s), UpstreamID: up, Demo: r.up == nil, up: r.up}
	}
	return nil
}

// describe is what is known of an id before any entry had its say.
func (t *Table) describe(id string) Spec {
	if s, ok := t.known[id]; ok {
		return *s
	}
	if s, ok := t.live.get(id); ok {
		return s
	}
	return unknownSpec(id)
}

// Demo reports whether every id is served by the demo model, because there is
// no upstream.
func (t *Table) Demo() bool { return t.routes[0].rest && t.routes[0].up == nil }

// MidConversationSystem reports whether the model takes messages of role
// system. The demo model does.
func (t *Table) MidConversationSystem(id string) bool {
	m, err := t.Resolve(id)
	return err == nil && (m.System || m.Demo)
}

// DefaultEffort is the effort level that the model works at if it is told none;
// "high" for models that don't take the parameter.
func (t *Table) DefaultEffort(id string) string {
	if m, err := t.Resolve(id); err == nil && m.DefaultEffort != "" {
		return m.DefaultEffort
	}
	return defaultEffort
}

// Check validates the model settings of an agent. "" leaves effort or speed to
// the model. The error begins with the field: id:, effort: or speed:.
func (t *Table) Check(id, effort, speed string) error {
	m, err := t.Resolve(id)
	if err != nil {
		return fmt.Errorf("id: %w", err)
	}
	if m.Lifecycle == Retired {
		return fmt.Errorf("id: model %q was retired on %s", m.ID, m.Retires.Format("2006-01-02"))
	}
	if effort != "" {
		if err := m.checkEffort(effort); err != nil {
			return err
		}
	}
	switch {
	case speed == "" || speed == "standard":
	case speed != "fast":
		return fmt.Errorf("speed: unknown speed %q, want standard or fast", speed)
	case !m.Fast:
		return fmt.Errorf("speed: model %q does not support speed \"fast\"", m.ID)
	}
	return nil
}

func (m *Model) checkEffort(level string) error {
	switch {
	case !slices.Contains(EffortLevels, level):
		return fmt.Errorf("effort: unknown level %q, want one of %s", level, strings.Join(EffortLevels, ", "))
	case m.takesEffort(level):
	case len(m.Effort) > 0:
		return fmt.Errorf("effort: model %q does not support level %q, only %s", m.ID, level, strings.Join(m.Effort, ", "))
	case level != m.DefaultEffort: // "high" is what such a model does anyway
		return fmt.Errorf("effort: model %q does not support level %q: it takes no effort parameter", m.ID, level)
	}
	return nil
}

// Stream sends the request to the model's upstream. See Client.
func (t *Table) Stream(ctx context.Context, req Request, sink func(Delta)) (*Response, error) {
	m, err := t.Resolve(req.Model)
	if err != nil {
		return nil, &Error{Kind: KindRequestFailed, Message: err.Error()}
	}
	if m.Demo {
		return t.demo.Stream(ctx, req, sink)
	}
	return m.up.stream(ctx, m, &req, sink)
}

// Close drops idle connections. Requests under way go on.
func (t *Table) Close() { t.http.CloseIdleConnections() }
