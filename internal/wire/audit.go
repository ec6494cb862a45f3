package wire

// GateEntry is the account of one connection that a sandbox asked the gate
// for. It is this server's own: the Managed Agents API has no such endpoint.
type GateEntry struct {
	Type        string          `json:"type"` // gate_entry
	Seq         int64           `json:"seq"`
	StartedAt   Time            `json:"started_at"`
	SessionID   string          `json:"session_id"`
	Kind        string          `json:"kind"` // request or tunnel
	Host        string          `json:"host"`
	Port        int             `json:"port"`
	Address     string          `json:"address"` // what was dialled; "" if nothing was
	Verdict     string          `json:"verdict"` // allowed, refused or failed
	Reason      string          `json:"reason"`
	BytesUp     int64           `json:"bytes_up"`
	BytesDown   int64           `json:"bytes_down"`
	Seconds     float64         `json:"seconds"`
	Credentials []CredentialUse `json:"credentials"`
}

// CredentialUse says that a credential was put into a request.
type CredentialUse struct {
	CredentialID string `json:"credential_id"`
	Place        string `json:"place"` // header, body or injected
	Count        int    `json:"count"`
}
