package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/tidwall/gjson"
)

// liveList is what the upstreams said about their models. It is safe for
// concurrent use.
type liveList struct {
	mu    sync.Mutex
	lists map[endpoint][]Spec // by the upstream that told
	specs map[string]Spec     // all of them
}

func (l *liveList) get(id string) (Spec, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := l.specs[id]
	return s, ok
}

func (l *liveList) ids() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.specs))
}

func (l *liveList) told(e endpoint) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.lists[e]
	return ok
}

// put replaces what one upstream said.
func (l *liveList) put(from endpoint, specs []Spec) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lists == nil {
		l.lists = map[endpoint][]Spec{}
	}
	l.lists[from] = specs
	l.specs = map[string]Spec{}
	for _, list := range l.lists {
		for _, s := range list {
			l.specs[s.ID] = s
		}
	}
}

// Limits of a listing.
const (
	listTimeout = 20 * time.Second
	listPages   = 20
	listLimit   = 1000 // models a page
)

// Refresh asks every upstream that serves a pattern of ids (the default one,
// and those of pattern entries) for its models, for List to announce and to
// describe ids that nothing else describes. An upstream that can't tell keeps
// what it told before; the error joins what went wrong. Call it at start and
// about once an hour.
func (t *Table) Refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	var errs []error
	asked := map[endpoint]bool{}
	for i := range t.routes {
		u := t.routes[i].up
		if u == nil || asked[u.endpoint] || !t.routes[i].rest && t.routes[i].entry.literal() {
			continue
		}
		asked[u.endpoint] = true
		specs, err := u.models(ctx)
		if err != nil {
			errs = append(errs, fmt.Errorf("list models of %s: %w", u.endpoint.baseURL, err))
			continue
		}
		t.learn(u.endpoint, specs)
	}
	return errors.Join(errs...)
}

// learn takes an upstream's listing. Ids that another route serves are not
// this upstream's to announce.
func (t *Table) learn(from endpoint, specs []Spec) {
	t.live.put(from, slices.DeleteFunc(specs, func(s Spec) bool {
		u := t.serving(s.ID)
		return u == nil || u.endpoint != from
	}))
	t.mu.Lock()
	clear(t.cache)
	t.mu.Unlock()
}

// serving is the upstream that serves an id, nil if none does.
func (t *Table) serving(id string) *upstream {
	for i := range t.routes {
		if t.routes[i].rest || t.routes[i].entry.matches(id) {
			return t.routes[i].up
		}
	}
	return nil
}

// models asks the upstream for its models. Besides the API's own form it reads
// that of servers which only know ids.
func (u *upstream) models(ctx context.Context) ([]Spec, error) {
	var out []Spec
	path := fmt.Sprintf("v1/models?limit=%d", listLimit)
	for range listPages {
		var raw []byte
		if err := u.sdk.Execute(ctx, http.MethodGet, path, nil, &raw); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, classify(err, nil, u.endpoint.key)
		}
		page := gjson.ParseBytes(raw)
		if !gjson.ValidBytes(raw) || !page.Get("data").IsArray() {
			return nil, errors.New("the answer is no list of models")
		}
		for _, m := range page.Get("data").Array() {
			if id := m.Get("id").String(); id != "" {
				out = append(out, liveSpec(id, m))
			}
		}
		last := page.Get("last_id").String()
		if !page.Get("has_more").Bool() || last == "" {
			return out, nil
		}
		path = fmt.Sprintf("v1/models?limit=%d&after_id=%s", listLimit, url.QueryEscape(last))
	}
	return out, nil
}

// liveSpec reads a model of a listing; what it doesn't say stays cautious.
func liveSpec(id string, m gjson.Result) Spec {
	s := unknownSpec(id)
	set(&s.DisplayName, m.Get("display_name").String())
	set(&s.ContextWindow, m.Get("max_input_tokens").Int())
	set(&s.MaxTokens, m.Get("max_tokens").Int())
	s.Line = m.Get("line").String()
	if t, err := time.Parse(time.RFC3339, m.Get("created_at").String()); err == nil && t.Unix() > 0 {
		s.Released = t
	} else if n := m.Get("created").Int(); n > 0 { // the form of servers that only know ids
		s.Released = time.Unix(n, 0)
	}
	if l := Lifecycle(m.Get("lifecycle").String()); l == Deprecated || l == Retired {
		s.Lifecycle = l
	}
	for _, p := range []struct {
		dst *time.Time
		key string
	}{{&s.Deprecated, "deprecated_at"}, {&s.Retires, "retires_at"}} {
		if t, err := time.Parse(time.RFC3339, m.Get(p.key).String()); err == nil {
			*p.dst = t
		}
	}
	c := m.Get("capabilities")
	if !c.IsObject() {
		return s
	}
	for _, l := range EffortLevels {
		if c.Get("effort." + l + ".supported").Bool() {
			s.Effort = append(s.Effort, l)
		}
	}
	s.Thinking = Thinking{
		Adaptive:     c.Get("thinking.types.adaptive.supported").Bool(),
		BetweenTools: c.Get("thinking.types.between_tools.supported").Bool(),
		Disabled:     c.Get("thinking.types.disabled.supported").Bool(),
		Enabled:      c.Get("thinking.types.enabled.supported").Bool(),
	}
	s.Images = c.Get("image_input.supported").Bool()
	s.PDF = c.Get("pdf_input.supported").Bool()
	s.Structured = c.Get("structured_outputs.supported").Bool()
	s.ServerTools = c.Get("server_tools.supported").Bool()
	return s
}
