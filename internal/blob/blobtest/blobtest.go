// Package blobtest is the conformance suite of blob.Store. Every
// implementation passes it.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"sort"
	"testing"

	"github.com/ostlerdev/ostler/internal/blob"
)

// Run runs the suite. open returns an empty store for one subtest and arranges
// for its end with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	for name, test := range map[string]func(*testing.T, blob.Store){
		"PutOpenStat":      putOpenStat,
		"Empty":            empty,
		"Large":            large,
		"Seek":             seek,
		"Replace":          replace,
		"ReplaceWhileOpen": replaceWhileOpen,
		"Limit":            limit,
		"ReaderFails":      readerFails,
		"Cancelled":        cancelled,
		"NotFound":         notFound,
		"InvalidKeys":      invalidKeys,
		"Delete":           deleteObject,
		"Copy":             copyObject,
		"CopyOntoItself":   copyOntoItself,
		"CopyLooksYoung":   copyLooksYoung,
		"List":             list,
		"ListStops":        listStops,
		"ConcurrentPuts":   concurrentPuts,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// put stores content or fails the test.
func put(t *testing.T, s blob.Store, key, content string) {
	t.Helper()
	w, err := s.Put(t.Context(), key, bytes.NewReader([]byte(content)), 0)
	if err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
	if want := (blob.Written{Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content))}); w != want {
		t.Fatalf("put %s returned %+v, not %+v", key, w, want)
	}
}

// get reads an object or fails the test.
func get(t *testing.T, s blob.Store, key string) string {
	t.Helper()
	r, info, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("open %s: %v", key, err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	if err := r.Close(); err != nil {
		t.Fatalf("close %s: %v", key, err)
	}
	if info.Key != key || info.Size != int64(len(content)) || info.ModTime.IsZero() {
		t.Fatalf("open %s says %+v of %d bytes", key, info, len(content))
	}
	return string(content)
}

// keys lists a prefix in order, or fails the test.
func keys(t *testing.T, s blob.Store, prefix string) []string {
	t.Helper()
	found := []string{}
	for info, err := range s.List(context.Background(), prefix) {
		if err != nil {
			t.Fatalf("list %q: %v", prefix, err)
		}
		found = append(found, info.Key)
	}
	sort.Strings(found)
	return found
}
