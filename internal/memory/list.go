package memory

import (
	"strings"

	"github.com/ostlerdev/ostler/internal/wire"
)

// MaxFullPage is how many items a page has at most whose contents are shown.
const MaxFullPage = 20

// Roll is the direct children of prefix among memories, which lie below it and
// are in byte order of their paths: deeper ones are rolled up into one prefix
// a directory. The items are in byte order of their paths too. Those up to the
// path after are left out.
func Roll(memories []wire.Memory, prefix, after string) []wire.MemoryItem {
	if prefix == "" {
		prefix = "/"
	}
	var out []wire.MemoryItem
	last := after
	for i := range memories {
		m := &memories[i]
		dir, _, deeper := strings.Cut(m.Path[len(prefix):], "/")
		var item wire.MemoryItem = m
		if deeper {
			item = &wire.MemoryPrefix{Type: "memory_prefix", Path: prefix + dir + "/"}
		}
		if path := item.ItemPath(); path > last {
			out, last = append(out, item), path
		}
	}
	return out
}
