package file

import (
	"strconv"
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
)

// Bounds of expires_in_seconds: an hour and ninety days.
const (
	MinExpiry = 3600
	MaxExpiry = 7776000
)

// ParseExpiry reads the form field expires_in_seconds. Its errors name the
// field.
func ParseExpiry(text string) (seconds int64, err error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, fault.At("expires_in_seconds", "expected an integer")
	}
	if n < MinExpiry || n > MaxExpiry {
		return 0, fault.At("expires_in_seconds", "must be between %d and %d", MinExpiry, MaxExpiry)
	}
	return n, nil
}
