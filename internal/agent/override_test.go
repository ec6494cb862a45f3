package agent

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestOverride(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"nothing", `{}`, `{}`},
		{"model by id takes its own defaults", `{"model":"big"}`, `{"model":{"id":"big","effort":{"type":"high"},"speed":"standard"}}`},
		{"model object", `{"model":{"id":"big","effort":"max","inference_geo":"eu"}}`, `{"model":{"id":"big","effort":{"type":"max"},"speed":"standard","inference_geo":"eu"}}`},
		{"system", `{"system":"other"}`, `{"system":"other"}`},
		{"system cleared", `{"system":null}`, `{"system":null}`},
		{"system cleared by a blank", `{"system":""}`, `{"system":null}`},
		{"skills cleared", `{"skills":[]}`, `{"skills":[]}`},
		{"all lists cleared", `{"tools":null,"mcp_servers":[],"skills":null}`, `{"tools":[],"mcp_servers":[],"skills":[]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := newAgent(t, full).AgentSpec
			before := string(wire.Encode(base))
			got, err := Override(base, decode[wire.AgentOverrides](t, c.body), fakeModels{})
			if err != nil {
				t.Fatal(err)
			}
			want := decode[map[string]any](t, before)
			for k, v := range decode[map[string]any](t, c.want) {
				want[k] = v
			}
			if diff := cmp.Diff(want, decode[map[string]any](t, string(wire.Encode(got)))); diff != "" {
				t.Error(diff)
			}
			if string(wire.Encode(base)) != before {
				t.Error("the override changed its base")
			}
		})
	}
}

func TestOverrideRefuses(t *testing.T) {
	for _, c := range []struct{ body, want, code string }{
		{`{"model":null}`, "agent.model: can't be cleared: an agent needs a model", "agent_model_required"},
		{`{"model":"none"}`, `agent.model.id: unknown model "none"`, ""},
		{`{"model":{"id":"small","effort":"low"}}`, `agent.model.effort: small has no level "low"`, ""},
		{`{"tools":[]}`, "agent.mcp_servers[0].name: no `mcp_toolset` of tools names the server `x`", ""},
		{`{"tools":[],"mcp_servers":[]}`, "agent.skills: skills need the built-in tool `read`, which is not enabled", ""},
		{`{"mcp_servers":[]}`, "agent.tools[1].mcp_server_name: no server of mcp_servers is named `x`", ""},
		{`{"skills":[{"type":"x","skill_id":"s"}]}`, "agent.skills[0].type: `x` is not one of `anthropic`, `custom`", ""},
	} {
		_, err := Override(newAgent(t, full).AgentSpec, decode[wire.AgentOverrides](t, c.body), fakeModels{})
		var f *fault.Error
		if !errors.As(err, &f) || f.Error() != c.want || f.Code != c.code {
			t.Errorf("%s: %v, want %s", c.body, err, c.want)
		}
	}
}

func TestUpdateTools(t *testing.T) {
	cur := newAgent(t, full).AgentSpec
	for _, c := range []struct {
		body    string
		changed bool
		want    string
	}{
		{`{}`, false, ""},
		{`{"tools":` + string(wire.Encode(cur.Tools)) + `,"mcp_servers":` + string(wire.Encode(cur.MCPServers)) + `}`, false, ""},
		{`{"tools":[{"type":"agent_toolset_20260401"}],"mcp_servers":[]}`, true, ""},
		{`{"mcp_servers":[]}`, false, "agent.tools[1].mcp_server_name: no server of mcp_servers is named `x`"},
		{`{"tools":[],"mcp_servers":[]}`, false, "agent.skills: skills need the built-in tool `read`, which is not enabled"},
	} {
		got, changed, err := UpdateTools(cur, decode[wire.SessionAgentUpdate](t, c.body))
		if text(err) != c.want || changed != c.changed {
			t.Errorf("%.60s: changed %v, %v", c.body, changed, err)
		}
		if got.Name != "n" || len(got.Skills) != 1 {
			t.Errorf("%.60s: other fields changed: %+v", c.body, got)
		}
	}
}
