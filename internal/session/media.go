package session

import "bytes"

// MediaType is what bytes are by how they begin: a PDF or one of the types of
// images that a model can see; "" if they are neither. An upstream refuses a
// whole conversation for one block that isn't what it says.
func MediaType(data []byte) string {
	has := func(at int, magic string) bool { return len(data) >= at && bytes.HasPrefix(data[at:], []byte(magic)) }
	switch {
	case has(0, "\x89PNG\r\n\x1a\n"):
		return "image/png"
	case has(0, "\xff\xd8\xff"):
		return "image/jpeg"
	case has(0, "GIF87a"), has(0, "GIF89a"):
		return "image/gif"
	case has(0, "RIFF") && has(8, "WEBPVP"):
		return "image/webp"
	case bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")): // readers allow for something before it
		return "application/pdf"
	}
	return ""
}
