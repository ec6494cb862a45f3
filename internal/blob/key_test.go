package blob

import (
	"errors"
	"path"
	"strings"
	"testing"
)

func TestValidKey(t *testing.T) {
	for _, key := range []string{
		"a", "files/file_01TXk", "skills/skill_1/2026.10.01-x", "A-b_c.tar.gz", strings.Repeat("k", MaxKey),
	} {
		if err := ValidKey(key); err != nil {
			t.Errorf("%q: %v", key, err)
		}
	}
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.hidden", "a b", "a\\b", "a\x00b", "a~b", "ä",
		"a%2fb", "a:b", "a\nb", strings.Repeat("k", MaxKey+1),
	} {
		if err := ValidKey(key); !errors.Is(err, ErrInvalidKey) {
			t.Errorf("%q: got %v", key, err)
		}
	}
}

// A valid key is its own cleaned path and stays below the directory it is
// joined to.
func FuzzValidKey(f *testing.F) {
	f.Add("files/file_01")
	f.Add("../../etc/passwd")
	f.Fuzz(func(t *testing.T, key string) {
		if ValidKey(key) != nil {
			return
		}
		if path.Clean(key) != key || !strings.HasPrefix(path.Join("/root", key), "/root/") {
			t.Errorf("%q is accepted and escapes", key)
		}
	})
}
