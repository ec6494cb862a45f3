package house

import (
	"strings"
	"testing"
)

// layer says what packages may reach through their imports, however long the
// way, as far as the program's own packages go; of the standard library only
// direct imports count. Names are relative to internal/; a trailing … covers
// what lies below.
type layer struct {
	packages []string
	only     []string // own packages it may reach; nil is any
	never    []string // packages it may not reach
	reason   string
}

var layers = []layer{
	{packages: []string{"fault", "ids"}, only: []string{}, reason: "the bottom: everything imports them"},
	{packages: []string{"wire"}, only: []string{"fault", "ids"}, never: []string{"net/http", "database/sql"}, reason: "wire is types and their JSON"},
	{
		packages: []string{"agent", "environment", "session", "file", "vault", "memory", "skill", "deployment", "webhook"},
		only:     []string{"wire", "fault", "ids", "gate/policy"}, // policy is rules too: hosts are judged alike at create and at the gate
		never:    []string{"net/http", "database/sql", "os", "os/exec"},
		reason:   "a domain package is rules without I/O",
	},
	// Not gate/policy: the rules of vaults need it, and the store needs those.
	{packages: []string{"store…"}, never: []string{"api…", "brain…", "hands…", "gate", "gate/dial", "net/http"}, reason: "the store knows rows, not who asks"},
	{packages: []string{"blob…"}, never: []string{"api…", "brain…", "hands…", "store…"}, reason: "blobs are bytes under a key"},
	{packages: []string{"model…"}, never: []string{"store…", "api…", "brain…", "journal…", "hands…", "gate…"}, reason: "the model client serves the turn and knows nothing of it"},
	{packages: []string{"hands…"}, never: []string{"api…", "brain…", "store…"}, reason: "a sandbox is a seam below the turn"},
	{packages: []string{"hands/guest…"}, never: []string{"store…", "api…", "brain…", "gate…", "model…", "journal…"}, reason: "guest code runs beside untrusted code and gets nothing of the server"},
	{packages: []string{"provision…"}, never: []string{"api…", "brain…", "store…", "journal…", "sandboxes"}, reason: "what is put into a sandbox does not know whose it is"},
	{packages: []string{"oauth"}, never: []string{"api…", "brain…", "journal…", "hands…", "sandboxes", "gate", "gate/dial"}, reason: "tokens are kept for whoever asks, over the transport that is given"},
	{packages: []string{"web…"}, never: []string{"api…", "brain…", "store…", "journal…"}, reason: "the web tools know an agent's settings, not its session"},
	{packages: []string{"web/domain"}, only: []string{"gate/policy"}, never: []string{"net/http"}, reason: "which URLs are allowed is a rule without I/O"},
	{packages: []string{"memorystore"}, never: []string{"api…", "brain…", "hands…", "net/http"}, reason: "a memory does not know who reads it"},
	{packages: []string{"memorysync"}, never: []string{"api…", "brain…", "journal…", "net/http"}, reason: "a mount does not know who asks"},
	{packages: []string{"mcp"}, never: []string{"store…", "api…", "brain…", "journal…", "hands…"}, reason: "remote tools know nothing of turns"},
	{packages: []string{"brain…"}, never: []string{"api…"}, reason: "a turn does not know how it was asked for"},
	{packages: []string{"contract", "house"}, only: []string{}, reason: "judges stand outside"},
}

// exceptions are direct imports that a layer forbids and that are right.
var exceptions = map[string]string{
	"internal/file net/http": "only http.DetectContentType, a pure function",
}

// testOnly are packages that no part of the program may import.
var testOnly = []string{"oauth/oauthtest", "apitest", "contract", "house", "modeltest…", "store/storetest", "blob/blobtest", "hands/handstest", "provision/provisiontest"}

func TestLayers(t *testing.T) {
	pkgs := packages(t)
	for name, p := range pkgs {
		rel := strings.TrimPrefix(name, Module+"/internal/")
		for _, l := range layers {
			if !matches(l.packages, rel) {
				continue
			}
			for reached := range p.imports {
				if !strings.HasPrefix(reached, Module) && matches(l.never, reached) && exceptions[p.dir+" "+reached] == "" {
					t.Errorf("%s imports %s: %s", p.dir, reached, l.reason)
				}
			}
			for own, via := range reach(pkgs, name) {
				rel := strings.TrimPrefix(own, Module+"/internal/")
				if matches(l.never, rel) || l.only != nil && !matches(l.only, rel) && !matches(l.packages, rel) {
					t.Errorf("%s reaches %s (through %s): %s", p.dir, rel, via, l.reason)
				}
			}
		}
	}
}

func TestTestOnlyPackages(t *testing.T) {
	pkgs := packages(t)
	for name, p := range pkgs {
		if !strings.HasPrefix(p.dir, "internal/") && !strings.HasPrefix(p.dir, "cmd/") ||
			matches(testOnly, strings.TrimPrefix(name, Module+"/internal/")) {
			continue
		}
		for own := range p.imports {
			if rel, ok := strings.CutPrefix(own, Module+"/internal/"); ok && matches(testOnly, rel) {
				t.Errorf("%s imports %s, which is for tests", p.dir, rel)
			}
		}
	}
}

// reach lists the program's packages that name imports directly or not, with
// the direct import that leads there.
func reach(pkgs map[string]*pkg, name string) map[string]string {
	out := map[string]string{}
	var visit func(at, via string)
	visit = func(at, via string) {
		p := pkgs[at]
		if p == nil {
			return
		}
		for next := range p.imports {
			if !strings.HasPrefix(next, Module) || out[next] != "" {
				continue
			}
			through := via
			if through == "" {
				through = strings.TrimPrefix(next, Module+"/")
			}
			out[next] = through
			visit(next, through)
		}
	}
	visit(name, "")
	return out
}

func matches(patterns []string, name string) bool {
	for _, p := range patterns {
		base, below := strings.CutSuffix(p, "…")
		if name == base || below && strings.HasPrefix(name, base+"/") {
			return true
		}
	}
	return false
}

func TestReach(t *testing.T) {
	own := func(names ...string) map[string]bool {
		m := map[string]bool{}
		for _, n := range names {
			m[Module+"/"+n] = true
		}
		return m
	}
	pkgs := map[string]*pkg{
		Module + "/a": {imports: own("b")},
		Module + "/b": {imports: own("c", "a")},
		Module + "/c": {imports: own()},
	}
	got := reach(pkgs, Module+"/a")
	if got[Module+"/c"] != "b" || got[Module+"/b"] != "b" {
		t.Errorf("reach: %v", got)
	}
	if !matches([]string{"store…"}, "store/sqlite") || matches([]string{"store"}, "store/sqlite") || matches([]string{"store…"}, "storehouse") {
		t.Error("matches")
	}
}
