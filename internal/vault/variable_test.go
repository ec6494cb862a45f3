package vault

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

func TestInjectionLocation(t *testing.T) {
	const (
		both   = `{"header":true,"body":true}`
		header = `{"header":true,"body":false}`
		body   = `{"header":false,"body":true}`
		off    = "auth.injection_location: at least one"
		null   = "must not be null; leave the field out instead"
	)
	for _, c := range []struct{ stored, given, want string }{ // stored "" is a create
		{"", "", both},
		{"", `{"header":true}`, header},
		{"", `{"body":true}`, body},
		{"", `{"header":true,"body":true}`, both},
		{"", `{"header":true,"body":false}`, header},
		{"", `{}`, off},
		{"", `{"header":false}`, off},
		{"", `{"header":false,"body":false}`, off},
		{"", `null`, "auth.injection_location: " + null},
		{"", `{"header":null,"body":true}`, "auth.injection_location.header: " + null},
		{"", `{"header":true,"body":null}`, "auth.injection_location.body: " + null},
		{"", `{"header":"yes"}`, "auth.injection_location.header: expected true or false"},
		{"", `{"query":true}`, "auth.injection_location.query: unknown field"},
		{header, "", header},
		{header, `{}`, header},
		{header, `{"body":true}`, both},
		{header, `{"header":false,"body":true}`, body},
		{both, `{"body":false}`, header},
		{both, `{"header":false}`, body},
		{header, `{"header":false}`, off},
		{both, `{"header":false,"body":false}`, off},
		{both, `null`, "auth.injection_location: " + null},
		{both, `{"header":null}`, "auth.injection_location.header: " + null},
		{both, `{"body":null}`, "auth.injection_location.body: " + null},
	} {
		member := ""
		if c.given != "" {
			member = `,"injection_location":` + c.given
		}
		var got wire.Credential
		err := decodeAnd(`{"auth":{"type":"environment_variable"`+member+`}}`, func(p wire.CredentialParams) (err error) {
			if c.stored == "" {
				p.Auth.Value.EnvironmentVariable.SecretName = wire.Some("X")
				p.Auth.Value.EnvironmentVariable.SecretValue = wire.Some(wire.Secret("v"))
				p.Auth.Value.EnvironmentVariable.Networking = wire.Some(wire.CredentialNetworkingParam{})
				got, _, err = NewCredential(p, now)
				return err
			}
			cur, _ := create(t, strings.Replace(variable, `{"header":true}`, c.stored, 1))
			got, _, err = UpdateCredential(cur, p, now)
			return err
		})
		if !strings.HasPrefix(c.want, "{") {
			checkRefusal(t, c.stored+" "+c.given, err, c.want)
			continue
		}
		if err != nil || string(wire.Encode(got.Auth.EnvironmentVariable.InjectionLocation)) != c.want {
			t.Errorf("%s with %s: %s, %v, want %s", c.stored, c.given, wire.Encode(got.Auth), err, c.want)
		}
	}
}

func TestVariableNetworking(t *testing.T) {
	hosts := func(list string) string { return `{"type":"limited","allowed_hosts":` + list + `}` }
	for _, c := range []struct{ given, want string }{
		{`{"type":"unrestricted"}`, ""},
		{hosts(`["api.example.com","192.0.2.1","*.example.org"]`), ""},
		{hosts(`["` + strings.Join(strings.Split(repeat("x", MaxHosts), ""), `","`) + `"]`), ""},
		{hosts(`["` + strings.Join(strings.Split(repeat("x", MaxHosts+1), ""), `","`) + `"]`), "allowed_hosts: at most 16 hosts, got 17"},
		{hosts(`[]`), "allowed_hosts: must not be empty"},
		{hosts(`null`), "allowed_hosts: expected an array"},
		{`{"type":"limited"}`, "allowed_hosts: field required"},
		{hosts(`"api.example.com"`), "allowed_hosts: expected an array"},
		{hosts(`["ok.example","https://api.example.com"]`), "allowed_hosts[1]: give a bare host"},
		{hosts(`["api.example.com:443"]`), "allowed_hosts[0]: give a bare host"},
		{hosts(`["::1"]`), "allowed_hosts[0]: give a bare host"},
		{hosts(`["::ffff:192.0.2.1"]`), "allowed_hosts[0]: give a bare host"},
		{hosts(`["[::1]"]`), "allowed_hosts[0]: give a bare host"},
		{hosts(`["api.example.com/v1"]`), "allowed_hosts[0]: invalid host"},
		{hosts(`["*"]`), "allowed_hosts[0]: invalid host"},
		{hosts(`["*.192.0.2.1"]`), "allowed_hosts[0]: invalid host"},
		{hosts(`["a.*.com"]`), "allowed_hosts[0]: invalid host"},
		{hosts(`[""]`), "allowed_hosts[0]: invalid host"},
		{`{"type":"unrestricted","allowed_hosts":[]}`, "allowed_hosts: unknown field"},
		{`{"type":"limited","allowed_hosts":["a.example"],"allow_mcp_servers":true}`, "allow_mcp_servers: unknown field"},
	} {
		cur, _ := create(t, variable)
		for _, auth := range []string{
			`{"type":"environment_variable","secret_name":"X","secret_value":"v","networking":` + c.given + `}`,
			`{"type":"environment_variable","networking":` + c.given + `}`,
		} {
			var got wire.Credential
			err := decodeAnd(`{"auth":`+auth+`}`, func(p wire.CredentialParams) (err error) {
				if p.Auth.Value.EnvironmentVariable.SecretName.Set {
					got, _, err = NewCredential(p, now)
				} else {
					got, _, err = UpdateCredential(cur, p, now)
				}
				return err
			})
			if c.want != "" {
				checkRefusal(t, auth, err, "auth.networking."+c.want)
			} else if err != nil || string(wire.Encode(got.Auth.EnvironmentVariable.Networking)) != c.given {
				t.Errorf("%s: %s, %v", auth, wire.Encode(got), err)
			}
		}
	}
}

func TestVariableRefusals(t *testing.T) {
	named := func(name string) string { return strings.Replace(variable, "TICKETS_KEY", name, 1) }
	tests := map[string]string{
		`{"type":"environment_variable"}`:                                                               "auth.secret_name: field required",
		`{"type":"environment_variable","secret_name":"X"}`:                                             "auth.secret_value: field required",
		`{"type":"environment_variable","secret_name":"X","secret_value":"v"}`:                          "auth.networking: field required",
		`{"type":"environment_variable","secret_name":"X","secret_value":"v","networking":null}`:        "auth.networking: expected an object",
		`{"type":"environment_variable","secret_name":"X","secret_value":"v","networking":{"type":""}}`: "auth.networking.type: `` is not one of",
		strings.Replace(variable, "val-1", repeat("v", 4097), 1):                                        "auth.secret_value: at most 4096",
		strings.Replace(variable, "val-1", "", 1):                                                       "auth.secret_value: must not be empty",
		named(""):               "auth.secret_name: must not be empty",
		named(repeat("X", 256)): "auth.secret_name: at most 255",
		named("1X"):             "auth.secret_name: must be letters",
		named("A-B"):            "auth.secret_name: must be letters",
		named("A=B"):            "auth.secret_name: must be letters",
		named(`A\n`):            "auth.secret_name: must be letters",
		named("É"):              "auth.secret_name: must be letters",
	}
	for _, name := range []string{"PATH", "HOME", "LD_PRELOAD", "LD_", "http_proxy", "HTTPS_PROXY", "No_Proxy", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "BASH_ENV"} {
		tests[named(name)] = "auth.secret_name: `" + name + "` is a variable of the sandbox itself"
	}
	for auth, want := range tests {
		body := `{"auth":` + auth + `}`
		checkRefusal(t, body, decodeAnd(body, func(p wire.CredentialParams) error {
			_, _, err := NewCredential(p, now)
			return err
		}), want)
	}
	for _, name := range []string{"_", "x", "Path", "LDAP_KEY", "GITHUB_TOKEN", repeat("X", 255)} {
		if c, _ := create(t, named(name)); c.Auth.EnvironmentVariable.SecretName != name {
			t.Errorf("%s: %s", name, wire.Encode(c))
		}
	}
}

func TestUpdateVariable(t *testing.T) {
	const form = `{"type":"environment_variable","secret_name":"TICKETS_KEY","networking":{"type":"limited","allowed_hosts":["api.tickets.test"]},"injection_location":{"header":true,"body":false}}`
	for update, want := range map[string][2]string{
		`"secret_value":"val-2"`:                {form, "secret_value=val-2"},
		`"secret_value":null,"networking":null`: {form, ""},
		`"networking":{"type":"unrestricted"}`:  {strings.Replace(form, `{"type":"limited","allowed_hosts":["api.tickets.test"]}`, `{"type":"unrestricted"}`, 1), ""},
		`"networking":{"type":"limited","allowed_hosts":["b.test"]},"injection_location":{"body":true}`: {
			strings.NewReplacer("api.tickets.test", "b.test", `"body":false`, `"body":true`).Replace(form), ""},
	} {
		cur, _ := create(t, variable)
		before := string(wire.Encode(cur))
		next, secrets, err := UpdateCredential(cur, decode[wire.CredentialParams](t, `{"auth":{"type":"environment_variable",`+update+`}}`), now)
		if err != nil || string(wire.Encode(next.Auth)) != want[0] || plain(secrets) != want[1] {
			t.Errorf("%s: %s %q, %v", update, wire.Encode(next.Auth), plain(secrets), err)
		}
		if after := string(wire.Encode(cur)); after != before {
			t.Errorf("%s changed its input: %s", update, after)
		}
	}
	for update, want := range map[string]string{
		`"secret_name":"TICKETS_KEY"`: "auth.secret_name: can't be changed",
		`"secret_name":null`:          "auth.secret_name: can't be changed",
		`"secret_value":""`:           "auth.secret_value: must not be empty",
	} {
		cur, _ := create(t, variable)
		_, _, err := UpdateCredential(cur, decode[wire.CredentialParams](t, `{"auth":{"type":"environment_variable",`+update+`}}`), now)
		checkRefusal(t, update, err, want)
	}
}
