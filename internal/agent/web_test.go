package agent

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

func config(t testing.TB, body string) (string, error) {
	t.Helper()
	tools := `[{"type":"agent_toolset_20260401","configs":[` + body + `]},` +
		`{"type":"custom","name":"fetcher","description":"d","input_schema":{"type":"object"}},` +
		`{"type":"custom","name":"Finder","description":"d","input_schema":{"type":"object"}}]`
	got, err := resolveTools(decode[[]wire.ToolParam](t, tools))
	if err != nil {
		return "", err
	}
	return string(wire.Encode(got[0].Agent.Configs[0])), nil
}

func TestWebSettingsResolve(t *testing.T) {
	const head = `"enabled":true,"permission_policy":{"type":"always_allow"}`
	for _, c := range []struct{ in, want string }{
		{`{"name":"web_search"}`, `{"type":"web_search","name":"web_search",` + head + `,"user_location":null}`},
		{`{"name":"web_fetch"}`, `{"type":"web_fetch","name":"web_fetch",` + head + `,"max_content_tokens":null,"url_sources":null}`},
		{`{"name":"web_search","allowed_domains":null,"blocked_domains":["Docs.Example.com/API/v1"],"user_location":{"type":"approximate","city":"Köln","timezone":"Europe/Berlin"}}`,
			`{"type":"web_search","name":"web_search",` + head + `,"blocked_domains":["Docs.Example.com/API/v1"],` +
				`"user_location":{"type":"approximate","city":"Köln","region":null,"country":null,"timezone":"Europe/Berlin"}}`},
		{`{"name":"web_fetch","allowed_domains":["example.com/","xn--bcher-kva.example"],"max_content_tokens":1,"url_sources":{}}`,
			`{"type":"web_fetch","name":"web_fetch",` + head + `,"allowed_domains":["example.com/","xn--bcher-kva.example"],"max_content_tokens":1,` +
				`"url_sources":{"user_input":null,"client_tool_results":null,"server_tool_results":null}}`},
		{`{"name":"web_fetch","max_content_tokens":null,"url_sources":{"user_input":"none","client_tool_results":{"type":"except","tools":[{"type":"tool_reference","name":"fetcher"},{"type":"tool_reference","name":"Finder"}]},"server_tool_results":{"type":"all"}}}`,
			`{"type":"web_fetch","name":"web_fetch",` + head + `,"max_content_tokens":null,"url_sources":{"user_input":{"type":"none"},` +
				`"client_tool_results":{"type":"except","tools":[{"type":"tool_reference","name":"fetcher"},{"type":"tool_reference","name":"Finder"}]},"server_tool_results":{"type":"all"}}}`},
		{`{"name":"web_fetch","url_sources":{"user_input":"none","client_tool_results":"none","server_tool_results":{"type":"only","tools":[{"type":"tool_reference","name":"web_search"}]}}}`,
			`{"type":"web_fetch","name":"web_fetch",` + head + `,"max_content_tokens":null,"url_sources":{"user_input":{"type":"none"},"client_tool_results":{"type":"none"},` +
				`"server_tool_results":{"type":"only","tools":[{"type":"tool_reference","name":"web_search"}]}}}`},
		{`{"name":"web_fetch","url_sources":null}`, `{"type":"web_fetch","name":"web_fetch",` + head + `,"max_content_tokens":null,"url_sources":null}`},
	} {
		got, err := config(t, c.in)
		if err != nil || got != c.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", c.in, err, got, c.want)
		}
	}
}

func TestWebSettingsRefuse(t *testing.T) {
	ref := func(name string) string { return `{"type":"tool_reference","name":"` + name + `"}` }
	sources := func(s string) string { return `{"name":"web_fetch","url_sources":{` + s + `}}` }
	many := make([]string, 129)
	for i := range many {
		many[i] = ref(fmt.Sprint("t", i))
	}
	for _, c := range []struct{ in, want string }{
		{`{"name":"bash","allowed_domains":["a.com"]}`, "allowed_domains: `bash` has no such setting"},
		{`{"name":"read","blocked_domains":null}`, "blocked_domains: `read` has no such setting"},
		{`{"name":"web_fetch","user_location":{"type":"approximate"}}`, "user_location: `web_fetch` has no such setting"},
		{`{"name":"web_search","max_content_tokens":1}`, "max_content_tokens: `web_search` has no such setting"},
		{`{"name":"web_search","url_sources":{}}`, "url_sources: `web_search` has no such setting"},
		{`{"name":"web_fetch","max_content_tokens":0}`, "max_content_tokens: expected a positive integer"},
		{`{"name":"web_fetch","max_content_tokens":2147483648}`, "max_content_tokens: expected a positive integer"},

		{`{"name":"web_search","user_location":{}}`, "user_location.type: `` is not one of `approximate`"},
		{`{"name":"web_search","user_location":{"type":"exact"}}`, "user_location.type: `exact` is not one of `approximate`"},
		{`{"name":"web_search","user_location":{"type":"approximate","city":""}}`, "user_location.city: expected 1 to 255 characters"},
		{`{"name":"web_search","user_location":{"type":"approximate","region":"` + strings.Repeat("é", 256) + `"}}`, "user_location.region: expected 1 to 255 characters"},
		{`{"name":"web_search","user_location":{"type":"approximate","country":"de"}}`, "user_location.country: `de` is not a country as two upper-case letters (ISO 3166-1)"},
		{`{"name":"web_search","user_location":{"type":"approximate","country":"XX"}}`, "user_location.country: `XX` is not a country as two upper-case letters (ISO 3166-1)"},
		{`{"name":"web_search","user_location":{"type":"approximate","country":"DA"}}`, "user_location.country: `DA` is not a country as two upper-case letters (ISO 3166-1)"},
		{`{"name":"web_search","user_location":{"type":"approximate","timezone":"Mars/Olympus"}}`, "user_location.timezone: `Mars/Olympus` is not an IANA time zone such as America/Los_Angeles"},
		{`{"name":"web_search","user_location":{"type":"approximate","timezone":"Local"}}`, "user_location.timezone: `Local` is not an IANA time zone such as America/Los_Angeles"},
		{`{"name":"web_search","user_location":{"type":"approximate","timezone":"../etc/passwd"}}`, "user_location.timezone: `../etc/passwd` is not an IANA time zone such as America/Los_Angeles"},

		{sources(`"user_input":"some"`), "url_sources.user_input.type: `some` is not one of `all`, `none`"},
		{sources(`"user_input":{"type":"only","tools":[` + ref("fetcher") + `]}`), "url_sources.user_input.type: `only` is not one of `all`, `none`"},
		{sources(`"client_tool_results":"some"`), "url_sources.client_tool_results.type: `some` is not one of `all`, `none`, `only`, `except`"},
		{sources(`"client_tool_results":{"type":"all","tools":[]}`), "url_sources.client_tool_results.tools: `all` takes no list of tools"},
		{sources(`"client_tool_results":{"type":"only"}`), "url_sources.client_tool_results.tools: expected 1 to 128 tools"},
		{sources(`"client_tool_results":{"type":"except","tools":[]}`), "url_sources.client_tool_results.tools: expected 1 to 128 tools"},
		{sources(`"client_tool_results":{"type":"except","tools":[` + strings.Join(many, ",") + `]}`), "url_sources.client_tool_results.tools: expected 1 to 128 tools"},
		{sources(`"client_tool_results":"only"`), "url_sources.client_tool_results.tools: expected 1 to 128 tools"},
		{sources(`"client_tool_results":{"type":"only","tools":[{"type":"tool","name":"fetcher"}]}`), "url_sources.client_tool_results.tools[0].type: `tool` is not one of `tool_reference`"},
		{sources(`"client_tool_results":{"type":"only","tools":[` + ref("finder") + `]}`), "url_sources.client_tool_results.tools[0].name: `finder` is not a custom tool of this tools array"},
		{sources(`"client_tool_results":{"type":"only","tools":[` + ref("web_search") + `]}`), "url_sources.client_tool_results.tools[0].name: `web_search` is not a custom tool of this tools array"},
		{sources(`"client_tool_results":{"type":"only","tools":[` + ref("fetcher") + `,` + ref("fetcher") + `]}`), "url_sources.client_tool_results.tools[1].name: `fetcher` is named more than once"},
		{sources(`"server_tool_results":{"type":"only","tools":[` + ref("fetcher") + `]}`), "url_sources.server_tool_results.tools[0].name: `fetcher` is not `web_search` or `web_fetch`"},
		{sources(`"user_input":"none","client_tool_results":"none","server_tool_results":{"type":"none"}`),
			"url_sources: the three sources can't all be `none`: web_fetch could fetch nothing; disable it instead"},
	} {
		_, err := config(t, c.in)
		if want := "tools[0].configs[0]." + c.want; text(err) != want {
			t.Errorf("%.120s:\ngot  %v\nwant %s", c.in, err, want)
		}
	}
}

func TestAllCountriesArePairsInOrder(t *testing.T) {
	if len(countries) != 2*249 {
		t.Errorf("%d codes, want 249", len(countries)/2)
	}
	for i := 2; i < len(countries); i += 2 {
		if countries[i-2:i] >= countries[i:i+2] {
			t.Errorf("%s before %s", countries[i-2:i], countries[i:i+2])
		}
	}
}
