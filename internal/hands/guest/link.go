package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// applyLinks makes and removes symbolic links in order. A link takes the place
// of another link, never of a file or directory.
func applyLinks(links []frame.Link) error {
	for _, l := range links {
		if err := applyLink(l); err != nil {
			return fmt.Errorf("link %s: %w", l.Path, err)
		}
	}
	return nil
}

func applyLink(l frame.Link) error {
	if !path.IsAbs(l.Path) {
		return errors.New("the path is not absolute")
	}
	info, err := os.Lstat(l.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if l.Target == "" {
			return nil
		}
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink == 0:
		return errors.New("there is a file or directory of this name already")
	default:
		if now, err := os.Readlink(l.Path); err == nil && now == l.Target {
			return nil
		}
		if err := os.Remove(l.Path); err != nil {
			return err
		}
		if l.Target == "" {
			return nil
		}
	}
	if err := os.MkdirAll(path.Dir(l.Path), 0o755); err != nil {
		return err
	}
	return os.Symlink(l.Target, l.Path)
}
