package contract

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestRouteOf(t *testing.T) {
	for request, want := range map[string]string{
		"GET /v1/agents":                                "GET /v1/agents",
		"GET /v1/agents/agent_1":                        "GET /v1/agents/{agent_id}",
		"GET /v1/environments/env_1/work/poll":          "GET /v1/environments/{environment_id}/work/poll",
		"GET /v1/environments/env_1/work/work_1":        "GET /v1/environments/{environment_id}/work/{work_id}",
		"GET /v1/sessions/sesn_1/events/stream":         "GET /v1/sessions/{session_id}/events/stream",
		"GET /v1/sessions/sesn_1/threads/sthr_1/stream": "GET /v1/sessions/{session_id}/threads/{thread_id}/stream",
		"PUT /v1/agents/agent_1":                        "",
		"GET /v1/agents/":                               "",
		"GET /v1/sessions/sesn_1/nothing":               "",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got, ok := RouteOf(method, path); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v, want %q", request, got, ok, want)
		}
	}
}

// TestEveryRouteIsListed compares the tables with the descriptions: what the
// API describes for the resources we serve has a row.
func TestEveryRouteIsListed(t *testing.T) {
	d1, d2 := descriptions(t)
	// Enrollment and action URLs lead to programs of the hosted service.
	hosted := []string{"/enrollment_url", "/action_urls"}
	listed := routes()
	for _, d := range []*Description{d1, d2} {
		for route := range d.responses {
			_, path, _ := strings.Cut(route, " ")
			served := slices.ContainsFunc(listed, func(r string) bool { return strings.Split(r, "/")[2] == strings.Split(route, "/")[2] })
			if strings.HasPrefix(path, "/v1/organizations/") {
				served = strings.HasPrefix(path, "/v1/organizations/webhooks")
			}
			if !served || slices.ContainsFunc(hosted, func(h string) bool { return strings.HasSuffix(path, h) }) {
				continue
			}
			if !slices.Contains(listed, route) {
				t.Errorf("no types for %s", route)
			}
		}
	}
	for _, route := range listed {
		if d2.responses[route] == nil || d1.responses[route] == nil {
			t.Errorf("%s is in no description", route)
		}
	}
}

func TestFailure(t *testing.T) {
	const good = `{"type":"error","error":{"type":"conflict_error","message":"x","details":{"error_code":"y"}},"request_id":"req_1"}`
	for name, tt := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"good":             {409, good, ""},
		"no details":       {400, `{"type":"error","error":{"type":"invalid_request_error","message":"x"},"request_id":"req_1"}`, ""},
		"details null":     {400, `{"type":"error","error":{"type":"invalid_request_error","message":"x","details":null},"request_id":"req_1"}`, "error.details"},
		"no message":       {400, `{"type":"error","error":{"type":"invalid_request_error"},"request_id":"req_1"}`, "error.message"},
		"other request id": {409, strings.Replace(good, "req_1", "req_2", 1), "request_id"},
		"no type":          {409, strings.Replace(good, `"type":"error",`, "", 1), "type"},
		"no such status":   {418, good, "answers nothing with status 418"},
	} {
		t.Run(name, func(t *testing.T) {
			found := Failure(tt.status, http.Header{"Request-Id": {"req_1"}}, []byte(tt.body))
			if tt.want == "" && len(found) > 0 || !strings.Contains(found.Error(), tt.want) {
				t.Errorf("found %q, want %q", found.Error(), tt.want)
			}
		})
	}
}

// TestExtrasAreNeeded keeps the list of forgiven members honest.
func TestExtrasAreNeeded(t *testing.T) {
	d1, d2 := descriptions(t)
	for _, e := range extras {
		if e.reason == "" {
			t.Errorf("%s.%s: no reason", e.owner, e.member)
		}
		known := func(d *Description) bool {
			s := d.Components.Schemas[e.owner]
			return s != nil && s.Properties[e.member] != nil
		}
		if known(d1) && known(d2) {
			t.Errorf("%s.%s: every judge knows it", e.owner, e.member)
		}
	}
}
