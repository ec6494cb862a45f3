package wire

import (
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
)

// Limits of metadata, in pairs and Unicode code points.
const (
	MaxMetadataPairs = 16
	MaxMetadataKey   = 64
	MaxMetadataValue = 512
)

// Metadata is the caller's own key-value pairs on a resource.
type Metadata map[string]string

// MetadataPatch is a merge patch on Metadata: a string sets, null deletes,
// keys left out stay.
type MetadataPatch map[string]*string

// Apply returns old with the patch p applied, which may be null or absent.
// With emptyDeletes "" deletes as null does (environments). Errors are
// faults with code invalid_metadata whose path begins with metadata: more
// than 16 pairs, keys not of 1 to 64 characters, values over 512.
func (p MetadataPatch) Apply(old Metadata, emptyDeletes bool) (Metadata, error) {
	out := make(Metadata, len(old)+len(p))
	maps.Copy(out, old)
	for _, k := range slices.Sorted(maps.Keys(p)) {
		v := p[k]
		if v == nil || (emptyDeletes && *v == "") {
			delete(out, k)
			continue
		}
		if err := checkPair(k, *v); err != nil {
			return nil, err
		}
		out[k] = *v
	}
	if len(out) > MaxMetadataPairs {
		return nil, badMetadata("metadata", "at most %d pairs, got %d", MaxMetadataPairs, len(out))
	}
	return out, nil
}

// NewMetadata checks the metadata of a new resource. A null value is refused:
// there is nothing to delete. Errors are those of Apply.
func NewMetadata(p MetadataPatch) (Metadata, error) {
	for _, k := range slices.Sorted(maps.Keys(p)) {
		if p[k] == nil {
			return nil, badMetadata(fault.Join("metadata", k), "expected a string")
		}
	}
	return p.Apply(nil, false)
}

func checkPair(k, v string) error {
	switch n := utf8.RuneCountInString(k); {
	case n == 0:
		return badMetadata("metadata", "a key is empty, want 1 to %d characters", MaxMetadataKey)
	case n > MaxMetadataKey:
		return badMetadata("metadata", "a key has %d characters, at most %d: %.64q…", n, MaxMetadataKey, k)
	}
	if n := utf8.RuneCountInString(v); n > MaxMetadataValue {
		return badMetadata(fault.Join("metadata", k), "at most %d characters, got %d", MaxMetadataValue, n)
	}
	return nil
}

func badMetadata(path, format string, args ...any) error {
	return fault.At(path, format, args...).WithCode("invalid_metadata")
}
