package model_test

import (
	"testing"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/model/demo"
	"github.com/ostlerdev/ostler/internal/modeltest"
)

// What upstreams say of requests that are too long, and of others.
func TestTooLong(t *testing.T) {
	invalid := func(message string) modeltest.Reply {
		return modeltest.Error(400, "invalid_request_error", message)
	}
	for _, c := range []struct {
		name  string
		reply modeltest.Reply
		long  bool
		limit int64
	}{
		{"the Messages API", invalid("prompt is too long: 209178 tokens > 200000 maximum"), true, 200000},
		{"with the answer's tokens", invalid("input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length or `max_tokens` and try again"), true, 200000},
		{"in bytes", modeltest.Error(413, "request_too_large", "Request exceeds the maximum size"), true, 0},
		{"by a proxy", modeltest.Error(413, "", ""), true, 0},
		{"vLLM", modeltest.Error(400, "BadRequestError", "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens"), true, 8192},
		{"llama.cpp", invalid("the request exceeds the available context size (4096), try increasing it"), true, 4096},
		{"a gateway", invalid("bad request").Code("context_length_exceeded"), true, 0},
		{"that may be tried again", invalid("prompt is too long").WithHeader("x-should-retry", "true"), true, 0},
		{"in the stream", modeltest.Text("a b c d").StreamError(1, "invalid_request_error", "prompt is too long: 5 tokens > 4 maximum"), true, 4},
		{"something else", invalid("messages.3: text content blocks must be non-empty"), false, 0},
		{"a rate limit", modeltest.Error(429, "rate_limit_error", "prompt is too long for your context window tier"), false, 0},
		{"an overload", modeltest.Error(529, "overloaded_error", "context window"), false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := modeltest.New(t)
			d.Queue(c.reply)
			e := fail(t, newTable(t, d), hello(opus))
			if e.TooLong != c.long || e.Limit != c.limit || c.long && e.Retryable {
				t.Errorf("got %+v", e)
			}
		})
	}
}

func TestWindow(t *testing.T) {
	d := modeltest.New(t)
	table := newTable(t, d)
	for id, want := range map[string][2]int64{opus: {1_000_000, 64_000}, "claude-haiku-4-5": {200_000, 64_000}, "else": {131_072, 8192}, "": {0, 0}} {
		if window, answer := table.Window(id); window != want[0] || answer != want[1] {
			t.Errorf("%q: %d, %d", id, window, answer)
		}
	}
	alone, err := model.NewTable(model.Config{Demo: demo.New(demo.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	if window, answer := alone.Window(opus); window != 0 || answer != 0 {
		t.Errorf("the demo model: %d, %d", window, answer)
	}
}

// A caller may ask for a shorter answer, not for a longer one.
func TestMaxTokens(t *testing.T) {
	d := modeltest.New(t)
	d.Func(func(modeltest.Request) modeltest.Reply { return modeltest.Text("x") })
	table := newTable(t, d)
	for _, asked := range []int64{0, 100, 1 << 30} {
		req := hello(opus)
		req.MaxTokens = asked
		stream(t, table, req)
	}
	for i, want := range []int64{64_000, 100, 64_000} {
		if got := *d.Requests()[i].MaxTokens; got != want {
			t.Errorf("request %d: %d, want %d", i, got, want)
		}
	}
}
