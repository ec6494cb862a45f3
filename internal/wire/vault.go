package wire

// Vault is a set of credentials that sessions may use.
type Vault struct {
	ID          string   `json:"id"`
	Type        string   `json:"type"` // vault
	DisplayName string   `json:"display_name"`
	Metadata    Metadata `json:"metadata"`
	CreatedAt   Time     `json:"created_at"`
	UpdatedAt   Time     `json:"updated_at"`
	ArchivedAt  *Time    `json:"archived_at"`
}

// VaultParams is the body of POST /v1/vaults and of an update
// (POST /v1/vaults/{id}).
type VaultParams struct {
	DisplayName Opt[string]        `json:"display_name"`
	Metadata    Opt[MetadataPatch] `json:"metadata"`
}
