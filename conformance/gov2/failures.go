package gov2

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/option"
)

// refused wants an error of the API with a status and a type.
func refused(t testing.TB, err error, status int, typ string, parts ...string) {
	t.Helper()
	var e *anthropic.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no error of the API", err)
	}
	equal(t, "status", e.StatusCode, status)
	equal(t, "type", string(e.Type()), typ)
	if e.RequestID == "" {
		t.Fatal("no request id")
	}
	for _, part := range parts {
		if !strings.Contains(e.Error(), part) {
			t.Fatalf("%q is not in %v", part, e)
		}
	}
}

func notFound(t testing.TB, c *anthropic.Client) {
	_, err := c.Beta.Agents.Get(ctx(t), "agent_01nothing", anthropic.BetaAgentGetParams{})
	refused(t, err, 404, "not_found_error")
	_, err = c.Beta.Environments.Get(ctx(t), "env_01nothing", anthropic.BetaEnvironmentGetParams{})
	refused(t, err, 404, "not_found_error")
	_, err = c.Beta.Sessions.Get(ctx(t), "sesn_01nothing", anthropic.BetaSessionGetParams{})
	refused(t, err, 404, "not_found_error")
	refused(t, send(t, c, "sesn_01nothing", message("x")), 404, "not_found_error")
	stream := c.Beta.Sessions.Events.StreamEvents(ctx(t), "sesn_01nothing", anthropic.BetaSessionEventStreamParams{})
	for stream.Next() {
		t.Fatal("an event of no session")
	}
	refused(t, stream.Err(), 404, "not_found_error")
}

func badRequest(t testing.TB, c *anthropic.Client) {
	params := anthropic.BetaAgentNewParams{Name: "x", Model: anthropic.BetaManagedAgentsModelConfigParams{ID: "claude-opus-5-5"}}
	_, err := c.Beta.Agents.New(ctx(t), params, option.WithJSONSet("colour", "red"))
	refused(t, err, 400, "invalid_request_error", "colour")
	params.Name = ""
	_, err = c.Beta.Agents.New(ctx(t), params)
	refused(t, err, 400, "invalid_request_error", "name")
	_, err = c.Beta.Sessions.List(ctx(t), anthropic.BetaSessionListParams{Page: anthropic.String("garbage")})
	refused(t, err, 400, "invalid_request_error", "page")
	session := newSession(t, c, newAgent(t, c))
	refused(t, send(t, c, session, message("")), 400, "invalid_request_error", "events[0].content")
}

func wrongKey(t testing.TB, c *anthropic.Client) {
	_, err := c.Beta.Agents.List(ctx(t), anthropic.BetaAgentListParams{}, option.WithAPIKey("wrong"))
	refused(t, err, 401, "authentication_error")
}

// bearerToken shows that a key is taken in either header, whichever the SDK
// uses by itself.
func bearerToken(t testing.TB, c *anthropic.Client) {
	key := ""
	spy := option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		key = r.Header.Get("X-Api-Key") + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		return next(r)
	})
	if _, err := c.Beta.Agents.List(ctx(t), anthropic.BetaAgentListParams{}, spy); err != nil {
		t.Fatal(err)
	}
	for header, value := range map[string]string{"X-Api-Key": key, "Authorization": "Bearer " + key} {
		_, err := c.Beta.Agents.List(ctx(t), anthropic.BetaAgentListParams{},
			option.WithHeaderDel("X-Api-Key"), option.WithHeaderDel("Authorization"), option.WithHeader(header, value))
		if err != nil {
			t.Fatalf("%s: %v", header, err)
		}
	}
}
