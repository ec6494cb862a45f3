package agent

import (
	"errors"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestNewResolvesDefaults(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"name":"n","model":"big"}`,
			`{"name":"n","description":null,"model":{"id":"big","effort":{"type":"high"},"speed":"standard"},"system":null,"tools":[],` +
				`"mcp_servers":[],"skills":[],"multiagent":null,"execution_identity":{"type":"service_account"},"metadata":{}}`},
		{`{"name":"n","model":{"id":"small"},"description":"","system":"","tools":null,"mcp_servers":null,"skills":null,"multiagent":null,"execution_identity":null,"metadata":null}`,
			`{"name":"n","description":null,"model":{"id":"small","effort":{"type":"medium"},"speed":"standard"},"system":null,"tools":[],` +
				`"mcp_servers":[],"skills":[],"multiagent":null,"execution_identity":{"type":"service_account"},"metadata":{}}`},
		{`{"name":"n","model":{"id":"big","effort":"max","speed":"fast","inference_geo":"us"},"description":"d","system":"s","metadata":{"k":"v"},
			"execution_identity":{"type":"service_account"},"tools":[{"type":"agent_toolset_20260401"}],
			"skills":[{"type":"custom","skill_id":"skill_1"},{"type":"anthropic","skill_id":"xlsx","version":"1"},{"type":"custom","skill_id":"skill_2","version":null}]}`,
			`{"name":"n","description":"d","model":{"id":"big","effort":{"type":"max"},"speed":"fast","inference_geo":"us"},"system":"s",` +
				`"tools":[{"type":"agent_toolset_20260401","default_config":{"enabled":true,"permission_policy":{"type":"always_allow"}},"configs":[]}],` +
				`"mcp_servers":[],"skills":[{"type":"custom","skill_id":"skill_1","version":"latest"},{"type":"anthropic","skill_id":"xlsx","version":"1"},` +
				`{"type":"custom","skill_id":"skill_2","version":"latest"}],"multiagent":null,"execution_identity":{"type":"service_account"},"metadata":{"k":"v"}}`},
	} {
		cfg, err := New(decode[wire.AgentParams](t, c.in), fakeModels{})
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
		} else if got := string(wire.Encode(cfg)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	chars := func(n int) string { return strings.Repeat("é", n) } // two bytes each
	with := func(more string) string { return `{"name":"n","model":"big",` + more + `}` }
	for _, c := range []struct{ in, want string }{
		{`{"model":"big"}`, "name: field required"},
		{`{"name":null,"model":"big"}`, "name: expected a string"},
		{`{"name":"","model":"big"}`, "name: must not be empty"},
		{`{"name":" \t\n","model":"big"}`, "name: must not be empty"},
		{`{"name":"` + chars(256) + `","model":"big"}`, ""},
		{`{"name":"` + chars(257) + `","model":"big"}`, "name: at most 256 characters"},
		{with(`"description":"` + chars(2048) + `"`), ""},
		{with(`"description":"` + chars(2049) + `"`), "description: at most 2048 characters"},
		{with(`"system":"` + chars(100_000) + `"`), ""},
		{with(`"system":"` + chars(100_001) + `"`), "system: at most 100000 characters"},

		{`{"name":"n"}`, "model: field required"},
		{`{"name":"n","model":null}`, "model: expected a model id or an object"},
		{`{"name":"n","model":""}`, "model.id: field required: 1 to 256 characters"},
		{`{"name":"n","model":" \t"}`, "model.id: field required: 1 to 256 characters"},
		{`{"name":"n","model":{}}`, "model.id: field required: 1 to 256 characters"},
		{`{"name":"n","model":"none"}`, `model.id: unknown model "none"`},
		{`{"name":"n","model":{"id":"big","effort":"huge"}}`, "model.effort: `huge` is not one of `low`, `medium`, `high`, `xhigh`, `max`"},
		{`{"name":"n","model":{"id":"small","effort":{"type":"max"}}}`, `model.effort: small has no level "max"`},
		{`{"name":"n","model":{"id":"big","speed":"slow"}}`, "model.speed: `slow` is not one of `standard`, `fast`"},
		{`{"name":"n","model":{"id":"small","speed":"fast"}}`, "model.speed: small is never fast"},
		{`{"name":"n","model":{"id":"big","inference_geo":""}}`, "model.inference_geo: field required: 1 to 64 characters"},

		{with(`"multiagent":{"type":"coordinator","agents":[]}`), "multiagent: not supported yet by this server"},
		{with(`"execution_identity":{"type":"aws_role","role_arn":"arn:x"}`), "execution_identity.type: `aws_role` is not supported by this server, only `service_account`"},
		{with(`"execution_identity":{"type":"root"}`), "execution_identity.type: `root` is not one of `service_account`, `aws_role`"},
		{with(`"execution_identity":{"type":"service_account","role_arn":"x"}`), "execution_identity.role_arn: unknown field"},
		{with(`"metadata":{"k":null}`), "metadata.k: expected a string"},
		{with(`"metadata":{"":"v"}`), "metadata: a key is empty, want 1 to 64 characters"},
	} {
		_, err := New(decode[wire.AgentParams](t, c.in), fakeModels{})
		if got := text(err); got != c.want {
			t.Errorf("%.120s:\ngot  %s\nwant %s", c.in, got, c.want)
		}
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%.120s: kind %v", c.in, fault.KindOf(err))
		}
	}
}

func TestListsFitTogether(t *testing.T) {
	const toolset = `{"type":"agent_toolset_20260401"}`
	server := func(name string) string {
		return `{"type":"url","name":"` + name + `","url":"https://` + name + `.example/mcp"}`
	}
	mcp := func(name string) string { return `{"type":"mcp_toolset","mcp_server_name":"` + name + `"}` }
	skill := `{"type":"custom","skill_id":"s"}`
	for _, c := range []struct{ tools, servers, skills, want string }{
		{mcp("a"), server("a"), "", ""},
		{mcp("b") + "," + mcp("a"), server("a") + "," + server("b"), "", ""},
		{mcp("a"), "", "", "tools[0].mcp_server_name: no server of mcp_servers is named `a`"},
		{toolset + "," + mcp("b"), server("a"), "", "tools[1].mcp_server_name: no server of mcp_servers is named `b`"},
		{mcp("a"), server("a") + "," + server("b"), "", "mcp_servers[1].name: no `mcp_toolset` of tools names the server `b`"},
		{mcp("a") + "," + mcp("a"), server("a"), "", "tools[1].mcp_server_name: `a` has more than one toolset"},
		{mcp("A"), server("a"), "", "tools[0].mcp_server_name: no server of mcp_servers is named `A`"},
		{toolset, "", skill, ""},
		{"", "", skill, "skills: skills need the built-in tool `read`, which is not enabled"},
		{`{"type":"agent_toolset_20260401","default_config":{"enabled":false}}`, "", skill, "skills: skills need the built-in tool `read`, which is not enabled"},
		{`{"type":"agent_toolset_20260401","configs":[{"name":"read","enabled":false}]}`, "", skill, "skills: skills need the built-in tool `read`, which is not enabled"},
		{`{"type":"agent_toolset_20260401","default_config":{"enabled":false},"configs":[{"name":"read","enabled":true}]}`, "", skill, ""},
	} {
		body := `{"name":"n","model":"big","tools":[` + c.tools + `],"mcp_servers":[` + c.servers + `],"skills":[` + c.skills + `]}`
		_, err := New(decode[wire.AgentParams](t, body), fakeModels{})
		if got := text(err); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", body, got, c.want)
		}
	}
}

func TestVersionIsComparedFirst(t *testing.T) {
	cur := newAgent(t, `{"name":"n","model":"big"}`)
	for _, c := range []struct {
		body string
		kind fault.Kind
		want string
	}{
		{`{"version":3}`, 0, ""},
		{`{"version":2}`, fault.Conflict, "version: the agent is at version 3, not 2. Read it again and repeat the update."},
		{`{"version":4,"name":"n"}`, fault.Conflict, "version: the agent is at version 3, not 4. Read it again and repeat the update."},
		{`{"version":2,"name":""}`, fault.Conflict, "version: the agent is at version 3, not 2. Read it again and repeat the update."},
		{`{"version":0}`, fault.Invalid, "version: expected an integer of at least 1"},
		{`{"version":null}`, fault.Invalid, "version: expected an integer of at least 1"},
	} {
		_, _, err := Update(cur, decode[wire.AgentUpdateParams](t, c.body), fakeModels{})
		if got := text(err); got != c.want || (err != nil && fault.KindOf(err) != c.kind) {
			t.Errorf("%s: %q of kind %v", c.body, got, fault.KindOf(err))
		}
	}
	at := wire.Micros(1)
	cur.ArchivedAt = &at
	_, _, err := Update(cur, decode[wire.AgentUpdateParams](t, `{"version":3}`), fakeModels{})
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Message != "Agent `agent_1` is archived and can't be changed." {
		t.Errorf("archived: %v", err)
	}
}
