package wire

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Types of a credential's auth, and of the auth of a token endpoint.
const (
	TypeMCPOAuth            = "mcp_oauth"
	TypeStaticBearer        = "static_bearer"
	TypeEnvironmentVariable = "environment_variable"

	TypeNone              = "none"
	TypeClientSecretBasic = "client_secret_basic"
	TypeClientSecretPost  = "client_secret_post"
)

// Credential is what a session needs to act in somebody's name, without the
// secrets: those are never part of an answer.
type Credential struct {
	ID          string         `json:"id"`
	Type        string         `json:"type"` // vault_credential
	VaultID     string         `json:"vault_id"`
	DisplayName *string        `json:"display_name"`
	Metadata    Metadata       `json:"metadata"`
	Auth        CredentialAuth `json:"auth"`
	CreatedAt   Time           `json:"created_at"`
	UpdatedAt   Time           `json:"updated_at"`
	ArchivedAt  *Time          `json:"archived_at"`
}

// CredentialAuth is the auth of a credential. Exactly one field is set.
type CredentialAuth struct {
	MCPOAuth            *MCPOAuth
	StaticBearer        *StaticBearer
	EnvironmentVariable *EnvironmentVariable
}

// MCPOAuth is an OAuth access token for an MCP server.
type MCPOAuth struct {
	Type         string        `json:"type"` // mcp_oauth
	MCPServerURL string        `json:"mcp_server_url"`
	ExpiresAt    *Time         `json:"expires_at"` // nil: not known
	Refresh      *OAuthRefresh `json:"refresh"`    // nil: the token can't be refreshed
}

// OAuthRefresh says how an access token is refreshed.
type OAuthRefresh struct {
	TokenEndpoint     string            `json:"token_endpoint"`
	ClientID          string            `json:"client_id"`
	Scope             *string           `json:"scope"`
	Resource          *string           `json:"resource"`
	TokenEndpointAuth TokenEndpointAuth `json:"token_endpoint_auth"`
}

// TokenEndpointAuth says how the client proves itself to the token endpoint.
type TokenEndpointAuth struct {
	Type string `json:"type"` // none, client_secret_basic or client_secret_post
}

// StaticBearer is a fixed bearer token for an MCP server.
type StaticBearer struct {
	Type         string `json:"type"` // static_bearer
	MCPServerURL string `json:"mcp_server_url"`
}

// EnvironmentVariable is a secret that stands in a variable of the sandbox as
// a placeholder, and is put in its place in requests that leave.
type EnvironmentVariable struct {
	Type              string               `json:"type"` // environment_variable
	SecretName        string               `json:"secret_name"`
	Networking        CredentialNetworking `json:"networking"`
	InjectionLocation InjectionLocation    `json:"injection_location"`
}

// CredentialNetworking is which hosts a secret is sent to. AllowedHosts is nil
// for unrestricted, and has entries for limited.
type CredentialNetworking struct {
	Type         string   `json:"type"`                    // unrestricted or limited
	AllowedHosts []string `json:"allowed_hosts,omitempty"` // host or *.suffix
}

// InjectionLocation is where in a request a secret is put in.
type InjectionLocation struct {
	Header bool `json:"header"`
	Body   bool `json:"body"`
}

// AuthType is the type of the field that is set, "" if none is.
func (a CredentialAuth) AuthType() string {
	switch {
	case a.MCPOAuth != nil:
		return TypeMCPOAuth
	case a.StaticBearer != nil:
		return TypeStaticBearer
	case a.EnvironmentVariable != nil:
		return TypeEnvironmentVariable
	}
	return ""
}

// MarshalJSONTo writes the field that is set.
func (a CredentialAuth) MarshalJSONTo(enc *jsontext.Encoder) error {
	switch {
	case a.MCPOAuth != nil:
		return json.MarshalEncode(enc, a.MCPOAuth)
	case a.StaticBearer != nil:
		return json.MarshalEncode(enc, a.StaticBearer)
	case a.EnvironmentVariable != nil:
		return json.MarshalEncode(enc, a.EnvironmentVariable)
	}
	return fmt.Errorf("wire: a CredentialAuth that is none")
}

// UnmarshalJSONFrom reads the stored form.
func (a *CredentialAuth) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, typ, err := readStored(dec)
	if err != nil {
		return err
	}
	*a = CredentialAuth{}
	switch typ {
	case TypeMCPOAuth:
		return json.Unmarshal(raw, &a.MCPOAuth)
	case TypeStaticBearer:
		return json.Unmarshal(raw, &a.StaticBearer)
	case TypeEnvironmentVariable:
		return json.Unmarshal(raw, &a.EnvironmentVariable)
	}
	return fmt.Errorf("wire: a credential of type %q", typ)
}
