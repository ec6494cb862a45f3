package agent

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/wire"
)

// full is an agent with a value in every field.
const full = `{"name":"n","description":"d","model":{"id":"big","effort":"low","speed":"fast","inference_geo":"us"},"system":"s",
	"tools":[{"type":"agent_toolset_20260401","default_config":{"permission_policy":{"type":"auto"}},"configs":[
		{"name":"web_search","allowed_domains":["a.com"],"user_location":{"type":"approximate","country":"DE"}},
		{"name":"web_fetch","max_content_tokens":9,"url_sources":{"client_tool_results":{"type":"only","tools":[{"type":"tool_reference","name":"t"}]}}}]},
		{"type":"mcp_toolset","mcp_server_name":"x","configs":[{"name":"y"}]},
		{"type":"custom","name":"t","description":"d","input_schema":{"type":"object"}}],
	"mcp_servers":[{"type":"url","name":"x","url":"https://x.example"}],
	"skills":[{"type":"custom","skill_id":"skill_1"}],"metadata":{"a":"1","b":"2"}}`

func TestUpdate(t *testing.T) {
	const same = ""
	for _, c := range []struct {
		name, body string
		want       string // the members that differ, after the update; "" for no change
	}{
		{"nothing", `{}`, same},
		{"the values it has", full, same},
		{"name", `{"name":"m"}`, `{"name":"m"}`},
		{"description cleared by null", `{"description":null}`, `{"description":null}`},
		{"system cleared by a blank", `{"system":""}`, `{"system":null}`},
		{"metadata merged", `{"metadata":{"a":null,"c":"3"}}`, `{"metadata":{"b":"2","c":"3"}}`},
		{"metadata null", `{"metadata":null}`, same},
		{"metadata key that isn't there", `{"metadata":{"z":null}}`, same},
		{"empty metadata value is a value", `{"metadata":{"a":""}}`, `{"metadata":{"a":"","b":"2"}}`},
		{"identity back to the default", `{"execution_identity":null}`, same},
		{"roster cleared", `{"multiagent":null}`, same},
		{"skills cleared", `{"skills":[]}`, `{"skills":[]}`},
		{"skills cleared by null", `{"skills":null}`, `{"skills":[]}`},
		{"skill pinned", `{"skills":[{"type":"custom","skill_id":"skill_1","version":"2"}]}`, `{"skills":[{"type":"custom","skill_id":"skill_1","version":"2"}]}`},
		{"servers and tools together", `{"mcp_servers":null,"tools":[{"type":"agent_toolset_20260401"}]}`,
			`{"mcp_servers":[],"tools":[{"type":"agent_toolset_20260401","default_config":{"enabled":true,"permission_policy":{"type":"always_allow"}},"configs":[]}]}`},

		// A model is replaced whole, except for effort under the same id.
		{"same model by id", `{"model":"big"}`, `{"model":{"id":"big","effort":{"type":"low"},"speed":"standard"}}`},
		{"same model as object", `{"model":{"id":"big","speed":"fast"}}`, `{"model":{"id":"big","effort":{"type":"low"},"speed":"fast"}}`},
		{"same model, null effort", `{"model":{"id":"big","effort":null,"speed":"fast","inference_geo":"us"}}`, same},
		{"other effort", `{"model":{"id":"big","effort":"max","speed":"fast","inference_geo":"us"}}`,
			`{"model":{"id":"big","effort":{"type":"max"},"speed":"fast","inference_geo":"us"}}`},
		{"other model", `{"model":"small"}`, `{"model":{"id":"small","effort":{"type":"medium"},"speed":"standard"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			cur := newAgent(t, full)
			before := string(wire.Encode(cur))
			cfg, changed, err := Update(cur, decode[wire.AgentUpdateParams](t, c.body), fakeModels{})
			if err != nil {
				t.Fatal(err)
			}
			if changed != (c.want != same) {
				t.Errorf("changed: %v", changed)
			}
			want := decode[map[string]any](t, string(wire.Encode(cur.AgentConfig)))
			if c.want != same {
				for k, v := range decode[map[string]any](t, c.want) {
					want[k] = v
				}
			}
			if diff := cmp.Diff(want, decode[map[string]any](t, string(wire.Encode(cfg)))); diff != "" {
				t.Error(diff)
			}
			if string(wire.Encode(cur)) != before {
				t.Error("the update changed the agent that it was given")
			}
		})
	}
}

func TestUpdateChecksTheResult(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`{"name":""}`, "name: must not be empty"},
		{`{"name":null}`, "name: expected a string"},
		{`{"model":null}`, "model: expected a model id or an object"},
		{`{"model":{"id":"small","speed":"fast"}}`, "model.speed: small is never fast"},
		{`{"tools":[]}`, "mcp_servers[0].name: no `mcp_toolset` of tools names the server `x`"},
		{`{"tools":null,"mcp_servers":null}`, "skills: skills need the built-in tool `read`, which is not enabled"},
		{`{"mcp_servers":[]}`, "tools[1].mcp_server_name: no server of mcp_servers is named `x`"},
		{`{"mcp_servers":[{"type":"url","name":"z","url":"https://x.example"}]}`, "tools[1].mcp_server_name: no server of mcp_servers is named `x`"},
		{`{"multiagent":{}}`, "multiagent: not supported yet by this server"},
		{`{"tools":[{"type":"agent_toolset_20260401","configs":[{"name":"web_fetch","url_sources":{"client_tool_results":{"type":"only","tools":[{"type":"tool_reference","name":"t"}]}}}]}]}`,
			"tools[0].configs[0].url_sources.client_tool_results.tools[0].name: `t` is not a custom tool of this tools array"},
	} {
		cur := newAgent(t, full)
		_, changed, err := Update(cur, decode[wire.AgentUpdateParams](t, c.body), fakeModels{})
		if text(err) != c.want || changed {
			t.Errorf("%s:\ngot  %v\nwant %s", c.body, err, c.want)
		}
	}
}

// What the server answers, a client may send back: nothing changes.
func TestAnswerIsAValidUpdate(t *testing.T) {
	for _, body := range []string{full, `{"name":"n","model":"small"}`} {
		cur := newAgent(t, body)
		echo := decode[map[string]any](t, string(wire.Encode(cur.AgentConfig)))
		cfg, changed, err := Update(cur, decode[wire.AgentUpdateParams](t, string(wire.Encode(echo))), fakeModels{})
		if err != nil || changed || !reflect.DeepEqual(cfg, cur.AgentConfig) {
			t.Errorf("%.30s…: changed %v, %v", body, changed, err)
		}
	}
}
