package skillstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ostlerdev/ostler/internal/skill"
)

// A set is the skills of a session in one directory, because a sandbox takes
// far fewer mounts than a session may have skills. Its files are hard links to
// those of the unpacked versions. Sessions with the same skills share it.
const (
	setPrefix   = "set-"
	setContent  = "skills"   // what is mounted: a directory a skill
	setVersions = "versions" // the directories of its versions, a line each
)

// set is the directory to be mounted for versions, which is made if it isn't
// there yet.
func (s *Skills) set(ctx context.Context, versions []skill.Version) (string, error) {
	places := skill.Places(versions)
	var names strings.Builder
	for _, v := range versions {
		names.WriteString(dirName(v) + "\n")
	}
	sum := sha256.Sum256([]byte(names.String()))
	dir := filepath.Join(s.c.Dir, setPrefix+hex.EncodeToString(sum[:16]))
	content := filepath.Join(dir, setContent)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	err := s.place(dir, func(tmp string) error {
		root := filepath.Join(tmp, setContent)
		if err := publicDir(root); err != nil {
			return err
		}
		for i, v := range versions {
			from, err := s.unpacked(ctx, v)
			if err != nil {
				return err
			}
			if err := linkTree(ctx, from, filepath.Join(root, places[i])); err != nil {
				return fmt.Errorf("version %s of skill %s: %w", v.ID, v.SkillID, err)
			}
		}
		return os.WriteFile(filepath.Join(tmp, setVersions), []byte(names.String()), 0o600)
	})
	return content, err
}

// linkTree makes a directory of links to the files of another.
func linkTree(ctx context.Context, from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return publicDir(filepath.Join(to, rel))
		}
		return os.Link(path, filepath.Join(to, rel))
	})
}

// publicDir makes a directory that everyone may read, whatever the umask.
func publicDir(path string) error {
	return errors.Join(os.Mkdir(path, 0o755), os.Chmod(path, 0o755))
}

// gone says whether a version of the set in dir is gone, so that no session
// uses it any more.
func (s *Skills) gone(ctx context.Context, dir string) (bool, error) {
	text, err := os.ReadFile(filepath.Join(dir, setVersions))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil // an earlier removal was cut short
	}
	if err != nil {
		return false, err
	}
	unknown, err := s.unknown(ctx, custom(strings.Fields(string(text))))
	return len(unknown) > 0, err
}
