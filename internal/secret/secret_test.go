package secret

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func box(t *testing.T, fill byte) *Box {
	t.Helper()
	b, err := New([]byte(strings.Repeat(string(rune(fill)), keyLen)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustSeal(t *testing.T, b *Box, plain, aad string) string {
	t.Helper()
	s, err := b.Seal(plain, aad)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealedSecretsOpenAgain(t *testing.T) {
	b := box(t, 'a')
	for _, plain := range []string{"", "x", "ghp_0123456789", strings.Repeat("long", 5000), "\x00\xff"} {
		sealed := mustSeal(t, b, plain, "here")
		if len(plain) > 8 && strings.Contains(sealed, plain) {
			t.Errorf("%q can be read in %q", plain, sealed)
		}
		got, err := box(t, 'a').Unseal(sealed, "here")
		if err != nil || got != plain {
			t.Errorf("%q came back as %q, %v", plain, got, err)
		}
	}
	if mustSeal(t, b, "x", "here") == mustSeal(t, b, "x", "here") {
		t.Error("two seals of one text are equal")
	}
}

func TestUnsealRefuses(t *testing.T) {
	b := box(t, 'a')
	sealed := mustSeal(t, b, "token", "here")
	for name, c := range map[string]struct {
		box    *Box
		sealed string
		aad    string
		want   error
	}{
		"another place": {b, sealed, "there", ErrDamaged},
		"another key":   {box(t, 'b'), sealed, "here", ErrOtherKey},
		"nothing":       {b, "", "here", ErrDamaged},
		"no base64":     {b, "!" + sealed, "here", ErrDamaged},
		"cut off":       {b, sealed[:len(sealed)-4], "here", ErrDamaged},
		"too short":     {b, sealed[:20], "here", ErrDamaged},
		"more":          {b, sealed + "AAAA", "here", ErrDamaged},
	} {
		if got, err := c.box.Unseal(c.sealed, c.aad); !errors.Is(err, c.want) || got != "" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// Every single bit of a sealed secret matters.
func TestUnsealRefusesEveryFlippedBit(t *testing.T) {
	b := box(t, 'a')
	raw, err := base64.RawURLEncoding.DecodeString(mustSeal(t, b, "token", "here"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for bit := range 8 {
			raw[i] ^= 1 << bit
			if got, err := b.Unseal(base64.RawURLEncoding.EncodeToString(raw), "here"); err == nil {
				t.Errorf("byte %d, bit %d: opened as %q", i, bit, got)
			}
			raw[i] ^= 1 << bit
		}
	}
}

func TestNewRefusesKeysOfOtherLengths(t *testing.T) {
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := New(make([]byte, n)); err == nil {
			t.Errorf("%d bytes were accepted", n)
		}
	}
}

func TestOpenMakesAPrivateKeyOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	first, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(path)
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", fi.Mode(), err)
	}
	second, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := second.Unseal(mustSeal(t, first, "token", "x"), "x"); err != nil || got != "token" {
		t.Errorf("got %q, %v", got, err)
	}
	if names, err := os.ReadDir(filepath.Dir(path)); err != nil || len(names) != 1 {
		t.Errorf("the directory has %v, %v", names, err)
	}
}

func TestOpenAtOnceAgreesOnOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	boxes := make([]*Box, 16)
	var wg sync.WaitGroup
	for i := range boxes {
		wg.Go(func() {
			var err error
			if boxes[i], err = Open(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, b := range boxes {
		if b == nil || b.keys[0].id != boxes[0].keys[0].id {
			t.Fatal("the keys differ")
		}
	}
}

func TestOpenRefusesBadKeyFiles(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"readable by all": {strings.Repeat("0", 64), 0o644, "chmod 600"},
		"too short":       {"00", 0o600, "64 hexadecimal digits"},
		"no digits":       {strings.Repeat("z", 64), 0o600, "64 hexadecimal digits"},
		"empty":           {"", 0o600, "64 hexadecimal digits"},
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
