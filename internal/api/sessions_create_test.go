package api_test

import (
	"fmt"
	"testing"

	"github.com/ostlerdev/ostler/internal/apitest"
)

// A refusal names the member in the form that the client chose.
func TestSessionAgentIsNamed(t *testing.T) {
	s := apitest.Start(t)
	_, cloud, _ := stage(t, s)
	for _, c := range []struct{ agent, want string }{
		{`null`, "agent: field required"},
		{`""`, "agent: field required"},
		{`"agent_none"`, "agent: no agent `agent_none`"},
		{`{"type":"agent"}`, "agent.id: field required"},
		{`{"type":"agent","id":"agent_none"}`, "agent.id: no agent `agent_none`"},
		{`{"type":"agent_with_overrides","id":""}`, "agent.id: field required"},
		{`{"type":"agent_with_overrides","id":"agent_none","version":1}`, "agent.id: no agent `agent_none`"},
	} {
		body := fmt.Sprintf(`{"agent":%s,"environment_id":%q}`, c.agent, cloud)
		s.Call("POST", "/v1/sessions", body).Refused(t, 400, "invalid_request_error", c.want)
	}
}
