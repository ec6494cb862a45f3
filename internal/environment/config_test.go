package environment

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

func made(t *testing.T, body string) wire.Environment {
	t.Helper()
	e, err := New(params(t, body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return e
}

// code is the error code of a fault.
func code(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}

func TestAllowedHosts(t *testing.T) {
	for host, good := range map[string]bool{
		"example.com": true, "*.example.com": true, "Api.Example.COM": true, "localhost": true, "10.0.0.1": true, "2001:db8::1": true,
		"xn--bcher-kva.example": true, "bücher.example": true, "example.com.": true, "under_score.example": true,
		"": false, "*": false, "*.": false, "a.*.com": false, "**.example.com": false, "http://example.com": false, "example.com:443": false,
		"example.com/": false, "user@example.com": false, "a b": false, "a..b": false, "*.10.0.0.1": false, "127.1": false, "[::1]": false,
	} {
		body := string(wire.Encode(map[string]any{"name": "a", "config": map[string]any{"type": "cloud",
			"networking": map[string]any{"type": "limited", "allowed_hosts": []string{host}}}}))
		_, err := New(params(t, body))
		if (err == nil) != good {
			t.Errorf("%q: %v", host, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "config.networking.allowed_hosts[0]: ") {
			t.Errorf("%q: %v has no path", host, err)
		}
	}
}

func TestUpdateOfParts(t *testing.T) {
	const old = `{"name":"a","config":{"type":"cloud","networking":{"type":"limited","allowed_hosts":["x.example"],"allow_mcp_servers":true,"allow_package_managers":true},"packages":{"apt":["jq"],"pip":["a"]}}}`
	config := func(networking, packages string) string {
		return `{"type":"cloud","networking":` + networking + `,"packages":{"type":"packages",` + packages + `}}`
	}
	const limited = `{"type":"limited","allowed_hosts":["x.example"],"allow_mcp_servers":true,"allow_package_managers":true}`
	const both = `"apt":["jq"],"cargo":[],"gem":[],"go":[],"npm":[],"pip":["a"]`
	for _, c := range []struct{ name, config, want string }{
		{"nothing", `null`, config(limited, both)},
		{"type only", `{"type":"cloud"}`, config(limited, both)},
		{"nulls", `{"type":"cloud","networking":null,"packages":null}`, config(limited, both)},
		{"nulls inside", `{"type":"cloud","networking":{"type":"limited","allowed_hosts":null,"allow_mcp_servers":null,"allow_package_managers":null},"packages":{"type":null,"pip":null}}`, config(limited, both)},
		{"hosts cleared", `{"type":"cloud","networking":{"type":"limited","allowed_hosts":[]}}`,
			config(`{"type":"limited","allowed_hosts":[],"allow_mcp_servers":true,"allow_package_managers":true}`, both)},
		{"other networking is replaced whole", `{"type":"cloud","networking":{"type":"unrestricted"}}`, config(`{"type":"unrestricted"}`, both)},
		{"one list", `{"type":"cloud","packages":{"pip":["b","c"]}}`, config(limited, `"apt":["jq"],"cargo":[],"gem":[],"go":[],"npm":[],"pip":["b","c"]`)},
		{"all lists, and then no registries", `{"type":"cloud","networking":{"type":"limited","allow_package_managers":false},"packages":{"type":"packages","apt":[],"pip":[]}}`,
			config(`{"type":"limited","allowed_hosts":["x.example"],"allow_mcp_servers":true,"allow_package_managers":false}`, `"apt":[],"cargo":[],"gem":[],"go":[],"npm":[],"pip":[]`)},
	} {
		cur := made(t, old)
		before := wire.Encode(cur)
		next, err := Update(cur, params(t, `{"config":`+c.config+`}`))
		if err != nil || string(wire.Encode(next.Config)) != c.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", c.name, err, wire.Encode(next.Config), c.want)
		}
		if !bytes.Equal(wire.Encode(cur), before) {
			t.Errorf("%s: the update changed its input", c.name)
		}
	}
	// Back from unrestricted, limited begins with its defaults.
	open, err := Update(made(t, old), params(t, `{"config":{"type":"cloud","networking":{"type":"unrestricted"},"packages":{"apt":[],"pip":[]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Update(open, params(t, `{"config":{"type":"cloud","networking":{"type":"limited"}}}`))
	if got := string(wire.Encode(again.Config.Networking)); err != nil || got != `{"type":"limited","allowed_hosts":[],"allow_mcp_servers":false,"allow_package_managers":false}` {
		t.Errorf("limited again: %s, %v", got, err)
	}
}

func TestUpdateCodes(t *testing.T) {
	cloud, own := made(t, `{"name":"a"}`), made(t, `{"name":"b","config":{"type":"self_hosted"}}`)
	archived := cloud
	at := wire.Micros(1)
	archived.ArchivedAt = &at
	for _, c := range []struct {
		cur        wire.Environment
		body, code string
	}{
		{cloud, `{"config":{"type":"self_hosted"}}`, "invalid_config_type_change"},
		{own, `{"config":{"type":"cloud"}}`, "invalid_config_type_change"},
		{own, `{"config":{"type":"self_hosted"}}`, ""},
		{archived, `{}`, "environment_archived"},
		{cloud, `{"metadata":{"":"x"}}`, "invalid_metadata"},
	} {
		_, err := Update(c.cur, params(t, c.body))
		if code(err) != c.code || (err == nil) != (c.code == "") {
			t.Errorf("%s: %v with code %q, want %q", c.body, err, code(err), c.code)
		}
	}
}

// What the server answers, a client may send back: nothing changes.
func TestAnswerIsAValidUpdate(t *testing.T) {
	for _, body := range []string{
		`{"name":"a"}`,
		`{"name":"a","description":"","metadata":{"k":"v"},"config":{"type":"self_hosted"}}`,
		`{"name":"a","config":{"type":"cloud","networking":{"type":"limited","allowed_hosts":["*.x.example"],"allow_package_managers":true},"packages":{"go":["x@v1"]}}}`,
	} {
		e := made(t, body)
		echo := wire.Encode(map[string]any{"name": e.Name, "description": e.Description, "metadata": e.Metadata, "config": e.Config, "scope": e.Scope})
		next, err := Update(e, params(t, string(echo)))
		if err != nil || !bytes.Equal(wire.Encode(next), wire.Encode(e)) {
			t.Errorf("%s: %v, %s", body, err, wire.Encode(next))
		}
	}
}
