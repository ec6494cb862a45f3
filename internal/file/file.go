// Package file holds the rules of files: what a record is, what name and type
// it gets, when its bytes and when its record are gone, who sees it. It does
// no I/O; package filestore keeps the records and the bytes.
//
// The package may import wire, fault and ids only.
package file

import (
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Limits of the API (Managed Agents API: files).
const (
	MaxBytes   = 500 << 20 // of one file, unless the operator says otherwise
	MaxIDs     = 100       // in ids[] of a list
	PageLimit  = 20        // of a list that asks for none
	MaxPage    = 1000
	KeepRecord = 30 * 24 * time.Hour // how long the record of an expired file stays
)

// Origin says how a file came to be.
type Origin string

// The origins.
const (
	Upload Origin = "upload" // by a client
	Copy   Origin = "copy"   // of another file, mounted in a session
	Output Origin = "output" // written by the agent of a session
	// Removed is an output whose file object was deleted while the agent's
	// file is still there: the row keeps it from being published again. The
	// API shows it nowhere.
	Removed Origin = "removed"
)

// Record is a file as it is kept. Files never change; what changes under a
// path is another file.
type Record struct {
	ID        string
	CreatedAt int64  // microseconds since 1970
	SessionID string // its scope; "" is the workspace
	Origin    Origin
	Path      string // of an output, below its directory; else ""
	ExpiresAt *int64 // microseconds since 1970; nil is never
	Size      int64  // bytes
	Blob      string // key of the bytes; "" once they are gone
	Doc       Doc
}

// Doc is the part of a record that no query looks at.
type Doc struct {
	Filename string `json:"filename"`
	MimeType string `json:"mime_type"`
	SHA256   string `json:"sha256"`          // hex
	Stamp    *Stamp `json:"stamp,omitempty"` // of an output
}

// Wire is the API's form of a record.
func (r *Record) Wire() wire.File {
	f := wire.File{
		ID:           r.ID,
		Type:         "file",
		Filename:     r.Doc.Filename,
		MimeType:     r.Doc.MimeType,
		SizeBytes:    r.Size,
		CreatedAt:    wire.Micros(r.CreatedAt),
		Downloadable: r.Downloadable(),
		ExpiresAt:    wire.MicrosPtr(r.ExpiresAt),
	}
	if r.SessionID != "" {
		f.Scope = &wire.FileScope{Type: "session", ID: r.SessionID}
	}
	return f
}

// Downloadable says whether clients may read the bytes: only those of files
// that an agent made (Managed Agents API: files).
func (r *Record) Downloadable() bool { return r.Origin == Output }

// Expired says whether the bytes are no longer to be had.
func (r *Record) Expired(now int64) bool {
	return r.ExpiresAt != nil && *r.ExpiresAt <= now
}

// Hidden says whether the API answers 404 to everything about the file: its
// bytes expired KeepRecord ago, or its object was deleted.
func (r *Record) Hidden(now int64) bool {
	return r.Origin == Removed || r.ExpiresAt != nil && *r.ExpiresAt <= ForgottenBefore(now)
}

// ForgottenBefore is the expiry of the newest records that are hidden now. It
// and now are microseconds since 1970.
func ForgottenBefore(now int64) int64 { return now - KeepRecord.Microseconds() }

// CheckDownload refuses the bytes of a file that has expired (404, code
// file_expired) or isn't downloadable (400, code file_not_downloadable).
// uploadsToo is the operator's permission to download uploads and copies.
func (r *Record) CheckDownload(now int64, uploadsToo bool) error {
	if !r.Downloadable() && !uploadsToo {
		return fault.New(fault.Invalid, "File `%s` is not downloadable: only files that an agent produced are.", r.ID).
			WithCode("file_not_downloadable")
	}
	if r.Expired(now) || r.Blob == "" {
		return Gone(r.ID)
	}
	return nil
}

// Gone is the refusal of bytes that have expired.
func Gone(id string) error {
	return fault.New(fault.NotFound, "The content of file `%s` has expired.", id).WithCode("file_expired")
}

// Missing is the refusal of an id that nothing visible has.
func Missing(id string) error { return fault.Missing("File", id) }

// CheckDelete refuses the deletion of a session's copy, which its resource
// needs.
func (r *Record) CheckDelete() error {
	if r.Origin == Copy {
		return fault.New(fault.Invalid,
			"File `%s` is the copy that session `%s` mounts: delete the session's resource instead.", r.ID, r.SessionID)
	}
	return nil
}
