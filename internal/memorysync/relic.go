package memorysync

import (
	"errors"
	"os"
	"path"

	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/memory"
)

// relic is a file that was taken out of the directory. Programs that have it
// open may still write to it.
type relic struct {
	name  string // in the side directory
	path  string // where it was
	sum   string // what is known of its text
	stamp file.Stamp
}

// maxRelics bounds the relics of a mount.
const maxRelics = 32

// relics is what was written to files after they were taken out of the
// directory, or in the moment before.
func (m *mount) relics() (out []write, err error) {
	for _, r := range m.attic {
		info, err := os.Lstat(m.sidePath(r.name))
		if err != nil {
			return nil, err
		}
		if same(r.stamp, file.StampOf(info)) {
			continue
		}
		content, stamp, err := text(m.openSide, r.name)
		if errors.Is(err, errMoving) {
			m.again = true
			continue
		}
		if err != nil {
			return nil, err
		}
		sum := sumOf(content)
		if sum == r.sum {
			r.stamp = stamp
			continue
		}
		if err := memory.CheckContent(content); err != nil {
			m.note(r.path, "was not saved", err.Error())
			r.sum, r.stamp = sum, stamp
			continue
		}
		out = append(out, write{path: r.path, sum: sum, stamp: stamp, relic: r})
	}
	for len(m.attic) > maxRelics && len(out) == 0 {
		if err := os.Remove(m.sidePath(m.attic[0].name)); err != nil {
			return nil, err
		}
		m.attic = m.attic[1:]
	}
	return out, nil
}

func (m *mount) sidePath(name string) string { return path.Join(m.side.Name(), name) }

// openSide is an opener of files in the side directory.
func (m *mount) openSide(name string, flag int, perm os.FileMode) (*os.File, error) {
	return os.OpenFile(m.sidePath(name), flag, perm)
}
