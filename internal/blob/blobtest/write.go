package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/ostlerdev/ostler/internal/blob"
)

func putOpenStat(t *testing.T, s blob.Store) {
	const key = "files/file_01TXk"
	put(t, s, key, "a,b\n1,2\n")
	if got := get(t, s, key); got != "a,b\n1,2\n" {
		t.Errorf("got %q", got)
	}
	info, err := s.Stat(t.Context(), key)
	if err != nil || info.Key != key || info.Size != 8 || info.ModTime.IsZero() {
		t.Errorf("stat: %+v, %v", info, err)
	}
	longest := strings.Repeat("k", blob.MaxKey)
	put(t, s, longest, "long key")
	if got := get(t, s, longest); got != "long key" {
		t.Errorf("got %q", got)
	}
}

func empty(t *testing.T, s blob.Store) {
	put(t, s, "empty", "")
	if got := get(t, s, "empty"); got != "" {
		t.Errorf("got %q", got)
	}
}

func large(t *testing.T, s blob.Store) {
	content := make([]byte, 5<<20+17)
	src := rand.NewChaCha8([32]byte{1})
	if _, err := src.Read(content); err != nil {
		t.Fatal(err)
	}
	put(t, s, "large", string(content))
	if got := get(t, s, "large"); got != string(content) {
		t.Error("5 MiB came back changed")
	}
}

func replace(t *testing.T, s blob.Store) {
	put(t, s, "k", "first, and longer")
	put(t, s, "k", "second")
	if got := get(t, s, "k"); got != "second" {
		t.Errorf("got %q", got)
	}
	if got := keys(t, s, ""); len(got) != 1 {
		t.Errorf("keys: %q", got)
	}
}

func limit(t *testing.T, s blob.Store) {
	if w, err := s.Put(t.Context(), "k", strings.NewReader("12345"), 5); err != nil || w.Size != 5 {
		t.Errorf("exactly the limit: %+v, %v", w, err)
	}
	r := strings.NewReader("123456" + strings.Repeat("x", 1<<20))
	if _, err := s.Put(t.Context(), "k", r, 5); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
	if got := get(t, s, "k"); got != "12345" {
		t.Errorf("a refused put left %q", got)
	}
	if _, err := s.Put(t.Context(), "new", strings.NewReader("123456"), 5); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("new key: %v", err)
	}
	if _, err := s.Stat(t.Context(), "new"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a refused put left an object: %v", err)
	}
}

// errBroken is an upload that breaks off.
var errBroken = errors.New("connection reset by test")

func readerFails(t *testing.T, s blob.Store) {
	put(t, s, "k", "before")
	r := io.MultiReader(bytes.NewReader(make([]byte, 200<<10)), failing{errBroken})
	if _, err := s.Put(t.Context(), "k", r, 0); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	if got := get(t, s, "k"); got != "before" {
		t.Errorf("a broken put left %q", got)
	}
	if got := keys(t, s, ""); len(got) != 1 {
		t.Errorf("keys: %q", got)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func cancelled(t *testing.T, s blob.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	r := io.MultiReader(bytes.NewReader(make([]byte, 200<<10)), &cancelling{cancel: cancel})
	if _, err := s.Put(ctx, "k", r, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("put: %v", err)
	}
	if _, err := s.Stat(t.Context(), "k"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a cancelled put left an object: %v", err)
	}
	put(t, s, "k", "v")
	if _, _, err := s.Open(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	for _, err := range s.List(ctx, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("list: %v", err)
		}
	}
}

// cancelling cancels at its first read and then never ends by itself.
type cancelling struct{ cancel func() }

func (c *cancelling) Read(p []byte) (int, error) {
	c.cancel()
	return len(p), nil
}

// concurrentPuts: of many writers of one key one wins, whole.
func concurrentPuts(t *testing.T, s blob.Store) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			content := strings.Repeat(string(rune('a'+i)), 100<<10)
			if _, err := s.Put(t.Context(), "shared", strings.NewReader(content), 0); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got := get(t, s, "shared")
	if len(got) != 100<<10 || strings.Trim(got, got[:1]) != "" {
		t.Errorf("a mix of %d bytes", len(got))
	}
}
