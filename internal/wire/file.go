package wire

// File is a file as the API shows it (Managed Agents API: files). Stable and
// beta clients get the same form: Scope is always there.
type File struct {
	ID           string     `json:"id"`
	Type         string     `json:"type"` // file
	Filename     string     `json:"filename"`
	MimeType     string     `json:"mime_type"`
	SizeBytes    int64      `json:"size_bytes"`
	CreatedAt    Time       `json:"created_at"`
	Downloadable bool       `json:"downloadable"`
	ExpiresAt    *Time      `json:"expires_at"` // null: never
	Scope        *FileScope `json:"scope"`      // null: the workspace
}

// FileScope is the session a file belongs to.
type FileScope struct {
	Type string `json:"type"` // session
	ID   string `json:"id"`
}

// FilePage is a page of files in the dialect of clients that send the beta
// header files-api-2025-04-14. NextPage isn't part of it and is there for
// newer clients that send the header all the same.
type FilePage struct {
	Data     []File  `json:"data"`
	HasMore  bool    `json:"has_more"`
	FirstID  *string `json:"first_id"`
	LastID   *string `json:"last_id"`
	NextPage *string `json:"next_page"`
}
