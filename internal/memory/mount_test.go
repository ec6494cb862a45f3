package memory

import (
	"slices"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestMountPaths(t *testing.T) {
	long := strings.Repeat("a", 255)
	got := MountPaths([]string{"Demo Memory", "demo  memory!", "--Ünïcode--", "日本", "!", "store", "A_b.C", long, long, "demo-memory-2"})
	want := []string{
		"/mnt/memory/demo-memory", "/mnt/memory/demo-memory-2", "/mnt/memory/n-code", "/mnt/memory/store", "/mnt/memory/store-2",
		"/mnt/memory/store-3", "/mnt/memory/a-b-c", "/mnt/memory/" + long[:240], "/mnt/memory/" + long[:240] + "-2", "/mnt/memory/demo-memory-2-2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAttachment(t *testing.T) {
	ok := `{"type":"memory_store","memory_store_id":"memstore_1"`
	for body, want := range map[string]string{
		ok + `}`: `"access":"read_write","instructions":null`,
		ok + `,"access":null,"instructions":null}`:                             `"access":"read_write","instructions":null`,
		ok + `,"access":"read_only","instructions":"x"}`:                       `"access":"read_only","instructions":"x"`,
		ok + `,"instructions":"` + strings.Repeat("é", MaxInstructions) + `"}`: `é"`,
	} {
		r, err := Attachment(new(decode[wire.MemoryStoreResourceParams](t, body)))
		if err != nil || !strings.Contains(string(wire.Encode(r)), want) {
			t.Errorf("%s: %v, %v", body, r, err)
		}
	}
	for body, want := range map[string]string{
		`{"type":"memory_store"}`:                                                "memory_store_id: field required",
		`{"type":"memory_store","memory_store_id":null}`:                         "memory_store_id: expected the id",
		`{"type":"memory_store","memory_store_id":""}`:                           "memory_store_id: expected the id",
		ok + `,"access":"rw"}`:                                                   "access: `rw` is not one of `read_write`, `read_only`",
		ok + `,"instructions":"` + strings.Repeat("é", MaxInstructions+1) + `"}`: "instructions: at most 4096 characters, got 4097",
	} {
		_, err := Attachment(new(decode[wire.MemoryStoreResourceParams](t, body)))
		refused(t, body, err, fault.Invalid, want)
	}
}

func TestNote(t *testing.T) {
	say := "Look here first."
	r := &wire.MemoryStoreResource{Name: "Demo", MountPath: "/mnt/memory/demo", Access: wire.MemoryReadWrite, Description: "What we know.", Instructions: &say}
	got := Note(r)
	for _, want := range []string{`"Demo"`, "/mnt/memory/demo", "write to it", "102400 bytes", "\nDescription: What we know.", "\nInstructions: Look here first."} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	r.Access, r.Description, r.Instructions = wire.MemoryReadOnly, "", nil
	if got := Note(r); !strings.HasSuffix(got, "You can read it, not change it.") {
		t.Error(got)
	}
}
