package model_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
)

func fail(t *testing.T, c model.Client, req model.Request) *model.Error {
	t.Helper()
	res, err := c.Stream(context.Background(), req, nil)
	var e *model.Error
	if !errors.As(err, &e) {
		t.Fatalf("answer %+v, error %v", res, err)
	}
	if strings.Contains(e.Message, "sk-test-key") {
		t.Errorf("the message holds the key: %s", e.Message)
	}
	return e
}

func TestErrors(t *testing.T) {
	const (
		failed  = model.KindRequestFailed
		unknown = model.KindUnknown
		busy    = model.KindOverloaded
		limited = model.KindRateLimited
		billing = model.KindBilling
	)
	long := modeltest.Text("one two three four")
	for _, c := range []struct {
		name   string
		reply  modeltest.Reply
		kind   model.ErrorKind
		status int
		retry  bool
		after  time.Duration
		says   string
	}{
		{"invalid request", modeltest.Error(400, "invalid_request_error", "messages: too odd"), failed, 400, false, 0, "messages: too odd"},
		{"bad key, repeated by the upstream", modeltest.Error(401, "authentication_error", "invalid key sk-test-key"), failed, 401, false, 0, "invalid key ***"},
		{"no permission", modeltest.Error(403, "permission_error", "no"), failed, 403, false, 0, "no"},
		{"not found", modeltest.Error(404, "not_found_error", "model: x"), failed, 404, false, 0, "model: x"},
		{"too large", modeltest.Error(413, "request_too_large", "big"), failed, 413, false, 0, "big"},
		{"slow request", modeltest.Error(408, "timeout_error", "slow"), unknown, 408, true, 0, "slow"},
		{"conflict", modeltest.Error(409, "conflict_error", "c"), unknown, 409, true, 0, ""},
		{"rate limit", modeltest.Error(429, "rate_limit_error", "slow down").WithHeader("retry-after", "7"), limited, 429, true, 7 * time.Second, "slow down"},
		{"rate limit in milliseconds", modeltest.Error(429, "rate_limit_error", "x").WithHeader("retry-after-ms", "1500").WithHeader("retry-after", "9"), limited, 429, true, 1500 * time.Millisecond, ""},
		{"ramp limit", modeltest.Error(429, "rate_limit_error", "x").Code("ramp_limit_exceeded").WithHeader("retry-after", "30"), limited, 429, true, 30 * time.Second, ""},
		{"spend limit", modeltest.Error(429, "rate_limit_error", "spent").Code("enforced_spend_limit_reached").WithHeader("x-should-retry", "true"), billing, 429, false, 0, "spent"},
		{"contract limit", modeltest.Error(429, "rate_limit_error", "spent").Code("contract_spend_limit_reached"), billing, 429, false, 0, ""},
		{"linked organization", modeltest.Error(402, "billing_error", "b").Code("linked_organization_billing_unavailable"), billing, 402, false, 0, ""},
		{"payment required", modeltest.Error(402, "odd_error", "b"), billing, 402, false, 0, ""},
		{"not billable", modeltest.Error(403, "permission_error", "b").Code("user_profile_not_billable"), billing, 403, false, 0, ""},
		{"no credit", modeltest.Error(400, "invalid_request_error", "Your credit balance is too low to access the API."), billing, 400, false, 0, "credit"},
		{"server error", modeltest.Error(500, "api_error", "Internal server error"), unknown, 500, true, 0, ""},
		{"server error that is final", modeltest.Error(500, "api_error", "no").WithHeader("x-should-retry", "false"), unknown, 500, false, 0, ""},
		{"client error that is not", modeltest.Error(400, "invalid_request_error", "no").WithHeader("x-should-retry", "true"), failed, 400, true, 0, ""},
		{"not implemented", modeltest.Error(501, "api_error", "no"), failed, 501, false, 0, ""},
		{"overloaded", modeltest.Error(529, "overloaded_error", "Overloaded"), busy, 529, true, 0, "Overloaded"},
		{"overloaded with a common status", modeltest.Error(500, "overloaded_error", "Overloaded"), busy, 500, true, 0, ""},
		{"unavailable", modeltest.Error(503, "api_error", "draining").WithHeader("retry-after", "-1"), busy, 503, true, 0, ""},
		{"compaction unavailable", modeltest.Error(529, "overloaded_error", "x").Code("compaction_unavailable"), busy, 529, true, 0, ""},
		{"error without a message", modeltest.Error(502, "", ""), unknown, 502, true, 0, "status 502 Bad Gateway"},
		{"error in the stream", long.StreamError(4, "overloaded_error", "Overloaded"), busy, 200, true, 0, "Overloaded"},
		{"rate limit in the stream", long.StreamError(1, "rate_limit_error", "x"), limited, 200, true, 0, ""},
		{"billing in the stream", long.StreamError(1, "billing_error", "x"), billing, 200, false, 0, ""},
		{"refusal in the stream", long.StreamError(1, "invalid_request_error", "x"), failed, 200, false, 0, ""},
		{"api error in the stream", long.StreamError(2, "api_error", "x"), unknown, 200, true, 0, ""},
		{"error of no type in the stream", long.StreamError(2, "", ""), unknown, 200, true, 0, "without saying which"},
		{"dropped before anything", long.Drop(0), unknown, 0, true, 0, ""},
		{"dropped in the middle", long.Drop(4), unknown, 0, true, 0, "before the message was complete"},
		{"dropped before the last event", long.Drop(7), unknown, 0, true, 0, "before the message was complete"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := modeltest.New(t)
			d.Queue(c.reply)
			e := fail(t, newTable(t, d), hello(opus))
			if e.Kind != c.kind || e.Status != c.status || e.Retryable != c.retry || e.RetryAfter != c.after {
				t.Errorf("got %+v", e)
			}
			if !strings.Contains(e.Message, c.says) || e.Message == "" {
				t.Errorf("message %q, want %q", e.Message, c.says)
			}
			if n := len(d.Requests()); n != 1 {
				t.Errorf("%d requests: only the turn may retry", n)
			}
		})
	}
}

// Answers that no Messages API would give.
func TestOddServers(t *testing.T) {
	const events = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n" +
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n" +
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n"
	const end = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
		"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n"
	for _, c := range []struct {
		name, kind, body string
		status           int
		want             string // text of the answer
		fails            string // or of the error
		retry            bool
	}{
		{"no message_stop", "text/event-stream", events + end, 200, "hi", "", false},
		{"end in the middle", "text/event-stream", events, 200, "", "before the message was complete", true},
		{"no event names, and the end of another API", "text/event-stream; charset=utf-8", strings.ReplaceAll(strings.ReplaceAll(events+end, "event: ", ": "), "\n\n", "\r\n\r\n") + "data: [DONE]\r\n\r\n", 200, "hi", "", false},
		{"a whole message", "application/json", `{"content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1}}`, 200, "hi", "", false},
		{"an error with status 200", "application/json", `{"error":{"type":"overloaded_error","message":"busy"}}`, 200, "", "busy", true},
		{"half a message", "application/json", `{"content":[`, 200, "", "not JSON", true},
		{"a page", "text/html", "<html>", 200, "", "content type \"text/html\"", true},
		{"an error page", "text/html", "<html>sk-test-key", 502, "", "status 502 Bad Gateway: <html>***", true},
		{"an error that is a list", "application/json", `[1]`, 503, "", "status 503", true},
		{"no content", "", "", 204, "", "status 204", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				if c.body != "" {
					if _, err := w.Write([]byte(c.body)); err != nil {
						t.Error(err)
					}
				}
			}))
			defer srv.Close()
			table, err := model.NewTable(model.Config{BaseURL: srv.URL + "/v1/", APIKey: "sk-test-key"})
			if err != nil {
				t.Fatal(err)
			}
			defer table.Close()
			if c.fails == "" {
				res, got := stream(t, table, hello("local"))
				if len(res.Content) != 1 || got.text() != c.want {
					t.Errorf("%s, sink got %q", asJSON(t, res), got.text())
				}
				return
			}
			if e := fail(t, table, hello("local")); !strings.Contains(e.Message, c.fails) || e.Retryable != c.retry {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// A redirect is not followed: the key would go along.
func TestRedirect(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another server was asked, with key %q", r.Header.Get("x-api-key"))
	}))
	defer other.Close()
	srv := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer srv.Close()
	table, err := model.NewTable(model.Config{BaseURL: srv.URL, APIKey: "sk-test-key"})
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	if e := fail(t, table, hello(opus)); e.Status != http.StatusTemporaryRedirect || e.Retryable {
		t.Errorf("got %+v", e)
	}
}

func TestNoServer(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	table, err := model.NewTable(model.Config{BaseURL: srv.URL, APIKey: "sk-test-key"})
	if err != nil {
		t.Fatal(err)
	}
	e := fail(t, table, hello(opus))
	if e.Kind != model.KindUnknown || !e.Retryable || e.Status != 0 || !strings.Contains(e.Message, "cannot reach the upstream") || strings.Contains(e.Message, "/v1/messages") {
		t.Errorf("got %+v", e)
	}
}
