package agent

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

func TestToolsResolve(t *testing.T) {
	const allow, ask = `"permission_policy":{"type":"always_allow"}`, `"permission_policy":{"type":"always_ask"}`
	for _, c := range []struct{ name, in, want string }{
		{"allow-list", `{"type":"agent_toolset_20260401","default_config":{"enabled":false},"configs":[{"name":"read","enabled":true},{"name":"bash","enabled":true,` + ask + `}]}`,
			`{"type":"agent_toolset_20260401","default_config":{"enabled":false,` + allow + `},"configs":[` +
				`{"type":"read","name":"read","enabled":true,` + allow + `},{"type":"bash","name":"bash","enabled":true,` + ask + `}]}`},
		{"configs inherit", `{"type":"agent_toolset_20260401","default_config":{"enabled":false,` + ask + `},"configs":[{"name":"glob"},{"type":"edit","name":"edit","enabled":null,"permission_policy":null}]}`,
			`{"type":"agent_toolset_20260401","default_config":{"enabled":false,` + ask + `},"configs":[` +
				`{"type":"glob","name":"glob","enabled":false,` + ask + `},{"type":"edit","name":"edit","enabled":false,` + ask + `}]}`},
		{"nulls", `{"type":"agent_toolset_20260401","default_config":null,"configs":null}`,
			`{"type":"agent_toolset_20260401","default_config":{"enabled":true,` + allow + `},"configs":[]}`},
		{"MCP asks by default", `{"type":"mcp_toolset","mcp_server_name":"x"}`,
			`{"type":"mcp_toolset","mcp_server_name":"x","default_config":{"enabled":true,` + ask + `},"configs":[]}`},
		{"MCP configs have no type", `{"type":"mcp_toolset","mcp_server_name":"x","default_config":{` + allow + `},"configs":[{"name":"a.b/c","enabled":false}]}`,
			`{"type":"mcp_toolset","mcp_server_name":"x","default_config":{"enabled":true,` + allow + `},"configs":[{"name":"a.b/c","enabled":false,` + allow + `}]}`},
		{"custom keeps its schema", `{"type":"custom","name":"t","description":"d","input_schema":{ "type": "object", "z": 1.50, "properties": {"b":{"type":"string"}, "a":{"enum":["é",null]}}, "required":["b"] }}`,
			`{"type":"custom","name":"t","description":"d","input_schema":{"type":"object","z":1.50,"properties":{"b":{"type":"string"},"a":{"enum":["é",null]}},"required":["b"]}}`},
	} {
		got, err := resolveTools([]wire.ToolParam{decode[wire.ToolParam](t, c.in)})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if s := string(wire.Encode(got[0])); s != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, s, c.want)
		}
	}
}

func TestToolsRefuse(t *testing.T) {
	set := func(rest string) string { return `{"type":"agent_toolset_20260401",` + rest + `}` }
	mcp := func(rest string) string { return `{"type":"mcp_toolset","mcp_server_name":"x",` + rest + `}` }
	custom := func(name string) string {
		return `{"type":"custom","name":"` + name + `","description":"d","input_schema":{"type":"object"}}`
	}
	for _, c := range []struct{ in, want string }{
		{set(`"configs":[{"name":"rm"}]`), "tools[0].configs[0].name: `rm` is not a built-in tool"},
		{set(`"configs":[{"name":"Bash"}]`), "tools[0].configs[0].name: `Bash` is not a built-in tool"},
		{set(`"configs":[{"type":"bash"}]`), "tools[0].configs[0].name: `` is not a built-in tool"},
		{set(`"configs":[{"name":"bash"},{"name":"bash"}]`), "tools[0].configs[1].name: `bash` has more than one config"},
		{set(`"configs":[{"name":"bash","type":"read"}]`), "tools[0].configs[0].type: `read` is not the name `bash`"},
		{set(`"configs":[{"name":"bash","permission_policy":{"type":"never"}}]`), "tools[0].configs[0].permission_policy.type: `never` is not one of `always_allow`, `always_ask`, `auto`"},
		{set(`"default_config":{"permission_policy":{"type":""}}`), "tools[0].default_config.permission_policy.type: `` is not one of `always_allow`, `always_ask`, `auto`"},
		{`{"type":"agent_toolset_20260401"},{"type":"agent_toolset_20260401"}`, "tools[1]: only one `agent_toolset_20260401` is allowed"},
		{`{"type":"mcp_toolset"}`, "tools[0].mcp_server_name: field required: 1 to 255 characters"},
		{mcp(`"configs":[{"name":""}]`), "tools[0].configs[0].name: field required: 1 to 128 characters"},
		{mcp(`"configs":[{"name":"` + strings.Repeat("x", 129) + `"}]`), "tools[0].configs[0].name: at most 128 characters"},
		{mcp(`"configs":[{"name":"a"},{"name":"a"}]`), "tools[0].configs[1].name: `a` has more than one config"},
		{mcp(`"configs":[{"name":"a","permission_policy":{"type":"no"}}]`), "tools[0].configs[0].permission_policy.type: `no` is not one of `always_allow`, `always_ask`, `auto`"},
		{custom("a") + "," + custom("b") + "," + custom("a"), "tools[2].name: `a` is the name of another tool"},
		{custom(""), "tools[0].name: field required"},
		{custom("a b"), "tools[0].name: expected 1 to 128 letters, digits, underscores and hyphens"},
		{custom("é"), "tools[0].name: expected 1 to 128 letters, digits, underscores and hyphens"},
		{custom(strings.Repeat("x", 128)), ""},
		{custom(strings.Repeat("x", 129)), "tools[0].name: expected 1 to 128 letters, digits, underscores and hyphens"},
		{custom("web_search"), "tools[0].name: `web_search` is the name of a built-in tool"},
		{custom("mcp__x"), "tools[0].name: names that begin with `mcp__` are reserved"},
		{custom("mcp_x"), ""},
		{`{"type":"custom","name":"t","input_schema":{"type":"object"}}`, "tools[0].description: field required"},
		{`{"type":"custom","name":"t","description":" ","input_schema":{"type":"object"}}`, "tools[0].description: field required"},
		{`{"type":"custom","name":"t","description":"d"}`, "tools[0].input_schema: field required"},
		{`{"type":"custom","name":"t","description":"d","input_schema":{"type":"object"},"permission_policy":{"type":"auto"}}`,
			"tools[0].permission_policy: custom tools have no permission policy: the client runs them"},
	} {
		_, err := resolveTools(decode[[]wire.ToolParam](t, "["+c.in+"]"))
		if text(err) != c.want {
			t.Errorf("%.120s:\ngot  %v\nwant %s", c.in, err, c.want)
		}
	}
}

func TestSchemaRules(t *testing.T) {
	deep := strings.Repeat(`{"type":"object","items":`, 2000) + `{"$ref":"#"}` + strings.Repeat("}", 2000)
	for _, c := range []struct{ in, want string }{
		{`{"type":"object"}`, ""},
		{`{"type":"object","properties":null,"required":null}`, ""},
		{`{"type":"object","properties":{"a.b-c_D9":{"anyOf":[{"type":"string"},{"oneOf":[]}]}},"additionalProperties":false,"description":"$ref"}`, ""},
		{`{"type":"object","properties":{"x":{"const":{"a":"$ref"}}}}`, ""},
		{`{"type":"object","examples":["$ref",["$ref"]]}`, ""},
		{`[]`, "s: expected an object"},
		{`null`, "s: expected an object"},
		{`"object"`, "s: expected an object"},
		{`{}`, "s.type: expected `object`"},
		{`{"type":"array"}`, "s.type: expected `object`"},
		{`{"type":["object"]}`, "s.type: expected a string"},
		{`{"type":"object","properties":[]}`, "s.properties: expected an object"},
		{`{"type":"object","required":"a"}`, "s.required: expected an array"},
		{`{"type":"object","required":[1]}`, "s.required[0]: expected a string"},
		{`{"type":"object","required":["a",null]}`, "s.required[1]: expected a string"},
		{`{"type":"object","properties":{"a":true,"b":false,"c":{}}}`, ""},
		{`{"type":"object","properties":{"a":{},"b":"string"}}`, "s.properties.b: expected a schema"},
		{`{"type":"object","properties":{"a":null}}`, "s.properties.a: expected a schema"},
		{`{"type":"object","oneOf":[]}`, "s.oneOf: not supported at the top of a schema"},
		{`{"type":"object","anyOf":null}`, "s.anyOf: not supported at the top of a schema"},
		{`{"type":"object","allOf":[]}`, "s.allOf: not supported at the top of a schema"},
		{`{"type":"object","$ref":"#/x"}`, "s.$ref: references are not supported"},
		{`{"type":"object","properties":{"a":{"items":[{"$ref":"#/x"}]}}}`, "s.properties.a.items[0].$ref: references are not supported"},
		{`{"type":"object","$defs":{"$ref":{"type":"string"}}}`, "s.$defs.$ref: references are not supported"},
		{`{"type":"object","properties":{"a b":{}}}`, "s.properties: the name \"a b\" is not made of 1 to 64 letters, digits, `_`, `.` and `-`"},
		{`{"type":"object","properties":{"":{}}}`, "s.properties: the name \"\" is not made of 1 to 64 letters, digits, `_`, `.` and `-`"},
		{`{"type":"object","properties":{"` + strings.Repeat("x", 64) + `":{}}}`, ""},
		{deep, "s." + strings.Repeat("items.", 2000) + "$ref: references are not supported"},
	} {
		got, err := resolveSchema("s", []byte(c.in))
		if text(err) != c.want {
			t.Errorf("%.120s:\ngot  %.200v\nwant %.200s", c.in, err, c.want)
		}
		if err == nil && string(got) != strings.ReplaceAll(c.in, " ", "") {
			t.Errorf("%s became %s", c.in, got)
		}
	}
}

func TestToolsAreCounted(t *testing.T) {
	list := func(custom int, more ...string) []wire.ToolParam {
		for i := range custom {
			more = append(more, fmt.Sprintf(`{"type":"custom","name":"t%d","description":"d","input_schema":{"type":"object"}}`, i))
		}
		return decode[[]wire.ToolParam](t, "["+strings.Join(more, ",")+"]")
	}
	const all, two = `{"type":"agent_toolset_20260401"}`, `{"type":"agent_toolset_20260401","default_config":{"enabled":false},"configs":[{"name":"read","enabled":true},{"name":"bash","enabled":true}]}`
	for _, c := range []struct {
		tools []wire.ToolParam
		want  string
	}{
		{list(256), ""},
		{list(257), "tools: at most 256 tools, got 257"},
		{list(248, all), ""},
		{list(249, all), "tools: at most 256 tools over all toolsets, got 257"},
		{list(254, two), ""},
		{list(255, two), "tools: at most 256 tools over all toolsets, got 257"},
	} {
		p := wire.AgentParams{Name: wire.Some("n"), Model: wire.Some(wire.ModelParam{ID: wire.Some("big")}), Tools: wire.Some(c.tools)}
		if _, err := New(p, fakeModels{}); text(err) != c.want {
			t.Errorf("%d tools: %v, want %s", len(c.tools), err, c.want)
		}
	}
}

func TestServersRefuse(t *testing.T) {
	server := func(url string) string { return `{"type":"url","name":"x","url":"` + url + `"}` }
	long := "https://x.example/" + strings.Repeat("p", 2048)
	many := strings.TrimSuffix(strings.Repeat(server("https://x.example")+",", 21), ",")
	for _, c := range []struct{ in, want string }{
		{server("https://x.example/mcp?k=v#f"), ""},
		{server("http://127.0.0.1:8080/sse"), ""},
		{server("HTTPS://x.example"), ""},
		{server(""), "mcp_servers[0].url: field required: 1 to 2048 characters"},
		{server("x.example/mcp"), "mcp_servers[0].url: expected an http or https URL"},
		{server("ftp://x.example"), "mcp_servers[0].url: expected an http or https URL"},
		{server("https://"), "mcp_servers[0].url: expected an http or https URL"},
		{server("https://:443/"), "mcp_servers[0].url: expected an http or https URL"},
		{server("https://x.example/%zz"), "mcp_servers[0].url: expected an http or https URL"},
		{server("https://user:pw@x.example"), "mcp_servers[0].url: must not hold a user or password; keep credentials in a vault"},
		{server(long), "mcp_servers[0].url: at most 2048 characters"},
		{`{"type":"stdio","name":"x","url":"https://x.example"}`, "mcp_servers[0].type: `stdio` is not one of `url`"},
		{`{"type":"url","url":"https://x.example"}`, "mcp_servers[0].name: field required: 1 to 255 characters"},
		{server("https://x.example") + "," + server("https://y.example"), "mcp_servers[1].name: `x` is the name of another server"},
		{many, "mcp_servers: at most 20 servers, got 21"},
	} {
		_, err := resolveServers(decode[[]wire.MCPServerParam](t, "["+c.in+"]"))
		if text(err) != c.want {
			t.Errorf("%.120s:\ngot  %v\nwant %s", c.in, err, c.want)
		}
	}
}

func TestSkillsRefuse(t *testing.T) {
	id := strings.Repeat("é", 64)
	for _, c := range []struct{ in, want string }{
		{`{"type":"custom","skill_id":"` + id + `","version":"` + id + `"}`, ""},
		{`{"type":"custom","skill_id":"s"},{"type":"custom","skill_id":"s"}`, ""},
		{`{"skill_id":"s"}`, "skills[0].type: `` is not one of `anthropic`, `custom`"},
		{`{"type":"custom"}`, "skills[0].skill_id: field required: 1 to 64 characters"},
		{`{"type":"custom","skill_id":"` + id + `é"}`, "skills[0].skill_id: at most 64 characters"},
		{`{"type":"custom","skill_id":"s","version":""}`, "skills[0].version: field required: 1 to 64 characters"},
		{`{"type":"custom","skill_id":"s","version":"` + id + `é"}`, "skills[0].version: at most 64 characters"},
		{strings.TrimSuffix(strings.Repeat(`{"type":"custom","skill_id":"s"},`, 501), ","), "skills: at most 500 skills, got 501"},
	} {
		_, err := resolveSkills(decode[[]wire.SkillParam](t, "["+c.in+"]"))
		if text(err) != c.want {
			t.Errorf("%.120s:\ngot  %v\nwant %s", c.in, err, c.want)
		}
	}
}
