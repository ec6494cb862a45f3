package wire

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// CredentialParams is the body of POST /v1/vaults/{id}/credentials and of an
// update (POST /v1/vaults/{id}/credentials/{id}).
type CredentialParams struct {
	DisplayName Opt[string]              `json:"display_name"`
	Metadata    Opt[MetadataPatch]       `json:"metadata"`
	Auth        Opt[CredentialAuthParam] `json:"auth"`
}

// CredentialAuthParam is auth in a request. Exactly one field is set.
type CredentialAuthParam struct {
	MCPOAuth            *MCPOAuthParam
	StaticBearer        *StaticBearerParam
	EnvironmentVariable *EnvironmentVariableParam
}

// MCPOAuthParam is auth of type mcp_oauth in a request.
type MCPOAuthParam struct {
	Type         string                 `json:"type"`
	MCPServerURL Opt[string]            `json:"mcp_server_url"`
	AccessToken  Opt[Secret]            `json:"access_token"`
	ExpiresAt    Opt[string]            `json:"expires_at"`
	Refresh      Opt[OAuthRefreshParam] `json:"refresh"`
}

// OAuthRefreshParam is refresh in a request.
type OAuthRefreshParam struct {
	TokenEndpoint     Opt[string]                 `json:"token_endpoint"`
	ClientID          Opt[string]                 `json:"client_id"`
	RefreshToken      Opt[Secret]                 `json:"refresh_token"`
	Scope             Opt[string]                 `json:"scope"`
	Resource          Opt[string]                 `json:"resource"`
	TokenEndpointAuth Opt[TokenEndpointAuthParam] `json:"token_endpoint_auth"`
}

// TokenEndpointAuthParam is token_endpoint_auth in a request. Of type none it
// has no secret.
type TokenEndpointAuthParam struct {
	Type         string
	ClientSecret Opt[Secret]
}

// StaticBearerParam is auth of type static_bearer in a request.
type StaticBearerParam struct {
	Type         string      `json:"type"`
	MCPServerURL Opt[string] `json:"mcp_server_url"`
	Token        Opt[Secret] `json:"token"`
}

// EnvironmentVariableParam is auth of type environment_variable in a request.
type EnvironmentVariableParam struct {
	Type              string                         `json:"type"`
	SecretName        Opt[string]                    `json:"secret_name"`
	SecretValue       Opt[Secret]                    `json:"secret_value"`
	Networking        Opt[CredentialNetworkingParam] `json:"networking"`
	InjectionLocation Opt[InjectionLocationParam]    `json:"injection_location"`
}

// CredentialNetworkingParam is networking of a credential in a request.
// Limited is nil for unrestricted.
type CredentialNetworkingParam struct {
	Limited *LimitedCredentialParam
}

// LimitedCredentialParam is limited networking of a credential in a request.
type LimitedCredentialParam struct {
	Type         string        `json:"type"`
	AllowedHosts Opt[[]string] `json:"allowed_hosts"`
}

// InjectionLocationParam is injection_location in a request.
type InjectionLocationParam struct {
	Header Opt[bool] `json:"header"`
	Body   Opt[bool] `json:"body"`
}

// AuthType is the type of the field that is set, "" if none is.
func (p CredentialAuthParam) AuthType() string {
	switch {
	case p.MCPOAuth != nil:
		return TypeMCPOAuth
	case p.StaticBearer != nil:
		return TypeStaticBearer
	case p.EnvironmentVariable != nil:
		return TypeEnvironmentVariable
	}
	return ""
}

// Format prints nothing of it: behind a pointer and with the wrong verb fmt
// doesn't ask a Secret how it prints.
func (CredentialAuthParam) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// UnmarshalJSONFrom decodes the variant that type names.
func (p *CredentialAuthParam) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	_, err := DecodeUnion(dec, "`mcp_oauth`, `static_bearer`, `environment_variable`", func(typ string) any {
		switch typ {
		case TypeMCPOAuth:
			p.MCPOAuth = new(MCPOAuthParam)
			return p.MCPOAuth
		case TypeStaticBearer:
			p.StaticBearer = new(StaticBearerParam)
			return p.StaticBearer
		case TypeEnvironmentVariable:
			p.EnvironmentVariable = new(EnvironmentVariableParam)
			return p.EnvironmentVariable
		}
		return nil
	})
	return err
}

// UnmarshalJSONFrom decodes the variant that type names.
func (p *TokenEndpointAuthParam) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	type none struct {
		Type string `json:"type"`
	}
	type secret struct {
		Type         string      `json:"type"`
		ClientSecret Opt[Secret] `json:"client_secret"`
	}
	v, err := DecodeUnion(dec, "`none`, `client_secret_basic`, `client_secret_post`", func(typ string) any {
		p.Type = typ
		switch typ {
		case TypeNone:
			return new(none)
		case TypeClientSecretBasic, TypeClientSecretPost:
			return new(secret)
		}
		return nil
	})
	if s, ok := v.(*secret); ok {
		p.ClientSecret = s.ClientSecret
	}
	return err
}

// UnmarshalJSONFrom decodes the variant that type names.
func (p *CredentialNetworkingParam) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	_, err := DecodeUnion(dec, "`unrestricted`, `limited`", func(typ string) any {
		switch typ {
		case TypeUnrestricted:
			return new(struct {
				Type string `json:"type"`
			})
		case TypeLimited:
			p.Limited = new(LimitedCredentialParam)
			return p.Limited
		}
		return nil
	})
	return err
}
