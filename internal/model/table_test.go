package model_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
)

// named is a client that says its name.
type named string

func (n named) Stream(context.Context, model.Request, func(model.Delta)) (*model.Response, error) {
	return &model.Response{StopReason: string(n)}, nil
}

func file(t *testing.T, content string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "models.json")
	if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// Which upstream gets a request, under which name and with which key.
func TestRouting(t *testing.T) {
	var urls []any
	servers := map[string]*modeltest.Server{}
	for _, name := range []string{"default", "local", "gateway"} {
		d := modeltest.New(t, modeltest.WithLimits(func(string) modeltest.Limits { return modeltest.KnownLimits(opus) }))
		d.Func(func(modeltest.Request) modeltest.Reply { return modeltest.Text(name) })
		servers[name] = d
		urls = append(urls, d.URL)
	}
	keyFile := file(t, "file-key\n")
	entries := fmt.Sprintf(`{"models":[
		{"match":"big","aliases":["large","claude-sonnet-5"],"base_url":%q,"upstream_id":"qwen3-32b","api_key_env":"LOCAL_KEY"},
		{"match":"demo-*","demo":true},
		{"match":"claude-fable-*","base_url":%q,"auth":"bearer","api_key_file":%q,"anthropic_version":"2026-10-21"},
		{"match":"best","upstream_id":"claude-opus-5-5"},
		{"match":"[xy]?"}
	]}`, urls[1], urls[2], keyFile)
	table, err := model.NewTable(model.Config{
		BaseURL: servers["default"].URL, APIKey: "default-key", File: file(t, entries), Demo: named("demo"),
		Env: func(k string) (string, bool) { return "env-key", k == "LOCAL_KEY" },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	if table.Demo() {
		t.Error("not everything is a demo")
	}
	for _, c := range []struct{ id, server, upstream, key, version string }{
		{"big", "local", "qwen3-32b", "env-key", "2023-06-01"},
		{"large", "local", "qwen3-32b", "env-key", "2023-06-01"},
		{"claude-sonnet-5", "local", "qwen3-32b", "env-key", "2023-06-01"},
		{"claude-fable-5-1", "gateway", "claude-fable-5-1", "Bearer file-key", "2026-10-21"},
		{"best", "default", "claude-opus-5-5", "default-key", "2023-06-01"},
		{"x1", "default", "x1", "default-key", "2023-06-01"},
		{"anything/else", "default", "anything/else", "default-key", "2023-06-01"},
		{"demo-x", "", "", "", ""},
	} {
		t.Run(c.id, func(t *testing.T) {
			before := map[string]int{}
			for n, d := range servers {
				before[n] = len(d.Requests())
			}
			res, got := stream(t, table, hello(c.id))
			if c.server == "" {
				if res.StopReason != "demo" {
					t.Errorf("answer %+v", res)
				}
				return
			}
			if got.text() != c.server {
				t.Fatalf("answered by %q", got.text())
			}
			reqs := servers[c.server].Requests()
			r := reqs[before[c.server]]
			key := r.Header.Get("x-api-key") + r.Header.Get("Authorization")
			if r.Model != c.upstream || key != c.key || r.Header.Get("anthropic-version") != c.version {
				t.Errorf("model %q, key %q, version %q", r.Model, key, r.Header.Get("anthropic-version"))
			}
		})
	}
	m, err := table.Resolve("large")
	if err != nil || m.ID != "big" || m.UpstreamID != "qwen3-32b" || m.DisplayName != "big" || m.MaxTokens != 8192 {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = table.Resolve("best")
	if err != nil || m.ID != "best" || m.DisplayName != "Claude Opus 5.5" || !m.Thinking.Adaptive {
		t.Errorf("%+v, %v", m, err)
	}
}

// Without a default upstream only the entries are served.
func TestOnlyEntries(t *testing.T) {
	table, err := model.NewTable(model.Config{File: file(t, `{"models":[{"match":"a*","base_url":"http://127.0.0.1:1"}]}`), Demo: named("demo")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.Resolve("abc"); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"b", ""} {
		if _, err := table.Resolve(id); !errors.Is(err, model.ErrUnknownModel) {
			t.Errorf("%q: %v", id, err)
		}
		if err := table.Check(id, "", ""); err == nil || !strings.HasPrefix(err.Error(), "id: ") {
			t.Errorf("%q: %v", id, err)
		}
		if e := fail(t, table, hello(id)); e.Kind != model.KindRequestFailed || e.Retryable {
			t.Errorf("%+v", e)
		}
	}
}

func TestDemoTable(t *testing.T) {
	table, err := model.NewTable(model.Config{Demo: named("demo")})
	if err != nil {
		t.Fatal(err)
	}
	if !table.Demo() {
		t.Error("not a demo")
	}
	for _, id := range []string{opus, "anything"} {
		if res, _ := stream(t, table, hello(id)); res.StopReason != "demo" {
			t.Errorf("%s: %+v", id, res)
		}
		if !table.MidConversationSystem(id) {
			t.Errorf("%s: no system messages", id)
		}
	}
	if err := table.Check("anything", "max", "fast"); err != nil {
		t.Error(err)
	}
	if err := table.Check("claude-haiku-4-5", "max", ""); err == nil {
		t.Error("known models keep their rules")
	}
}

func TestCheck(t *testing.T) {
	table, err := model.NewTable(model.Config{APIKey: "k"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ id, effort, speed, want string }{
		{opus, "", "", ""},
		{opus, "low", "standard", ""},
		{opus, "max", "fast", ""},
		{opus, "extreme", "", `effort: unknown level "extreme", want one of low, medium, high, xhigh, max`},
		{opus, "", "warp", `speed: unknown speed "warp", want standard or fast`},
		{"claude-opus-4-5", "high", "", ""},
		{"claude-opus-4-5", "max", "", `effort: model "claude-opus-4-5-20251101" does not support level "max", only low, medium, high`},
		{"claude-opus-4-6", "xhigh", "", `effort: model "claude-opus-4-6" does not support level "xhigh", only low, medium, high, max`},
		{"claude-haiku-4-5", "high", "", ""},
		{"claude-haiku-4-5", "low", "", `effort: model "claude-haiku-4-5-20251001" does not support level "low": it takes no effort parameter`},
		{"claude-sonnet-5-5", "", "fast", `speed: model "claude-sonnet-5-5" does not support speed "fast"`},
		{"local-model", "high", "standard", ""},
		{"local-model", "low", "", `effort: model "local-model" does not support level "low": it takes no effort parameter`},
		{"claude-mythos-preview", "", "", `id: model "claude-mythos-preview" was retired on 2026-06-30`},
	} {
		got := ""
		if err := table.Check(c.id, c.effort, c.speed); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s %s %s: got %q, want %q", c.id, c.effort, c.speed, got, c.want)
		}
	}
	for id, want := range map[string]string{opus: "medium", "claude-opus-5": "high", "claude-haiku-4-5": "high", "x": "high"} {
		if got := table.DefaultEffort(id); got != want {
			t.Errorf("default effort of %s is %q", id, got)
		}
		if err := table.Check(id, table.DefaultEffort(id), ""); err != nil {
			t.Errorf("the default effort of %s is refused: %v", id, err)
		}
	}
	for id, want := range map[string]bool{opus: true, "claude-opus-4-8": true, "claude-opus-4-7": false, "claude-sonnet-4-6": false, "x": false} {
		if got := table.MidConversationSystem(id); got != want {
			t.Errorf("system messages of %s: %v", id, got)
		}
	}
}

func TestCapabilities(t *testing.T) {
	table, err := model.NewTable(model.Config{APIKey: "k", File: file(t, `{"models":[
		{"match":"m","display_name":"M","max_tokens":100,"context_window":1000,"price":{"input":1,"output":2},
		 "capabilities":{"effort":["low","medium"],"adaptive_thinking":true,"images":false,"pdf":true,"mid_conversation_system":true,"fast":true,"structured_outputs":true,"prompt_caching":false}},
		{"match":"claude-opus-5-5","capabilities":{"effort":[],"default_effort":"high","fast":false}}
	]}`)})
	if err != nil {
		t.Fatal(err)
	}
	m, err := table.Resolve("m")
	if err != nil {
		t.Fatal(err)
	}
	want := model.Spec{
		ID: "m", DisplayName: "M", Lifecycle: model.Active, ContextWindow: 1000, MaxTokens: 100,
		Effort: []string{"low", "medium"}, DefaultEffort: "medium", Thinking: model.Thinking{Adaptive: true, Disabled: true},
		PDF: true, System: true, Fast: true, Structured: true, NoCache: true, Price: model.Price{Input: 1, Output: 2},
	}
	if diff := cmp.Diff(want, m.Spec); diff != "" {
		t.Error(diff)
	}
	m, err = table.Resolve(opus)
	if err != nil || len(m.Effort) != 0 || m.DefaultEffort != "high" || m.Fast || m.DisplayName != "Claude Opus 5.5" {
		t.Errorf("%+v %v", m, err)
	}
}

func TestBadConfig(t *testing.T) {
	t.Setenv("ANTHROPIC_API_KEY", "must-not-be-used")
	for _, c := range []struct {
		name string
		cfg  model.Config
		want string
	}{
		{"nothing", model.Config{}, "no upstream"},
		{"no URL", model.Config{BaseURL: "localhost:8000"}, "base_url: want http://"},
		{"a password", model.Config{BaseURL: "https://u:secret@h/"}, "must not carry a user"},
		{"a query", model.Config{BaseURL: "https://h/?key=secret"}, "must not carry a user, a query"},
		{"no URL at all", model.Config{BaseURL: "http://secret\x7f"}, "not a URL"},
		{"auth", model.Config{APIKey: "k", Auth: "basic"}, `auth: want "x-api-key" or "bearer"`},
		{"key with a line break", model.Config{APIKey: "secret\n"}, "line break"},
		{"no file", model.Config{File: "/nonexistent/models.json"}, "no such file"},
		{"no JSON", model.Config{File: file(t, `{`)}, "unexpected EOF"},
		{"more than one value", model.Config{File: file(t, `{"models":[]} {}`)}, "more than one"},
		{"unknown member", model.Config{File: file(t, `{"models":[{"match":"a","mach":1}]}`)}, `unknown field "mach"`},
		{"no match", model.Config{File: file(t, `{"models":[{}]}`)}, "models[0].match: required"},
		{"bad pattern", model.Config{File: file(t, `{"models":[{"match":"[a"}]}`)}, "models[0].match: syntax error"},
		{"twice", model.Config{APIKey: "k", File: file(t, `{"models":[{"match":"a"},{"match":"b","aliases":["a"]}]}`)}, `models[1]: "a" is already in models[0]`},
		{"alias of a pattern", model.Config{File: file(t, `{"models":[{"match":"a*","aliases":["b"]}]}`)}, "aliases: only"},
		{"two keys", model.Config{File: file(t, `{"models":[{"match":"a","base_url":"http://h","api_key":"secret","api_key_env":"E"}]}`)}, "give one of"},
		{"key without URL", model.Config{APIKey: "k", File: file(t, `{"models":[{"match":"a","api_key":"secret"}]}`)}, "base_url: required with a key"},
		{"no default", model.Config{File: file(t, `{"models":[{"match":"a"}]}`)}, "models[0].base_url: required, there is no default"},
		{"demo and URL", model.Config{File: file(t, `{"models":[{"match":"a","demo":true,"base_url":"http://h"}]}`)}, "demo: excludes"},
		{"no demo model", model.Config{File: file(t, `{"models":[{"match":"a","demo":true}]}`)}, "there is no demo model"},
		{"variable that is not set", model.Config{File: file(t, `{"models":[{"match":"a","base_url":"http://h","api_key_env":"NOT_SET"}]}`)}, "NOT_SET is not set"},
		{"key file that is not there", model.Config{File: file(t, `{"models":[{"match":"a","base_url":"http://h","api_key_file":"/nonexistent"}]}`)}, "api_key_file"},
		{"effort", model.Config{APIKey: "k", File: file(t, `{"models":[{"match":"a","capabilities":{"effort":["loud"]}}]}`)}, `unknown level "loud"`},
		{"default effort", model.Config{APIKey: "k", File: file(t, `{"models":[{"match":"a","capabilities":{"default_effort":"loud"}}]}`)}, `unknown level "loud"`},
		{"negative", model.Config{APIKey: "k", File: file(t, `{"models":[{"match":"a","max_tokens":-1}]}`)}, "negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := model.NewTable(c.cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("a credential is in the error: %v", err)
			}
		})
	}
}

// Nothing of the environment's own settings for the SDK gets into a request.
func TestNoEnvironment(t *testing.T) {
	for k, v := range map[string]string{
		"ANTHROPIC_API_KEY": "env-key", "ANTHROPIC_AUTH_TOKEN": "env-token", "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
		"ANTHROPIC_CUSTOM_HEADERS": "x-odd: 1",
	} {
		t.Setenv(k, v)
	}
	d := modeltest.New(t)
	d.Queue(modeltest.Text("x"))
	stream(t, newTable(t, d), hello(opus))
	h := d.Requests()[0].Header
	if h.Get("x-api-key") != "sk-test-key" || h.Get("Authorization") != "" || h.Get("x-odd") != "" {
		t.Errorf("headers %v", h)
	}
}

func TestCost(t *testing.T) {
	p := model.Price{Input: 2, Output: 10, CacheWrite5m: 2.5, CacheWrite1h: 4, CacheRead: 0.2, FastFactor: 2, LongAt: 1_000_000, LongFactor: 5}
	u := model.Usage{Input: 100_000, Output: 50_000, CacheCreation: 30_000, CacheCreation5m: 10_000, CacheCreation1h: 15_000, CacheRead: 500_000}
	const want = 0.2 + 0.5 + 0.0375 + 0.06 + 0.1
	near := func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }
	if got := p.Cost(u, false); !near(got, want) {
		t.Errorf("%v", got)
	}
	if got := p.Cost(u, true); !near(got, 2*want) {
		t.Errorf("fast: %v", got)
	}
	u.CacheRead = 1_000_000
	if got := p.Cost(u, false); !near(got, 5*(want+0.1)) {
		t.Errorf("long: %v", got)
	}
}
