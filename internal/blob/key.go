package blob

import (
	"fmt"
	"strings"
)

// MaxKey is the longest key, in bytes.
const MaxKey = 200

// ValidKey returns nil for a key every implementation can hold, or an error
// that wraps ErrInvalidKey. A key is 1 to MaxKey bytes: segments of ASCII
// letters, digits, "_", "-" and ".", joined by "/". A segment isn't empty and
// doesn't begin with "."; so there is no "..", no absolute key, no hidden file.
func ValidKey(key string) error {
	if key == "" || len(key) > MaxKey {
		return fmt.Errorf("%w: %d bytes long, not 1 to %d", ErrInvalidKey, len(key), MaxKey)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment[0] == '.' {
			return fmt.Errorf("%w: %q has a segment that is empty or begins with a dot", ErrInvalidKey, key)
		}
		for i := range len(segment) {
			if !keyByte(segment[i]) {
				return fmt.Errorf("%w: %q has the byte %q", ErrInvalidKey, key, segment[i])
			}
		}
	}
	return nil
}

func keyByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '_' || c == '-' || c == '.'
}
