package secret

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// secrets is a store of sealed secrets: by what they belong to.
type secrets map[string]string

func (s secrets) put(t *testing.T, b *Box, aad string) {
	t.Helper()
	s[aad] = mustSeal(t, b, "plain "+aad, aad)
}

// reseal seals the first n secrets again.
func (s secrets) reseal(b *Box, n int) error {
	for aad, sealed := range s {
		if n--; n < 0 {
			return nil
		}
		plain, err := b.Unseal(sealed, aad)
		if err != nil {
			return err
		}
		if s[aad], err = b.Seal(plain, aad); err != nil {
			return err
		}
	}
	return nil
}

func (s secrets) check(t *testing.T, b *Box) {
	t.Helper()
	for aad, sealed := range s {
		if plain, err := b.Unseal(sealed, aad); err != nil || plain != "plain "+aad {
			t.Errorf("%s: %q, %v", aad, plain, err)
		}
	}
}

func mustOpen(t *testing.T, path string) *Box {
	t.Helper()
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRotate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	old := mustOpen(t, path)
	s := secrets{}
	s.put(t, old, "a")
	s.put(t, old, "b")
	if err := Rotate(path, func(b *Box) error { return s.reseal(b, 99) }); err != nil {
		t.Fatal(err)
	}
	finished(t, path, s, old)
}

// finished checks that only a new key is left and opens everything.
func finished(t *testing.T, path string, s secrets, old *Box) {
	t.Helper()
	now := mustOpen(t, path)
	s.check(t, now)
	if len(now.keys) != 1 || now.keys[0].id == old.keys[0].id {
		t.Errorf("%d keys, the first the old one: %v", len(now.keys), now.keys[0].id == old.keys[0].id)
	}
	for aad, sealed := range s {
		if _, err := old.Unseal(sealed, aad); !errors.Is(err, ErrOtherKey) {
			t.Errorf("the old key still opens %s: %v", aad, err)
		}
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Errorf("the directory has %v, %v", names, err)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", fi.Mode(), err)
	}
}

var errKilled = errors.New("killed")

// However a rotation ends, all can be read and sealed, and the next one ends
// it.
func TestRotateCutShort(t *testing.T) {
	const all = 8
	for name, cut := range map[string]struct {
		resealed int
		end      func() error
	}{
		"before the first secret":             {0, func() error { return errKilled }},
		"in the middle":                       {all / 2, func() error { return errKilled }},
		"after the last, before the new file": {all, func() error { return errKilled }},
		"by a panic":                          {all / 2, func() error { panic(errKilled) }},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			old := mustOpen(t, path)
			s := secrets{}
			for i := range all {
				s.put(t, old, fmt.Sprint(i))
			}
			var next *Box
			err := caught(func() error {
				return Rotate(path, func(b *Box) error {
					next = b
					if err := s.reseal(b, cut.resealed); err != nil {
						return err
					}
					return cut.end()
				})
			})
			if !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			for range 2 { // a server that starts in between, twice
				running := mustOpen(t, path)
				s.check(t, running)
				s.put(t, running, fmt.Sprint(len(s)))
				s.check(t, mustOpen(t, path))
			}
			if err := Rotate(path, func(b *Box) error {
				if b.keys[0].id != next.keys[0].id {
					t.Error("the second rotation has another new key, so that the first one's is lost")
				}
				return s.reseal(b, 99)
			}); err != nil {
				t.Fatal(err)
			}
			finished(t, path, s, old)
		})
	}
}

func caught(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = p.(error)
		}
	}()
	return f()
}

func TestRotateNeedsAGoodKeyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	never := func(*Box) error { t.Error("reseal was called"); return nil }
	if err := Rotate(path, never); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no key file: %v", err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 0 {
		t.Errorf("the refused rotation left %v, %v", names, err)
	}
	mustOpen(t, path)
	if err := os.WriteFile(path+nextSuffix, []byte("half a ke"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Rotate(path, never); err == nil || !strings.Contains(err.Error(), "key.next: expected 64") {
		t.Errorf("a damaged new key: %v", err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "key.next: expected 64") {
		t.Errorf("Open beside a damaged new key, which may be all that opens some secrets: %v", err)
	}
}

func TestABoxOfTwoKeysOpensBoth(t *testing.T) {
	a, b := make([]byte, keyLen), make([]byte, keyLen)
	b[0] = 1
	both, err := New(a, b)
	if err != nil {
		t.Fatal(err)
	}
	onlyA, err := New(a)
	if err != nil {
		t.Fatal(err)
	}
	onlyB, err := New(b)
	if err != nil {
		t.Fatal(err)
	}
	for name, sealed := range map[string]string{"first": mustSeal(t, onlyA, "x", "aad"), "second": mustSeal(t, onlyB, "x", "aad")} {
		if plain, err := both.Unseal(sealed, "aad"); err != nil || plain != "x" {
			t.Errorf("%s key: %q, %v", name, plain, err)
		}
		if _, err := both.Unseal(sealed, "other"); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s key, elsewhere: %v", name, err)
		}
	}
	if _, err := onlyA.Unseal(mustSeal(t, both, "x", "aad"), "aad"); err != nil {
		t.Errorf("it doesn't seal with its first key: %v", err)
	}
	if _, err := New(a, b[:5]); err == nil {
		t.Error("a short second key was accepted")
	}
}
