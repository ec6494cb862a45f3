package memorysync

import (
	"fmt"
	"maps"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

// Changes in more directories than are watched are looked for.
func TestManyDirectories(t *testing.T) {
	r := newRig(t)
	id := r.newStore(t)
	r.attach(t, "sesn_1", wire.MemoryReadWrite, id)
	m := r.mounts(t, "sesn_1", t.TempDir())
	for i := range maxWatches + 10 {
		writeFile(t, fmt.Sprintf("%s/%03d/a", m[0], i), "x")
	}
	await(t, "all are stored", func() bool { return len(r.heads(t, id)) == maxWatches+10 })
	for i := range maxWatches + 10 {
		writeFile(t, fmt.Sprintf("%s/%03d/a", m[0], i), "y")
	}
	await(t, "all are stored", func() bool {
		heads := r.heads(t, id)
		maps.DeleteFunc(heads, func(_, text string) bool { return text == "y" })
		return len(heads) == 0
	})
}
