package memory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/ostlerdev/ostler/internal/fault"
)

// Limits of a path: bytes and segments.
const (
	MaxPath     = 1024
	MaxSegments = 20
)

// Marker is a name at a store's root that workers of self-hosted environments
// keep for themselves. No memory may have it.
const Marker = ".anthropic-memory-store"

// CheckPath refuses what can't be the path of a memory (Managed Agents API:
// memory stores). Paths are taken as they are, nothing is converted.
func CheckPath(path string) error {
	switch {
	case len(path) < 2 || len(path) > MaxPath:
		return fault.At("", "must have 2 to %d bytes", MaxPath)
	case path[0] != '/':
		return fault.At("", "must begin with `/`")
	case !utf8.ValidString(path):
		return fault.At("", "must be UTF-8")
	case strings.ContainsFunc(path, forbidden):
		return fault.At("", "must not have control characters, format characters or line separators")
	case !norm.NFC.IsNormalString(path):
		return fault.At("", "must be in Unicode Normalization Form C")
	}
	segments := strings.Split(path[1:], "/")
	if len(segments) > MaxSegments {
		return fault.At("", "at most %d segments, got %d", MaxSegments, len(segments))
	}
	for _, s := range segments {
		if s == "" || s == "." || s == ".." {
			return fault.At("", "a segment must not be empty, `.` or `..`")
		}
	}
	if segments[0] == Marker {
		return fault.At("", "`/%s` is reserved", Marker)
	}
	return nil
}

func forbidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf) || r == '\u2028' || r == '\u2029'
}

// CheckPrefix refuses what can't be a path_prefix. "" is the whole store.
func CheckPrefix(prefix string) error {
	if prefix != "" && (prefix[0] != '/' || !strings.HasSuffix(prefix, "/")) {
		return fault.At("path_prefix", "must begin and end with `/`")
	}
	return nil
}

// Ancestors are the directories above a path, the nearest last: of "/a/b/c"
// they are "/a" and "/a/b". A memory at one of them is in the way of path, for
// a store is mounted as a tree of files.
func Ancestors(path string) []string {
	var out []string
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			out = append(out, path[:i])
		}
	}
	return out
}

// Conflict is the refusal of a path that another memory is in the way of.
func Conflict(path, blockerID, blockerPath string) error {
	text := "path `" + blockerPath + "` is already in use"
	if path != blockerPath {
		text = "path `" + path + "` and path `" + blockerPath + "`, which is in use, can't be a file and a directory at once"
	}
	return &fault.Error{Kind: fault.PathConflict, Message: text, Blocker: &fault.Blocker{ID: blockerID, Path: blockerPath}}
}
