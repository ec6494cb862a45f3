package modeltest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

func TestStreamForm(t *testing.T) {
	d := modeltest.New(t)
	d.Queue(modeltest.Thinking("hm").And(modeltest.Text("a day")).And(modeltest.ToolUseID("t", "f", map[string]int{"a": 1})).Chunk(3).
		WithUsage(modeltest.Usage{Input: 1, Output: 2, CacheCreation5m: 3, CacheCreation1h: 4, CacheRead: 5}))
	status, body := post(t, d, request(`"stream":true`))
	if status != 200 {
		t.Fatalf("status %d: %s", status, body)
	}
	names, data := frames(t, body)
	want := []string{
		"message_start", "content_block_start", "ping", "content_block_delta", "content_block_delta", "content_block_stop",
		"content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",
		"content_block_start", "content_block_delta", "content_block_delta", "content_block_delta", "content_block_delta", "content_block_stop",
		"message_delta", "message_stop",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	end := data[len(data)-2]
	if got := end["delta"].(map[string]any)["stop_reason"]; got != "tool_use" {
		t.Errorf("stop reason %v", got)
	}
	wantUsage := map[string]any{
		"input_tokens": 1.0, "output_tokens": 2.0, "cache_creation_input_tokens": 7.0, "cache_read_input_tokens": 5.0,
		"cache_creation": map[string]any{"ephemeral_5m_input_tokens": 3.0, "ephemeral_1h_input_tokens": 4.0},
	}
	if diff := cmp.Diff(wantUsage, end["usage"]); diff != "" {
		t.Error(diff)
	}
}

func TestWholeForm(t *testing.T) {
	d := modeltest.New(t)
	d.Queue(modeltest.Refusal("bio", "no"), modeltest.MaxTokens("cut"), modeltest.PauseTurn("wait"), modeltest.Empty(), modeltest.CutOffToolUse("f", `{"a`))
	for _, want := range []struct {
		stop   string
		blocks int
	}{{"refusal", 0}, {"max_tokens", 1}, {"pause_turn", 3}, {"end_turn", 0}, {"max_tokens", 1}} {
		status, body := post(t, d, request(""))
		var m struct {
			Type, Role string
			Content    []json.RawMessage
			StopReason string `json:"stop_reason"`
		}
		if err := json.Unmarshal([]byte(body), &m); err != nil || status != 200 {
			t.Fatalf("status %d: %v %s", status, err, body)
		}
		if m.Type != "message" || m.Role != "assistant" || m.StopReason != want.stop || len(m.Content) != want.blocks || m.Content == nil {
			t.Errorf("want %+v: %s", want, body)
		}
	}
	if d.Left() != 0 {
		t.Errorf("%d replies left", d.Left())
	}
}

// content gets the content of a whole answer.
func content(t *testing.T, body string) string {
	t.Helper()
	var m struct{ Content json.RawMessage }
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatal(err)
	}
	return string(m.Content)
}

const tools = `"tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}]`

// Thinking must come back as it was, with its call, and (if bound) with all
// that came before it.
func TestThinkingComesBack(t *testing.T) {
	for _, c := range []struct {
		name  string
		opts  []modeltest.Option
		again func(content, tools string) (string, string) // of the second request
		want  string
	}{
		{"as it was", nil, func(c, tl string) (string, string) { return c, tl }, ""},
		{"bound, as it was", []modeltest.Option{modeltest.BindThinking()}, func(c, tl string) (string, string) { return c, tl }, ""},
		{"bound, with a mark more", []modeltest.Option{modeltest.BindThinking()}, func(c, tl string) (string, string) {
			return c, strings.Replace(tl, `"description"`, mark+`,"description"`, 1)
		}, ""},
		{"altered", nil, func(c, tl string) (string, string) { return strings.Replace(c, "deep", "shallow", 1), tl }, "Invalid `signature`"},
		{"left out", nil, func(c, tl string) (string, string) { return "[" + c[strings.Index(c, `{"id"`):], tl }, "is missing"},
		{"other tools", nil, func(c, tl string) (string, string) { return c, strings.Replace(tl, `"d"`, `"e"`, 1) }, ""},
		{"bound, other tools", []modeltest.Option{modeltest.BindThinking()}, func(c, tl string) (string, string) { return c, strings.Replace(tl, `"d"`, `"e"`, 1) }, "Invalid `signature`"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := modeltest.New(t, append(c.opts, modeltest.AllowRefusals())...)
			d.Queue(modeltest.Thinking("deep").And(modeltest.RedactedThinking()).And(modeltest.ToolUseID("t1", "f", struct{}{})), modeltest.Text("ok"))
			status, body := post(t, d, request(tools))
			if status != 200 {
				t.Fatalf("status %d: %s", status, body)
			}
			back, tl := c.again(content(t, body), tools)
			status, body = post(t, d, request(tl+`,"messages":[`+user+`,{"role":"assistant","content":`+back+`},`+res+`]`))
			switch {
			case c.want == "" && status != 200:
				t.Errorf("status %d: %s", status, body)
			case c.want != "" && (status != 400 || !strings.Contains(body, c.want)):
				t.Errorf("status %d: %s, want %q", status, body, c.want)
			}
		})
	}
}

// Blocks that only a Raw reply brought into the world are taken back.
func TestRawComesBack(t *testing.T) {
	d := modeltest.New(t)
	d.Queue(modeltest.Raw(`{"type":"hologram","x":1}`).And(modeltest.Text("a")), modeltest.PauseTurn("b"), modeltest.Text("c"))
	var conversation []string
	for range 3 {
		list := strings.Join(append([]string{user}, conversation...), ",")
		if len(conversation) == 1 {
			list += "," + user
		}
		status, body := post(t, d, request(`"messages":[`+list+`]`))
		if status != 200 {
			t.Fatalf("status %d: %s", status, body)
		}
		conversation = append(conversation, `{"role":"assistant","content":`+content(t, body)+`}`)
		if len(conversation) == 2 { // a paused answer goes back as it is
			conversation = []string{conversation[0], user, conversation[1]}
		}
	}
}

func TestRequest(t *testing.T) {
	d := modeltest.New(t)
	d.Func(func(r modeltest.Request) modeltest.Reply {
		return modeltest.Text(fmt.Sprintf("%s|%v|%v", r.System.Text(), r.Results(), r.ToolNames()))
	})
	_, body := post(t, d, request(tools+`,"system":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"messages":[`+user+`,`+call+`,{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}]}]`))
	if !strings.Contains(body, `a\nb|map[t1:x\ny]|[f]`) {
		t.Error(body)
	}
	if r := d.Requests()[0]; r.Last().Role != "user" || r.Messages[0].Content.Text() != "hi" || r.Header.Get("x-api-key") != "k" || !strings.Contains(string(r.Raw), `"system"`) {
		t.Errorf("%+v", r)
	}
}

// The prompt cache reads what an earlier request wrote.
func TestCacheUsage(t *testing.T) {
	d := modeltest.New(t)
	d.Func(func(modeltest.Request) modeltest.Reply { return modeltest.Text("x") })
	long := strings.Repeat("word ", 200)
	first := `{"role":"user","content":[{"type":"text","text":"` + long + `",` + mark + `}]}`
	second := `{"role":"user","content":[{"type":"text","text":"` + long + `"}]},{"role":"assistant","content":"x"},{"role":"user","content":[{"type":"text","text":"` + long + `",` + mark + `}]}`
	var got [][3]int64
	for _, m := range []string{first, second, second, `{"role":"user","content":"` + long + `"}`} {
		_, body := post(t, d, request(`"messages":[`+m+`]`))
		var a struct {
			Usage struct {
				Input int64 `json:"input_tokens"`
				Write int64 `json:"cache_creation_input_tokens"`
				Read  int64 `json:"cache_read_input_tokens"`
			}
		}
		if err := json.Unmarshal([]byte(body), &a); err != nil {
			t.Fatal(err)
		}
		got = append(got, [3]int64{a.Usage.Input, a.Usage.Write, a.Usage.Read})
	}
	if w := got[0]; w[1] < 200 || w[2] != 0 {
		t.Errorf("first: %v", w)
	}
	if w := got[1]; w[1] < 200 || w[2] != got[0][1] {
		t.Errorf("second: %v after %v", w, got[0])
	}
	if w := got[2]; w[1] != 0 || w[2] < 400 {
		t.Errorf("again: %v", w)
	}
	if w := got[3]; w[0] < 200 || w[1] != 0 || w[2] != 0 {
		t.Errorf("without a mark: %v", w)
	}
}

func TestHang(t *testing.T) {
	d := modeltest.New(t)
	released, left := modeltest.NewHang(), modeltest.NewHang()
	d.Queue(modeltest.Text("late").HangAt(0, released), modeltest.Text("never").HangAt(3, left))
	go func() { <-released.Arrived(); released.Release() }()
	if status, body := post(t, d, request("")); status != 200 || !strings.Contains(body, "late") {
		t.Errorf("status %d: %s", status, body)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-left.Arrived(); cancel() }()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL+"/v1/messages", strings.NewReader(request(`"stream":true`)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"X-Api-Key": {"k"}, "Anthropic-Version": {"2026-10-21"}, "Content-Type": {"application/json"}}
	if res, err := http.DefaultClient.Do(req); err == nil {
		defer res.Body.Close() //nolint:errcheck // it is cut
	}
	<-left.Gone()
}

func TestNoReply(t *testing.T) {
	d := modeltest.New(t, modeltest.AllowRefusals())
	if status, body := post(t, d, request("")); status != 500 || !strings.Contains(body, "no reply is queued") {
		t.Errorf("status %d: %s", status, body)
	}
	res, err := http.Get(d.URL + "/v1/nothing") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != 404 {
		t.Errorf("status %d %v", res.StatusCode, err)
	}
}
