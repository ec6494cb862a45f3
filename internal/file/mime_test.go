package file

import (
	"strings"
	"testing"
)

func TestType(t *testing.T) {
	png := []byte("\x89PNG\r\n\x1a\n0000")
	for _, c := range []struct {
		declared, name string
		head           []byte
		want           string
	}{
		{"text/csv", "a.csv", nil, "text/csv"},
		{"text/plain", "a.csv", nil, "text/plain"}, // on purpose: makes a document of it
		{"TEXT/Plain; charset=utf-8", "a.csv", nil, "text/plain"},
		{"application/octet-stream", "a.csv", nil, "text/csv"},
		{"application/octet-stream; x=y", "a.csv", nil, "text/csv"},
		{"", "REPORT.PDF", nil, "application/pdf"},
		{"", "archive.tar.gz", nil, "application/gzip"},
		{"nonsense", "a.md", nil, "text/markdown"},
		{"a/", "a.md", nil, "text/markdown"},
		{"text/" + strings.Repeat("x", 300), "a.md", nil, "text/markdown"},
		{"", "picture", png, "image/png"},
		{"", "notes", []byte("hello"), "text/plain"},
		{"", "page", []byte("<!DOCTYPE html><p>"), "text/html"},
		{"", "data", []byte{0, 1, 2, 3}, OctetStream},
		{"", "empty", nil, OctetStream},
		{"", "a.unheardof", []byte("hello"), "text/plain"},
		{"", "a.json", []byte("not json"), "application/json"},
	} {
		if got := Type(c.declared, c.name, c.head); got != c.want {
			t.Errorf("Type(%q, %q, %q) = %s, want %s", c.declared, c.name, c.head, got, c.want)
		}
	}
}

func TestEveryExtensionHasOneType(t *testing.T) {
	seen := map[string]string{}
	for typ, exts := range types {
		for _, ext := range strings.Fields(exts) {
			if other, ok := seen[ext]; ok {
				t.Errorf("%s belongs to %s and %s", ext, typ, other)
			}
			seen[ext] = typ
			if !strings.HasPrefix(ext, ".") || ext != strings.ToLower(ext) {
				t.Errorf("%s: extension %q", typ, ext)
			}
		}
		if got := Type("", "x"+Extension(typ), nil); got != typ {
			t.Errorf("the usual extension of %s means %s", typ, got)
		}
	}
}
