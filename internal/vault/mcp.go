package vault

import (
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Limits of an OAuth credential's texts, in Unicode code points.
const (
	maxURL      = 2047
	maxClientID = 1024
	maxScope    = 8192
)

func newStaticBearer(p *wire.StaticBearerParam, secrets Secrets) (*wire.StaticBearer, error) {
	server, err := serverURL("mcp_server_url", p.MCPServerURL)
	if err != nil {
		return nil, err
	}
	return &wire.StaticBearer{Type: wire.TypeStaticBearer, MCPServerURL: server}, secrets.require(Token, Token, p.Token)
}

func updateStaticBearer(p *wire.StaticBearerParam, secrets Secrets) error {
	if err := immutable("mcp_server_url", p.MCPServerURL.Set); err != nil {
		return err
	}
	return secrets.replace(Token, Token, p.Token)
}

func newMCPOAuth(p *wire.MCPOAuthParam, secrets Secrets, now time.Time) (*wire.MCPOAuth, error) {
	a := &wire.MCPOAuth{Type: wire.TypeMCPOAuth}
	var err error
	if a.MCPServerURL, err = serverURL("mcp_server_url", p.MCPServerURL); err != nil {
		return nil, err
	}
	if err := secrets.require(AccessToken, AccessToken, p.AccessToken); err != nil {
		return nil, err
	}
	if a.ExpiresAt, err = expiry(p.ExpiresAt, now); err != nil {
		return nil, err
	}
	if p.Refresh.Set && !p.Refresh.Null {
		a.Refresh, err = newRefresh(&p.Refresh.Value, secrets)
	}
	return a, fault.Under("refresh", err)
}

// updateMCPOAuth keeps the stored expiry if p has none, also under a new
// access token (Managed Agents API: vaults).
func updateMCPOAuth(a wire.MCPOAuth, p *wire.MCPOAuthParam, secrets Secrets, now time.Time) (*wire.MCPOAuth, error) {
	if err := immutable("mcp_server_url", p.MCPServerURL.Set); err != nil {
		return nil, err
	}
	if err := secrets.replace(AccessToken, AccessToken, p.AccessToken); err != nil {
		return nil, err
	}
	at, err := expiry(p.ExpiresAt, now)
	if err != nil {
		return nil, err
	}
	if at != nil {
		a.ExpiresAt = at
	}
	if !p.Refresh.Set || p.Refresh.Null {
		return &a, nil
	}
	if a.Refresh == nil {
		return nil, fault.At("refresh", "can't be added to a credential that was created without it; archive the credential and create another")
	}
	a.Refresh, err = updateRefresh(*a.Refresh, &p.Refresh.Value, secrets)
	return &a, fault.Under("refresh", err)
}

// expiry is nil for absent and null.
func expiry(o wire.Opt[string], now time.Time) (*wire.Time, error) {
	if !o.Set || o.Null {
		return nil, nil
	}
	t, err := time.Parse(time.RFC3339Nano, o.Value)
	if err != nil || t.UTC().Year() > 9999 { // RFC 3339 has four digits
		return nil, fault.At("expires_at", "expected a time as in RFC 3339")
	}
	if !t.After(now) {
		return nil, fault.At("expires_at", "must be in the future")
	}
	at := wire.Time(t.UTC())
	return &at, nil
}

func newRefresh(p *wire.OAuthRefreshParam, secrets Secrets) (*wire.OAuthRefresh, error) {
	r := &wire.OAuthRefresh{}
	var err error
	if r.TokenEndpoint, err = serverURL("token_endpoint", p.TokenEndpoint); err != nil {
		return nil, err
	}
	if r.ClientID, err = required("client_id", p.ClientID, maxClientID); err != nil {
		return nil, err
	}
	if err := secrets.require(RefreshToken, RefreshToken, p.RefreshToken); err != nil {
		return nil, err
	}
	if r.Scope, err = optional("scope", p.Scope, maxScope); err != nil {
		return nil, err
	}
	if r.Resource, err = optional("resource", p.Resource, maxURL); err != nil {
		return nil, err
	}
	const path = "token_endpoint_auth"
	switch auth := p.TokenEndpointAuth; {
	case !auth.Set:
		return nil, fault.At(path, "field required")
	case auth.Null:
		return nil, fault.At(path, "expected an object")
	}
	r.TokenEndpointAuth.Type = p.TokenEndpointAuth.Value.Type
	if r.TokenEndpointAuth.Type == wire.TypeNone {
		return r, nil
	}
	return r, secrets.require(path+"."+ClientSecret, ClientSecret, p.TokenEndpointAuth.Value.ClientSecret)
}

func updateRefresh(r wire.OAuthRefresh, p *wire.OAuthRefreshParam, secrets Secrets) (*wire.OAuthRefresh, error) {
	for _, f := range []struct {
		path string
		set  bool
	}{{"token_endpoint", p.TokenEndpoint.Set}, {"client_id", p.ClientID.Set}, {"resource", p.Resource.Set}} {
		if err := immutable(f.path, f.set); err != nil {
			return nil, err
		}
	}
	if err := secrets.replace(RefreshToken, RefreshToken, p.RefreshToken); err != nil {
		return nil, err
	}
	switch {
	case !p.Scope.Set || p.Scope.Null:
	case p.Scope.Value == "":
		r.Scope = nil
	default:
		if err := checkLength("scope", p.Scope.Value, maxScope); err != nil {
			return nil, err
		}
		r.Scope = &p.Scope.Value
	}
	return &r, fault.Under("token_endpoint_auth", updateEndpointAuth(r, p.TokenEndpointAuth, secrets))
}

// updateEndpointAuth replaces the client secret. The stored type stays, also
// if the update names the other one that has a secret (Managed Agents API:
// vaults).
func updateEndpointAuth(r wire.OAuthRefresh, o wire.Opt[wire.TokenEndpointAuthParam], secrets Secrets) error {
	switch {
	case !o.Set:
		return nil
	case o.Null:
		return fault.At("", "expected an object; leave the field out to keep what is stored")
	case o.Value.Type == wire.TypeNone:
		return fault.At("type", "`none` is not one of `client_secret_basic`, `client_secret_post`")
	case r.TokenEndpointAuth.Type == wire.TypeNone:
		return fault.At("type", "the credential was created with `none` and can't get a client secret; archive it and create another")
	}
	return secrets.replace(ClientSecret, ClientSecret, o.Value.ClientSecret)
}
