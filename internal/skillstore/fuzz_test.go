package skillstore

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/skill"
)

// Whatever is uploaded as an archive is refused, or has members with harmless
// paths that are not larger than a skill may be.
func FuzzArchive(f *testing.F) {
	for _, members := range [][]zipMember{
		{{name: "a/SKILL.md", text: md}},
		{{name: "SKILL.md", text: md}, {name: "x/y", text: strings.Repeat("0", 5000), mode: 0o755}},
		{{name: "a/SKILL.md", text: md}, {name: "../x"}, {name: "a/x", flags: 1}},
	} {
		var t testing.T
		f.Add([]byte(zipped(&t, members...)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		members, _, err := archive(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Error(err)
			}
			return
		}
		var total int64
		for _, m := range members {
			if clean, err := skill.CleanPath(m.path); err != nil || clean != m.path {
				t.Errorf("path %q", m.path)
			}
			in, err := m.open()
			if err == nil {
				var n int64
				n, err = io.Copy(io.Discard, in)
				total += n
				err = errors.Join(err, in.Close())
			}
			if err != nil && fault.KindOf(err) == fault.Internal {
				t.Error(err)
			}
		}
		if total > skill.MaxBytes {
			t.Errorf("%d bytes", total)
		}
	})
}
