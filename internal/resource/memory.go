package resource

import (
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/memory"
	"github.com/ostlerdev/ostler/internal/wire"
)

func checkMemoryStore(p *wire.MemoryStoreResourceParams) (Item, error) {
	r, err := memory.Attachment(p)
	return Item{Type: wire.ResourceMemoryStore, Memory: r}, err
}

// takeStore refuses a store that the session has already.
func takeStore(items []Item, id string) error {
	for _, other := range items {
		if other.Memory != nil && other.Memory.MemoryStoreID == id {
			return fault.At("memory_store_id", "memory store `%s` is attached at %s already", id, other.Path)
		}
	}
	return nil
}

// AttachStores gives the plan's memory stores the names and descriptions that
// they have now, and the paths they are mounted at. find reads a store, nil if
// there is none. Stores that don't exist or are archived are refused.
func (p *Plan) AttachStores(find func(id string) (*wire.MemoryStore, error)) error {
	var attached []*Item
	var names []string
	for i := range p.Items {
		item := &p.Items[i]
		if item.Memory == nil {
			continue
		}
		s, err := find(item.Memory.MemoryStoreID)
		at := fault.Join(item.Path, "memory_store_id")
		switch {
		case err != nil:
			return err
		case s == nil:
			return fault.At(at, "no memory store `%s`", item.Memory.MemoryStoreID)
		case s.ArchivedAt != nil:
			return fault.At(at, "memory store `%s` is archived", s.ID)
		}
		item.Memory.Name, item.Memory.Description = s.Name, s.Description
		attached, names = append(attached, item), append(names, s.Name)
	}
	for i, path := range memory.MountPaths(names) {
		attached[i].MountPath, attached[i].Memory.MountPath = path, path
	}
	return nil
}
