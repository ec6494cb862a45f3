package blobtest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/blob"
)

func seek(t *testing.T, s blob.Store) {
	put(t, s, "k", "0123456789")
	r, _, err := s.Open(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, c := range []struct {
		offset int64
		whence int
		at     int64
		want   string
	}{
		{4, io.SeekStart, 4, "456"},
		{-3, io.SeekEnd, 7, "789"},
		{-9, io.SeekCurrent, 1, "123"},
		{0, io.SeekEnd, 10, ""},
		{0, io.SeekStart, 0, "012"},
	} {
		at, err := r.Seek(c.offset, c.whence)
		if err != nil || at != c.at {
			t.Fatalf("seek %d from %d: %d, %v", c.offset, c.whence, at, err)
		}
		got := make([]byte, len(c.want))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != c.want {
			t.Fatalf("at %d: %q, %v", c.at, got, err)
		}
	}
	if at, err := r.Seek(-1, io.SeekStart); err == nil {
		t.Errorf("seek before the start: %d", at)
	}
}

func replaceWhileOpen(t *testing.T, s blob.Store) {
	old := strings.Repeat("old ", 100<<10)
	for name, change := range map[string]func(key string) error{
		"replace": func(key string) error {
			_, err := s.Put(t.Context(), key, strings.NewReader("new"), 0)
			return err
		},
		"delete": func(key string) error { return s.Delete(t.Context(), key) },
	} {
		put(t, s, name, old)
		r, _, err := s.Open(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 4)
		if _, err := io.ReadFull(r, head); err != nil {
			t.Fatal(err)
		}
		if err := change(name); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(r)
		if err != nil || string(head)+string(rest) != old {
			t.Errorf("%s: the open object changed: %d bytes, %v", name, len(rest), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func notFound(t *testing.T, s blob.Store) {
	put(t, s, "files/here", "x")
	for _, key := range []string{"gone", "files", "files/here/below", "files/her"} {
		if _, _, err := s.Open(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("open %s: %v", key, err)
		}
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("stat %s: %v", key, err)
		}
		if err := s.Copy(t.Context(), key, "copy"); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("copy %s: %v", key, err)
		}
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
	}
	if got := keys(t, s, ""); !slices.Equal(got, []string{"files/here"}) {
		t.Errorf("keys: %q", got)
	}
}

func invalidKeys(t *testing.T, s blob.Store) {
	put(t, s, "ok", "x")
	for _, key := range []string{"", "/etc/passwd", "../up", "a/../../up", "a//b", ".hidden", "a~b", "nul\x00"} {
		_, err := s.Put(t.Context(), key, strings.NewReader("x"), 0)
		_, _, openErr := s.Open(t.Context(), key)
		_, statErr := s.Stat(t.Context(), key)
		for op, err := range map[string]error{
			"put": err, "open": openErr, "stat": statErr,
			"delete":    s.Delete(t.Context(), key),
			"copy from": s.Copy(t.Context(), key, "dst"),
			"copy to":   s.Copy(t.Context(), "ok", key),
		} {
			if !errors.Is(err, blob.ErrInvalidKey) {
				t.Errorf("%s %q: %v", op, key, err)
			}
		}
	}
}

func deleteObject(t *testing.T, s blob.Store) {
	put(t, s, "k", "x")
	for range 2 {
		if err := s.Delete(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Stat(t.Context(), "k"); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("after delete: %v", err)
		}
	}
	put(t, s, "k", "again")
	if got := get(t, s, "k"); got != "again" {
		t.Errorf("got %q", got)
	}
}

func copyObject(t *testing.T, s blob.Store) {
	put(t, s, "src", "bytes")
	put(t, s, "dst", "something that was there")
	if err := s.Copy(t.Context(), "src", "dst"); err != nil {
		t.Fatal(err)
	}
	put(t, s, "src", "changed")
	if got := get(t, s, "dst"); got != "bytes" {
		t.Errorf("the copy follows its source: %q", got)
	}
	if err := s.Copy(t.Context(), "dst", "third"); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "dst"); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, "third"); got != "bytes" {
		t.Errorf("the copy went with its source: %q", got)
	}
	if got := keys(t, s, ""); !slices.Equal(got, []string{"src", "third"}) {
		t.Errorf("keys: %q", got)
	}
}

func copyOntoItself(t *testing.T, s blob.Store) {
	put(t, s, "a", "bytes")
	for range 2 { // the second time b is a copy already
		if err := s.Copy(t.Context(), "a", "b"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Copy(t.Context(), "a", "a"); err != nil {
		t.Fatal(err)
	}
	if a, b := get(t, s, "a"), get(t, s, "b"); a != "bytes" || b != "bytes" {
		t.Errorf("got %q, %q", a, b)
	}
	if got := keys(t, s, ""); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("keys: %q", got)
	}
}

// copyLooksYoung: garbage collection must not take a fresh copy of an old
// object for an old object.
func copyLooksYoung(t *testing.T, s blob.Store) {
	put(t, s, "src", "bytes")
	before, err := s.Stat(t.Context(), "src")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Copy(t.Context(), "src", "dst"); err != nil {
		t.Fatal(err)
	}
	after, err := s.Stat(t.Context(), "dst")
	if err != nil {
		t.Fatal(err)
	}
	if after.ModTime.Before(before.ModTime) || time.Since(after.ModTime) > time.Hour {
		t.Errorf("the copy is of %v, its source of %v", after.ModTime, before.ModTime)
	}
}

func list(t *testing.T, s blob.Store) {
	if got := keys(t, s, ""); len(got) != 0 {
		t.Errorf("a new store lists %q", got)
	}
	var files []string
	for i := range 40 {
		key := fmt.Sprintf("files/file_%02d", i)
		files = append(files, key)
		put(t, s, key, key)
	}
	put(t, s, "filesystem", "x")
	put(t, s, "skills/a/b", "x")
	for prefix, want := range map[string][]string{
		"files/": files, "files/file_1": files[10:20], "files/file_07": files[7:8],
		"filesystem": {"filesystem"}, "skills/a": {"skills/a/b"}, "none": {},
		"":  append(slices.Clone(files), "filesystem", "skills/a/b"),
		"~": {},
	} {
		if got := keys(t, s, prefix); !slices.Equal(got, want) {
			t.Errorf("list %q: %q", prefix, got)
		}
	}
	for info, err := range s.List(t.Context(), "files/") {
		if err != nil || info.Size != int64(len(info.Key)) || info.ModTime.IsZero() {
			t.Errorf("list says %+v, %v", info, err)
		}
	}
}

func listStops(t *testing.T, s blob.Store) {
	for i := range 5 {
		put(t, s, fmt.Sprint("k", i), "x")
	}
	n := 0
	for range s.List(t.Context(), "") {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("the loop went on to %d", n)
	}
}
