package file

import (
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
)

// BlockFor is the content block that can show a file of a MIME type to the
// model: "image", "document", or "" for none (Managed Agents API: files).
func BlockFor(mimeType string) string {
	switch mimeType {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
		return "image"
	case "application/pdf", "text/plain":
		return "document"
	}
	return ""
}

// CheckBlock refuses a file that a content block of the given type ("image" or
// "document") can't show: expired, or of the wrong MIME type. path is the JSON
// path of the block's source.file_id.
func (r *Record) CheckBlock(block, path string, now int64) error {
	if r.Expired(now) || r.Blob == "" {
		return fault.At(path, "the content of file `%s` has expired", r.ID)
	}
	if BlockFor(r.Doc.MimeType) == block {
		return nil
	}
	want := map[string]string{"image": "image/jpeg, image/png, image/gif or image/webp", "document": "application/pdf or text/plain"}[block]
	return fault.At(path, "file `%s` is %s, %s block needs %s", r.ID, r.Doc.MimeType, article(block), want)
}

func article(block string) string {
	if strings.HasPrefix(block, "i") {
		return "an " + block
	}
	return "a " + block
}
