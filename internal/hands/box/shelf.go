//go:build linux

package box

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// A shelf is two volumes of a sandbox, a writable one and one that isn't, which
// are empty when it starts. What is put there later its guest mounts where it
// belongs, and then takes the shelf itself out of sight.

// ownVolumes are those of a plan whose sources are below Spec.Dir, and move
// with it.
func ownVolumes(spec hands.Spec) []Volume {
	volumes := sessionVolumes(spec)
	if spec.Shelf {
		volumes = append(volumes, shelfVolume(spec.Dir, true), shelfVolume(spec.Dir, false))
	}
	return volumes
}

// ownCount is how many volumes that are.
func ownCount(shelf bool) int { return len(ownVolumes(hands.Spec{Shelf: shelf})) }

func shelfVolume(dir string, readOnly bool) Volume {
	source := hands.Shelf(dir, readOnly)
	return Volume{Source: source, Path: insideShelf + "/" + filepath.Base(source), ReadOnly: readOnly}
}

// copies is where links to the files of mounts are that have their place
// elsewhere.
func copies(dir string) string { return filepath.Join(hands.Shelf(dir, true), "copies") }

// shown is the mounts of a spec with sources in its shelf. Those that aren't
// there are to become directories of links, here by what they are links to.
func shown(spec hands.Spec) (volumes []Volume, links map[string]string, err error) {
	links = map[string]string{}
	for i, m := range spec.Mounts {
		v := Volume{Source: m.Source, Path: m.Path, ReadOnly: m.ReadOnly}
		if _, there := insideOf(v, spec.Dir); !there {
			if !m.ReadOnly || strings.HasPrefix(m.Source, filepath.Join(spec.Dir, hands.ShelfDir)+"/") {
				return nil, nil, fmt.Errorf("mount at %s: a started sandbox can't be shown %s", m.Path, m.Source)
			}
			v.Source = filepath.Join(copies(spec.Dir), strconv.Itoa(i))
			links[v.Source] = m.Source
		}
		volumes = append(volumes, v)
	}
	return volumes, links, nil
}

// insideOf is the path inside of a volume's source in the shelf.
func insideOf(v Volume, dir string) (string, bool) {
	shelf := shelfVolume(dir, v.ReadOnly)
	rest, ok := strings.CutPrefix(v.Source, shelf.Source+"/")
	return filepath.Join(shelf.Path, rest), ok
}

// show puts the mounts of a spec into the shelf, where they aren't there yet,
// and says what the guest is to do. A checkpoint depends on them from now on.
func (s *Sandbox) show(spec hands.Spec) (*frame.Shelf, error) {
	volumes, links, err := shown(spec)
	if err != nil {
		return nil, err
	}
	for to, from := range links {
		if err := linkTree(from, to); err != nil {
			return nil, err
		}
	}
	// The guest mounts over directories of the session's volumes and of each
	// other, like the driver would have.
	all := append(sessionVolumes(spec), volumes...)
	if err := clearPlaces(all); err != nil {
		return nil, err
	}
	for _, v := range all {
		if s.owner == 0 {
			break
		}
		if err := give(v, s.owner); err != nil {
			return nil, err
		}
	}
	if s.stamp, err = shownStamp(s.stamp, spec); err != nil {
		return nil, err
	}
	out := &frame.Shelf{Path: insideShelf}
	for _, v := range volumes {
		from, _ := insideOf(v, spec.Dir)
		out.Binds = append(out.Binds, frame.Bind{From: from, To: v.Path})
	}
	return out, nil
}

// shownStamp is the stamp of an adopted sandbox.
func shownStamp(stamp string, spec hands.Spec) (string, error) {
	mounts := append([]hands.Mount(nil), spec.Mounts...)
	for i := range mounts {
		mounts[i].Source = strings.TrimPrefix(mounts[i].Source, spec.Dir)
	}
	body, err := json.Marshal([]any{stamp, mounts})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// linkTree makes the directory to with links to the files below from, which has
// none but directories and regular files.
func linkTree(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch target := filepath.Join(to, rel); {
		case d.IsDir():
			info, err := d.Info()
			if err != nil {
				return err
			}
			return errors.Join(os.Mkdir(target, 0o755), os.Chmod(target, info.Mode().Perm()))
		case d.Type().IsRegular():
			return os.Link(path, target)
		}
		return fmt.Errorf("%s is neither a directory nor a regular file", path)
	})
}
