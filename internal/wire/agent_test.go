package wire

import (
	"reflect"
	"testing"
)

// stored is an agent with every kind of thing in it, in its API form.
const stored = `{"id":"agent_1","type":"agent","name":"n","description":null,` +
	`"model":{"id":"m","effort":{"type":"high"},"speed":"standard","inference_geo":"us"},"system":"s",` +
	`"tools":[{"type":"agent_toolset_20260401","default_config":{"enabled":false,"permission_policy":{"type":"always_allow"}},` +
	`"configs":[{"type":"bash","name":"bash","enabled":true,"permission_policy":{"type":"auto"}},` +
	`{"type":"web_search","name":"web_search","enabled":true,"permission_policy":{"type":"always_ask"},"allowed_domains":["a.com"],"user_location":null},` +
	`{"type":"web_fetch","name":"web_fetch","enabled":true,"permission_policy":{"type":"always_ask"},"blocked_domains":["b.com"],"max_content_tokens":5,` +
	`"url_sources":{"user_input":null,"client_tool_results":{"type":"only","tools":[{"type":"tool_reference","name":"t"}]},"server_tool_results":{"type":"none"}}}]},` +
	`{"type":"mcp_toolset","mcp_server_name":"x","default_config":{"enabled":true,"permission_policy":{"type":"always_ask"}},` +
	`"configs":[{"name":"y","enabled":false,"permission_policy":{"type":"always_allow"}}]},` +
	`{"type":"custom","name":"t","description":"d","input_schema":{"type":"object","x":[1.50,null]}}],` +
	`"mcp_servers":[{"type":"url","name":"x","url":"https://x.example/mcp"}],"skills":[{"type":"custom","skill_id":"skill_1","version":"latest"}],` +
	`"multiagent":null,"execution_identity":{"type":"service_account"},"metadata":{"a":"1","b":"2"},` +
	`"version":3,"created_at":"2026-10-01T09:00:00.000000Z","updated_at":"2026-10-01T09:00:00.000001Z","archived_at":null}`

func TestAgentKeepsItsForm(t *testing.T) {
	var a Agent
	if err := Decode([]byte(stored), &a); err != nil {
		t.Fatal(err)
	}
	if got := string(Encode(a)); got != stored {
		t.Errorf("got  %s\nwant %s", got, stored)
	}
	var again Agent
	if err := Decode(Encode(a), &again); err != nil || !reflect.DeepEqual(a, again) {
		t.Errorf("decoded twice: %v, %+v", err, again)
	}
	s := SessionAgent{ID: a.ID, Type: "agent", AgentSpec: a.AgentSpec, Version: a.Version}
	var snapshot map[string]any
	if err := Decode(Encode(s), &snapshot); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"metadata", "created_at", "updated_at", "archived_at"} {
		if _, ok := snapshot[k]; ok {
			t.Errorf("a session's agent has %s", k)
		}
	}
	if len(snapshot) != 12 {
		t.Errorf("a session's agent has %d members, want 12: %v", len(snapshot), snapshot)
	}
}

func TestEmptyAgentHasEveryMember(t *testing.T) {
	const want = `{"id":"","type":"","name":"","description":null,"model":{"id":"","effort":{"type":""},"speed":""},"system":null,` +
		`"tools":[],"mcp_servers":[],"skills":[],"multiagent":null,"execution_identity":{"type":""},"metadata":{},` +
		`"version":0,"created_at":"0001-01-01T00:00:00.000000Z","updated_at":"0001-01-01T00:00:00.000000Z","archived_at":null}`
	if got := string(Encode(Agent{})); got != want {
		t.Errorf("got %s", got)
	}
}

func TestToolConfig(t *testing.T) {
	var a Agent
	if err := Decode([]byte(stored), &a); err != nil {
		t.Fatal(err)
	}
	set, mcp := a.Tools[0].Agent, a.Tools[1].MCP
	for name, want := range map[string]string{
		"bash":  `{"type":"bash","name":"bash","enabled":true,"permission_policy":{"type":"auto"}}`,
		"grep":  `{"type":"grep","name":"grep","enabled":false,"permission_policy":{"type":"always_allow"}}`,
		"write": `{"type":"write","name":"write","enabled":false,"permission_policy":{"type":"always_allow"}}`,
	} {
		if got := string(Encode(set.Config(name))); got != want {
			t.Errorf("%s: got %s", name, got)
		}
	}
	unset := AgentToolset{DefaultConfig: ToolDefault{Enabled: true}}
	if c := unset.Config("web_fetch"); c.WebFetchSettings == nil || c.WebSearchSettings != nil {
		t.Errorf("web_fetch by default: %+v", c)
	}
	if c := unset.Config("web_search"); c.WebSearchSettings == nil || c.WebFetchSettings != nil {
		t.Errorf("web_search by default: %+v", c)
	}
	if c := mcp.Config("y"); c.Enabled || c.PermissionPolicy.Type != AlwaysAllow {
		t.Errorf("y: %+v", c)
	}
	if c := mcp.Config("z"); !c.Enabled || c.PermissionPolicy.Type != AlwaysAsk || c.Name != "z" {
		t.Errorf("z: %+v", c)
	}
}

func TestSessionAgentParam(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`"agent_1"`, ""},
		{`{"type":"agent","id":"agent_1"}`, ""},
		{`{"type":"agent","id":"agent_1","version":2}`, ""},
		{`{"type":"agent_with_overrides","id":"agent_1","system":null,"tools":[]}`, ""},
		{`{"type":"agent","id":"agent_1","system":null}`, "agent.system: unknown field"},
		{`{"type":"agent_with_overrides","id":"agent_1","name":"x"}`, "agent.name: unknown field"},
		{`{"type":"agent_with_overrides","id":"agent_1","tools":[{"type":"x"}]}`, "agent.tools[0].type: `x` is not one of `agent_toolset_20260401`, `mcp_toolset`, `custom`"},
		{`{"type":"agent_with_overrides","id":"agent_1","tools":[{"type":"custom","name":3}]}`, "agent.tools[0].name: expected a string"},
		{`{"id":"agent_1"}`, "agent.type: field required: one of `agent`, `agent_with_overrides`"},
		{`{"type":"self"}`, "agent.type: `self` is not one of `agent`, `agent_with_overrides`"},
		{`7`, "agent: expected an object with a `type` of `agent`, `agent_with_overrides`"},
	} {
		var v struct {
			Agent SessionAgentParam `json:"agent"`
		}
		err := Decode([]byte(`{"agent":`+c.in+`}`), &v)
		if got := errText(err); got != c.want {
			t.Errorf("%s: %q, want %q", c.in, got, c.want)
		}
		if err == nil && v.Agent.ID != "agent_1" {
			t.Errorf("%s: id %q", c.in, v.Agent.ID)
		}
	}
	var v struct {
		Agent SessionAgentParam `json:"agent"`
	}
	if err := Decode([]byte(`{"agent":{"type":"agent_with_overrides","id":"a","version":2,"system":null,"skills":[]}}`), &v); err != nil {
		t.Fatal(err)
	}
	o := v.Agent.Overrides
	if o == nil || !o.System.Null || o.Model.Set || !o.Skills.Set || o.Tools.Set || v.Agent.Version != Some[int64](2) {
		t.Errorf("overrides: %+v", o)
	}
}

func TestShortForms(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"model":"m"}`, ""},
		{`{"model":{"id":"m","effort":"high"}}`, ""},
		{`{"model":{"id":"m","effort":{"type":"high"},"speed":null,"inference_geo":null}}`, ""},
		{`{"model":3}`, "model: expected a model id or an object"},
		{`{"model":["m"]}`, "model: expected a model id or an object"},
		{`{"model":{"id":"m","temperature":1}}`, "model.temperature: unknown field"},
		{`{"model":{"id":"m","effort":true}}`, "model.effort: expected an effort level or an object"},
		{`{"model":{"id":"m","effort":{"level":"high"}}}`, "model.effort.level: unknown field"},
		{`{"tools":[{"type":"agent_toolset_20260401","configs":[{"name":"web_fetch","url_sources":{"user_input":3}}]}]}`,
			"tools[0].configs[0].url_sources.user_input: expected `all`, `none` or an object"},
		{`{"tools":[{"type":"agent_toolset_20260401","configs":[{"name":"bash","timeout":3}]}]}`, "tools[0].configs[0].timeout: unknown field"},
		{`{"version":"1"}`, "version: expected an integer"},
		{`{"metadata":{"a":1}}`, "metadata.a: expected a string"},
	} {
		var v AgentUpdateParams
		if got := errText(Decode([]byte(c.in), &v)); got != c.want {
			t.Errorf("%s: %q, want %q", c.in, got, c.want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
