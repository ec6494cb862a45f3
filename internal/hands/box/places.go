package box

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// clearPlaces makes the directories at which volumes inside other volumes are
// mounted. An earlier sandbox may have left a file or a link there, which would
// keep this one from starting or lead the mount elsewhere: it is renamed.
func clearPlaces(volumes []Volume) error {
	for _, outer := range volumes {
		for _, inner := range volumes {
			path, below := strings.CutPrefix(inner.Path, outer.Path+"/")
			if !below {
				continue
			}
			if err := clearPlace(outer.Source, path); err != nil {
				return fmt.Errorf("mount at %s: %w", inner.Path, err)
			}
		}
	}
	return nil
}

func clearPlace(dir, path string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	at := ""
	for part := range strings.SplitSeq(path, "/") {
		at = filepath.Join(at, part)
		info, err := root.Lstat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case info.IsDir():
			continue
		default:
			// A directory in the way of the new name is not empty; leave both to
			// the operator then.
			if err := root.Rename(at, at+".displaced"); err != nil {
				return err
			}
		}
		if err := root.Mkdir(at, 0o755); err != nil {
			return err
		}
	}
	return nil
}
