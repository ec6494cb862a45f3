package environment

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

func params(t *testing.T, body string) wire.EnvironmentParams {
	t.Helper()
	var p wire.EnvironmentParams
	if err := wire.Decode([]byte(body), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

const resolved = `{"type":"cloud","networking":{"type":"unrestricted"},"packages":{"type":"packages","apt":[],"cargo":[],"gem":[],"go":[],"npm":[],"pip":[]}}`

func TestNew(t *testing.T) {
	for body, want := range map[string]string{
		`{"name":"a"}`:                                 resolved,
		`{"name":"a","config":null}`:                   resolved,
		`{"name":"a","config":{"type":"cloud"}}`:       resolved,
		`{"name":"a","config":{"type":"self_hosted"}}`: `{"type":"self_hosted"}`,
		`{"name":"a","config":{"type":"cloud","networking":{"type":"limited","allowed_hosts":["api.example.com","*.example.org"]}}}`: strings.Replace(resolved, `{"type":"unrestricted"}`,
			`{"type":"limited","allowed_hosts":["api.example.com","*.example.org"],"allow_mcp_servers":false,"allow_package_managers":false}`, 1),
		`{"name":"a","config":{"type":"cloud","networking":{"type":"limited","allow_package_managers":true},"packages":{"pip":["pandas==2.2.0"]}}}`: strings.Replace(strings.Replace(resolved, `{"type":"unrestricted"}`,
			`{"type":"limited","allowed_hosts":[],"allow_mcp_servers":false,"allow_package_managers":true}`, 1), `"pip":[]`, `"pip":["pandas==2.2.0"]`, 1),
	} {
		e, err := New(params(t, body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if got := string(wire.Encode(e.Config)); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", body, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	limited := func(hosts string) string {
		return `{"name":"a","config":{"type":"cloud","networking":{"type":"limited","allowed_hosts":[` + hosts + `]}}}`
	}
	for body, want := range map[string]string{
		`{}`:            "name: field required",
		`{"name":" "}`:  "name: must not be empty",
		`{"name":null}`: "name: must not be empty",
		`{"name":"` + strings.Repeat("é", 257) + `"}`: "name: at most 256 characters",
		`{"name":"a","scope":"account"}`:              "scope: `account` is not available with an API key",
		`{"name":"a","scope":"x"}`:                    "scope: `x` is not one of",
		`{"name":"a","metadata":{"k":null}}`:          "metadata.k: expected a string",
		limited(`"https://example.com"`):              "config.networking.allowed_hosts[0]: ",
		limited(`"ok.example.com","example.com:443"`): "config.networking.allowed_hosts[1]: ",
		limited(`"example.com/path"`):                 "config.networking.allowed_hosts[0]: ",
		limited(`"a.*.com"`):                          "config.networking.allowed_hosts[0]: ",
		`{"name":"a","config":{"type":"cloud","networking":{"type":"limited"},"packages":{"npm":["express@4"]}}}`: "config.networking.allow_package_managers: must be true",
		`{"name":"a","config":{"type":"cloud","packages":{"pip":["ok","--index-url=http://x"]}}}`:                 "config.packages.pip[1]: must not begin with `-`",
		`{"name":"a","config":{"type":"cloud","packages":{"pip":[""]}}}`:                                          "config.packages.pip[0]: must not be empty",
	} {
		_, err := New(params(t, body))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s…", body, err, want)
		}
	}
}

func TestUpdateMerges(t *testing.T) {
	cur, err := New(params(t, `{"name":"a","description":"d","metadata":{"k":"v","l":"w"},"config":{"type":"cloud",
		"networking":{"type":"limited","allowed_hosts":["x.example.com"],"allow_package_managers":true},"packages":{"pip":["a"],"npm":["b"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	next, err := Update(cur, params(t, `{"description":"","metadata":{"k":"","m":"n"},"config":{"type":"cloud","networking":{"type":"limited","allow_mcp_servers":true},"packages":{"npm":[]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"cloud","networking":{"type":"limited","allowed_hosts":["x.example.com"],"allow_mcp_servers":true,"allow_package_managers":true},"packages":{"type":"packages","apt":[],"cargo":[],"gem":[],"go":[],"npm":[],"pip":["a"]}}`
	if got := string(wire.Encode(next.Config)); got != want {
		t.Errorf("got %s", got)
	}
	if *next.Description != "" || len(next.Metadata) != 2 || next.Metadata["l"] != "w" || next.Metadata["m"] != "n" {
		t.Errorf("got %v, %v", *next.Description, next.Metadata)
	}
	if *cur.Description != "d" || len(cur.Metadata) != 2 || len(cur.Config.Packages.Npm) != 1 {
		t.Error("the update changed its input")
	}
	if _, err := Update(cur, params(t, `{"config":{"type":"self_hosted"}}`)); err == nil || !strings.Contains(err.Error(), "config.type: the type of an environment can't change") {
		t.Errorf("type change: %v", err)
	}
	if _, err := Update(cur, params(t, `{"config":{"type":"cloud","networking":{"type":"limited","allow_package_managers":false}}}`)); err == nil {
		t.Error("the merged config was not checked")
	}
	now := wire.Micros(1)
	cur.ArchivedAt = &now
	if _, err := Update(cur, params(t, `{"name":"b"}`)); err == nil {
		t.Error("an archived environment was changed")
	}
}
