package model_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	anthropic "github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
)

func ids(list []model.Info) []string {
	var out []string
	for _, i := range list {
		out = append(out, i.ID)
	}
	return out
}

const localInfo = `{"id":"local-large","type":"model","display_name":"Local Large","created_at":"1970-01-01T00:00:00Z",
 "lifecycle":"active","deprecated_at":null,"retires_at":null,"line":null,"max_input_tokens":131072,"max_tokens":8192,"allowed_fallback_models":[],
 "capabilities":{"batch":{"supported":false},"citations":{"supported":false},"code_execution":{"supported":false},
  "image_input":{"supported":true},"pdf_input":{"supported":false},"structured_outputs":{"supported":true},
  "context_management":{"supported":false,"clear_thinking_20251015":{"supported":false},"clear_tool_uses_20250919":{"supported":false},"compact_20260112":{"supported":false}},
  "effort":{"supported":false,"low":{"supported":false},"medium":{"supported":false},"high":{"supported":false},"xhigh":{"supported":false},"max":{"supported":false}},
  "server_tools":{"supported":false,"code_execution":{"supported":false},"web_search":{"supported":false}},
  "thinking":{"supported":false,"types":{"adaptive":{"supported":false},"between_tools":{"supported":false},"disabled":{"supported":true},"enabled":{"supported":false}}},
  "compaction":{"supported":false,"summarize":{"supported":false}}}}`

func TestInfo(t *testing.T) {
	table, err := model.NewTable(model.Config{File: file(t, `{"models":[
		{"match":"local-large","aliases":["ll"],"base_url":"http://127.0.0.1:1","display_name":"Local Large","capabilities":{"structured_outputs":true}},
		{"match":"other-*","base_url":"http://127.0.0.1:2"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"local-large", "ll"} {
		got, ok := table.Get(id)
		if !ok || !sameJSON(t, localInfo, asJSON(t, got)) {
			t.Errorf("%v %s", ok, asJSON(t, got))
		}
	}
	for _, id := range []string{"other-1", "nobody", ""} {
		if got, ok := table.Get(id); ok {
			t.Errorf("%q is %+v", id, got)
		}
	}
	// Claude's models are not announced: nothing here serves them.
	if diff := cmp.Diff([]string{"local-large"}, ids(table.List())); diff != "" {
		t.Error(diff)
	}
}

func TestClaudeModels(t *testing.T) {
	table, err := model.NewTable(model.Config{APIKey: "k"})
	if err != nil {
		t.Fatal(err)
	}
	list := table.List()
	for i := 1; i < len(list); i++ {
		if list[i].CreatedAt.After(list[i-1].CreatedAt) {
			t.Errorf("%s is newer than %s before it", list[i].ID, list[i-1].ID)
		}
	}
	for _, id := range []string{
		anthropic.ModelClaudeFable5_2, anthropic.ModelClaudeOpus5_5, anthropic.ModelClaudeSonnet5_5, anthropic.ModelClaudeHaiku5_5,
		anthropic.ModelClaudeHaiku4_5, anthropic.ModelClaudeOpus4_5, anthropic.ModelClaudeSonnet4_5, anthropic.ModelClaudeMythosPreview,
	} {
		got, ok := table.Get(id)
		if !ok {
			t.Errorf("%s is unknown", id)
			continue
		}
		if !strings.HasPrefix(got.ID, id) || got.Line == nil || !strings.Contains(id, *got.Line) || got.CreatedAt.Year() < 2025 {
			t.Errorf("%+v", got)
		}
		// What the SDK reads back is what was meant.
		var sdk anthropic.ModelInfo
		if err := json.Unmarshal([]byte(asJSON(t, got)), &sdk); err != nil {
			t.Fatal(err)
		}
		if sdk.ID != got.ID || sdk.MaxTokens != got.MaxTokens || sdk.Capabilities.Effort.Xhigh.Supported != got.Capabilities.Effort.XHigh.Supported ||
			sdk.Capabilities.Thinking.Types.Adaptive.Supported != got.Capabilities.Thinking.Types.Adaptive.Supported ||
			!sdk.JSON.DeprecatedAt.Valid() != (got.DeprecatedAt == nil) || string(sdk.Lifecycle) != string(got.Lifecycle) {
			t.Errorf("the SDK read %+v of %s", sdk, asJSON(t, got))
		}
	}
	if got, _ := table.Get("claude-sonnet-4-5"); got.Lifecycle != model.Deprecated || got.DeprecatedAt == nil || got.RetiresAt == nil || got.ID != "claude-sonnet-4-5-20250929" {
		t.Errorf("%+v", got)
	}
}

func TestDemoModels(t *testing.T) {
	table, err := model.NewTable(model.Config{Demo: named("demo")})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{model.DemoID, opus} {
		if got, ok := table.Get(id); !ok || !strings.Contains(got.DisplayName, "demo model") {
			t.Errorf("%s: %+v", id, got)
		}
	}
}

// What the upstreams say about their models is announced; what the file says
// comes first.
func TestRefresh(t *testing.T) {
	anthropicLike, plain := modeltest.New(t), modeltest.New(t)
	anthropicLike.ServeModels(`{"data":[
		{"id":"claude-next","type":"model","display_name":"Claude Next","created_at":"2027-01-02T00:00:00Z","lifecycle":"deprecated","deprecated_at":"2027-02-01T00:00:00Z","line":"opus","max_input_tokens":2000000,"max_tokens":256000,
		 "capabilities":{"effort":{"low":{"supported":true},"max":{"supported":true}},"thinking":{"types":{"adaptive":{"supported":true}}},"image_input":{"supported":true}}},
		{"id":"qwen","display_name":"not yours"},{"display_name":"no id"}],"has_more":false}`)
	plain.ServeModels(`{"object":"list","data":[{"id":"qwen-7b","object":"model","created":1700000000},{"id":"llama","object":"model"}]}`)
	table, err := model.NewTable(model.Config{BaseURL: anthropicLike.URL, APIKey: "k", File: file(t, `{"models":[
		{"match":"qwen*","base_url":"`+plain.URL+`"},{"match":"named","upstream_id":"claude-next"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	if got := table.List(); len(got) < 15 {
		t.Errorf("before: %v", ids(got))
	}
	if err := table.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"named", "claude-next", "qwen-7b"}, ids(table.List())); diff != "" {
		t.Error(diff)
	}
	got, _ := table.Get("claude-next")
	if got.DisplayName != "Claude Next" || got.MaxTokens != 256000 || got.Lifecycle != model.Deprecated || !got.Capabilities.Effort.Max.Supported || got.Capabilities.Effort.High.Supported {
		t.Errorf("%s", asJSON(t, got))
	}
	if err := table.Check("claude-next", "low", ""); err != nil {
		t.Error(err)
	}

	// A server that can't tell any more changes nothing.
	plain.ServeModels("")
	anthropicLike.ServeModels(`{"oops":1}`)
	if err := table.Refresh(context.Background()); err == nil || !strings.Contains(err.Error(), "no list of models") || !strings.Contains(err.Error(), "Not found") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"named", "claude-next", "qwen-7b"}, ids(table.List())); diff != "" {
		t.Error(diff)
	}
	// One that tells something else does.
	plain.ServeModels(`{"data":[{"id":"qwen-8b"}]}`)
	anthropicLike.ServeModels(`{"data":[]}`)
	if err := table.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"named", "qwen-8b"}, ids(table.List())); diff != "" {
		t.Error(diff)
	}
}
