package wire

// Verdicts of a CredentialValidation.
const (
	ValidationValid   = "valid"   // the server took the token
	ValidationInvalid = "invalid" // the user must authorize again
	ValidationUnknown = "unknown" // nobody can tell right now
)

// CredentialValidation is the answer to POST …/mcp_oauth_validate: what a
// credential's MCP server said to its token.
type CredentialValidation struct {
	Type            string          `json:"type"` // vault_credential_validation
	CredentialID    string          `json:"credential_id"`
	VaultID         string          `json:"vault_id"`
	ValidatedAt     Time            `json:"validated_at"`
	HasRefreshToken bool            `json:"has_refresh_token"`
	Status          string          `json:"status"`
	MCPProbe        *MCPProbe       `json:"mcp_probe"` // nil: every step passed
	Refresh         *RefreshAttempt `json:"refresh"`   // nil: the token was not refused
}

// MCPProbe is the step that failed.
type MCPProbe struct {
	Method       string        `json:"method"`
	HTTPResponse *HTTPResponse `json:"http_response"` // nil: none came
}

// Outcomes of a RefreshAttempt.
const (
	RefreshSucceeded      = "succeeded"
	RefreshFailed         = "failed"           // the token endpoint answered without a token
	RefreshConnectError   = "connect_error"    // it didn't answer
	RefreshNoRefreshToken = "no_refresh_token" // nothing was tried
)

// RefreshAttempt is how a refresh ended.
type RefreshAttempt struct {
	Status       string        `json:"status"`
	HTTPResponse *HTTPResponse `json:"http_response"` // for failed alone
}

// HTTPResponse is an answer of somebody else's server, without secrets.
type HTTPResponse struct {
	StatusCode    int    `json:"status_code"`
	ContentType   string `json:"content_type"`
	Body          string `json:"body"`
	BodyTruncated bool   `json:"body_truncated"`
}
