package resource

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

const store1 = `{"type":"memory_store","memory_store_id":"memstore_1"`

func attach(t *testing.T, find func(string) (*wire.MemoryStore, error), items ...string) (Plan, error) {
	t.Helper()
	plan, err := Check(params(t, items...), cloud, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return plan, plan.AttachStores(find)
}

func TestAttachStores(t *testing.T) {
	find := func(id string) (*wire.MemoryStore, error) {
		return &wire.MemoryStore{ID: id, Name: "Demo Memory", Description: "of " + id}, nil
	}
	plan, err := attach(t, find, store1+`,"instructions":"Look here."}`, `{"type":"file","file_id":"file_1"}`,
		`{"type":"memory_store","memory_store_id":"memstore_2","access":"read_only","instructions":null}`)
	if err != nil {
		t.Fatal(err)
	}
	got := string(wire.Encode([]wire.Resource{plan.Items[0].Wire(1), plan.Items[2].Wire(1)}))
	const want = `[{"type":"memory_store","memory_store_id":"memstore_1","access":"read_write","instructions":"Look here.",` +
		`"name":"Demo Memory","description":"of memstore_1","mount_path":"/mnt/memory/demo-memory"},` +
		`{"type":"memory_store","memory_store_id":"memstore_2","access":"read_only","instructions":null,` +
		`"name":"Demo Memory","description":"of memstore_2","mount_path":"/mnt/memory/demo-memory-2"}]`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	back, err := wire.DecodeResource(wire.Encode(plan.Items[0].Wire(1)))
	if err != nil || back.ResourceMountPath() != "/mnt/memory/demo-memory" || back.ResourceType() != wire.ResourceMemoryStore {
		t.Errorf("read back: %v, %v", back, err)
	}
}

func TestAttachStoresRefuses(t *testing.T) {
	at := wire.Micros(1)
	fail := errors.New("no database")
	for want, find := range map[string]func(string) (*wire.MemoryStore, error){
		"resources[1].memory_store_id: no memory store `memstore_1`":          func(string) (*wire.MemoryStore, error) { return nil, nil },
		"resources[1].memory_store_id: memory store `memstore_1` is archived": func(id string) (*wire.MemoryStore, error) { return &wire.MemoryStore{ID: id, ArchivedAt: &at}, nil },
		"no database": func(string) (*wire.MemoryStore, error) { return nil, fail },
	} {
		if _, err := attach(t, find, `{"type":"file","file_id":"file_1"}`, store1+`}`); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAtMostEightStores(t *testing.T) {
	var items []string
	for i := range 9 {
		items = append(items, fmt.Sprintf(`{"type":"memory_store","memory_store_id":"memstore_%d"}`, i))
	}
	if _, err := Check(params(t, items[:8]...), cloud, Options{}); err != nil {
		t.Error(err)
	}
	if _, err := Check(params(t, items...), cloud, Options{}); err == nil || !strings.HasPrefix(err.Error(), "resources: a session may have at most 8 resources of type `memory_store`") {
		t.Errorf("nine: %v", err)
	}
}
