package skillstore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

const (
	maxFound   = 100  // skills of one repository that are told of
	maxEntries = 1000 // entries of its directory of skills that are looked at
)

// InRepositories is what the agent of a session is told of the skills that lie
// in its repositories, which have been cloned into the workspace below dir; ""
// if there are none, or the agent can't read. What is no good SKILL.md is left
// out.
func (s *Skills) InRepositories(ctx context.Context, session, dir string) (string, error) {
	repositories, err := s.repositories(ctx, session)
	if err != nil || len(repositories) == 0 {
		return "", err
	}
	root, err := os.OpenRoot(filepath.Join(dir, "workspace")) // the agent writes there
	if err != nil {
		return "", err
	}
	defer root.Close() // only used for reading
	var found []skill.Found
	for _, at := range repositories {
		if rel, inside := strings.CutPrefix(at, hands.Workspace+"/"); inside {
			found = append(found, scan(root, rel)...)
		}
	}
	if len(found) == 0 {
		return "", nil
	}
	return skill.RepositoryBrief(found), nil
}

// repositories is where a session's repositories lie, if its agent can read.
func (s *Skills) repositories(ctx context.Context, session string) (out []string, err error) {
	err = s.c.DB.View(ctx, func(tx store.Tx) error {
		doc, err := store.GetSessionDoc(tx, session)
		if err != nil || !slices.ContainsFunc(doc.Agent.Tools, canRead) {
			return err
		}
		resources, err := store.ResourcesOf(tx, session)
		for _, r := range resources {
			if repo, ok := r.(*wire.GitHubRepositoryResource); ok {
				out = append(out, repo.MountPath)
			}
		}
		return err
	})
	return out, err
}

func canRead(t wire.Tool) bool { return t.Agent != nil && t.Agent.Config("read").Enabled }

// scan finds the skills of the repository at rel, by their directories' names.
func scan(root *os.Root, rel string) (out []skill.Found) {
	at := path.Join(rel, skill.RepositoryRoot)
	d, err := root.OpenFile(at, os.O_RDONLY|syscall.O_DIRECTORY, 0) // a pipe in its place would block
	if err != nil {
		return nil // there is no such directory
	}
	defer d.Close() // only used for reading
	entries, err := d.Readdirnames(maxEntries)
	if err != nil {
		return nil // it is empty
	}
	slices.Sort(entries)
	for _, entry := range entries {
		name, err := skill.CleanPath(entry)
		if err != nil || len(out) == maxFound {
			continue
		}
		head, err := readHead(root, path.Join(at, name, skill.ManifestName))
		if err != nil {
			continue
		}
		if m, err := skill.ReadManifest(head, name); err == nil {
			out = append(out, skill.Found{Dir: path.Join(hands.Workspace, at, name), Manifest: m})
		}
	}
	return out
}

// readHead reads the beginning of a regular file, and nothing that blocks.
func readHead(root *os.Root, name string) (head []byte, err error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fs.ErrInvalid)
	}
	return io.ReadAll(io.LimitReader(f, skill.MaxHead))
}
