package vault

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Limits of a variable.
const (
	MaxHosts      = 16
	maxSecretName = 255
)

func newVariable(p *wire.EnvironmentVariableParam, secrets Secrets) (*wire.EnvironmentVariable, error) {
	v := &wire.EnvironmentVariable{Type: wire.TypeEnvironmentVariable}
	var err error
	if v.SecretName, err = required("secret_name", p.SecretName, maxSecretName); err != nil {
		return nil, err
	}
	if err := checkName(v.SecretName); err != nil {
		return nil, fault.Under("secret_name", err)
	}
	if err := secrets.require(SecretValue, SecretValue, p.SecretValue); err != nil {
		return nil, err
	}
	switch {
	case !p.Networking.Set:
		return nil, fault.At("networking", "field required")
	case p.Networking.Null:
		return nil, fault.At("networking", "expected an object")
	}
	if v.Networking, err = networking(p.Networking.Value); err != nil {
		return nil, err
	}
	// Without the object both are on, with it what it leaves out is off.
	both := !p.InjectionLocation.Set
	v.InjectionLocation, err = location(wire.InjectionLocation{Header: both, Body: both}, p.InjectionLocation)
	return v, err
}

func updateVariable(v wire.EnvironmentVariable, p *wire.EnvironmentVariableParam, secrets Secrets) (*wire.EnvironmentVariable, error) {
	if err := immutable("secret_name", p.SecretName.Set); err != nil {
		return nil, err
	}
	if err := secrets.replace(SecretValue, SecretValue, p.SecretValue); err != nil {
		return nil, err
	}
	var err error
	if p.Networking.Set && !p.Networking.Null {
		if v.Networking, err = networking(p.Networking.Value); err != nil {
			return nil, err
		}
	}
	v.InjectionLocation, err = location(v.InjectionLocation, p.InjectionLocation)
	return &v, err
}

// location lays o over cur.
func location(cur wire.InjectionLocation, o wire.Opt[wire.InjectionLocationParam]) (wire.InjectionLocation, error) {
	const path = "injection_location"
	if o.Null {
		return cur, fault.At(path, "must not be null; leave the field out instead")
	}
	for _, f := range []struct {
		name string
		opt  wire.Opt[bool]
		into *bool
	}{{"header", o.Value.Header, &cur.Header}, {"body", o.Value.Body, &cur.Body}} {
		if f.opt.Null {
			return cur, fault.At(path+"."+f.name, "must not be null; leave the field out instead")
		}
		if f.opt.Set {
			*f.into = f.opt.Value
		}
	}
	if !cur.Header && !cur.Body {
		return cur, fault.At(path, "at least one of `header` and `body` must be true")
	}
	return cur, nil
}

func networking(p wire.CredentialNetworkingParam) (wire.CredentialNetworking, error) {
	if p.Limited == nil {
		return wire.CredentialNetworking{Type: wire.TypeUnrestricted}, nil
	}
	const path = "networking.allowed_hosts"
	hosts := p.Limited.AllowedHosts
	switch {
	case !hosts.Set:
		return wire.CredentialNetworking{}, fault.At(path, "field required")
	case hosts.Null:
		return wire.CredentialNetworking{}, fault.At(path, "expected an array")
	case len(hosts.Value) == 0:
		return wire.CredentialNetworking{}, fault.At(path, "must not be empty: the secret could be sent nowhere")
	case len(hosts.Value) > MaxHosts:
		return wire.CredentialNetworking{}, fault.At(path, "at most %d hosts, got %d", MaxHosts, len(hosts.Value))
	}
	for i, h := range hosts.Value {
		if err := checkHost(h); err != nil {
			return wire.CredentialNetworking{}, fault.Under(fmt.Sprintf("%s[%d]", path, i), err)
		}
	}
	return wire.CredentialNetworking{Type: wire.TypeLimited, AllowedHosts: slices.Clone(hosts.Value)}, nil
}

// checkHost wants a bare name, an IPv4 address or *.suffix.
func checkHost(h string) error {
	if strings.Contains(h, ":") {
		return fault.At("", "give a bare host such as api.example.com, 192.0.2.1 or *.example.com: no scheme, port or IPv6 address")
	}
	if _, err := policy.ParsePattern(h); err != nil {
		return fault.At("", "%v", err)
	}
	return nil
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// taken are variables that a sandbox can't work without, or that lead its
// programs to the gate: a placeholder in one of them would break every tool.
// Those for proxies are taken in any case, as programs read them.
var (
	taken = []string{
		"PATH", "HOME", "USER", "SHELL", "PWD", "OLDPWD", "IFS", "TERM", "TMPDIR", "ENV", "BASH_ENV", "SHELLOPTS", "BASHOPTS",
		"NODE_OPTIONS", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO",
		"GIT_SSL_CAPATH", "PIP_CERT", "CARGO_HTTP_CAINFO", "AWS_CA_BUNDLE", "DENO_CERT", "NIX_SSL_CERT_FILE",
	}
	takenProxies = []string{"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"}
)

func checkName(name string) error {
	switch {
	case !variableName.MatchString(name):
		return fault.At("", "must be letters, digits and `_`, and not begin with a digit")
	case strings.HasPrefix(name, "LD_") || slices.Contains(taken, name) || slices.Contains(takenProxies, strings.ToUpper(name)):
		return fault.At("", "`%s` is a variable of the sandbox itself; choose another name", name)
	}
	return nil
}
