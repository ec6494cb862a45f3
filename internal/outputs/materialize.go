package outputs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/store"
)

// uploadsDir is below the directory of a session.
const uploadsDir = "uploads"

// placing is the file that is being placed, beside uploads/.
const placing = "placing"

// Materialize makes uploads/ below the session's directory hold exactly the
// session's file resources, and answers the symbolic links that its sandbox
// needs (Managed Agents API: files and sessions). What is in place already is
// left alone, so that it may be called before every start of a sandbox and
// after every change of the resources.
//
// The bytes are copied out of the blob store, never linked: whatever happens to
// a file in a sandbox, other sessions and the stored file don't see it. Files
// have mode 0444. A file is in place whole or not at all.
func (s *Service) Materialize(ctx context.Context, session, dir string) (links []hands.Link, err error) {
	defer s.lock(session)()
	mounted, err := s.Files.Mounted(ctx, session)
	if err != nil {
		return nil, err
	}
	want := make(map[string]store.MountedFile, len(mounted))
	for _, m := range mounted {
		spot, err := resource.Place(m.Resource.MountPath)
		if err != nil {
			return nil, fmt.Errorf("stored mount path of resource %s: %w", m.Resource.ID, err)
		}
		want[spot.Rel] = m
		if spot.Link != "" {
			links = append(links, hands.Link{Path: spot.Link, Target: spot.Target()})
		}
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	err = errors.Join(s.arrange(ctx, root, want), root.Close())
	return links, err
}

// arrange brings uploads/ from what the manifest says to what is wanted.
func (s *Service) arrange(ctx context.Context, root *os.Root, want map[string]store.MountedFile) error {
	have, err := readManifest(root)
	if err != nil {
		return err
	}
	if have == nil { // not ours, or of a machine that crashed
		if err := clearUploads(root); err != nil {
			return err
		}
		have = manifest{}
	}
	var remove, place []string
	for rel, id := range have {
		if m, ok := want[rel]; !ok || m.File.ID != id {
			remove = append(remove, rel)
		}
	}
	for rel, m := range want {
		if have[rel] != m.File.ID || !inPlace(root, rel, m.File.Size) {
			place = append(place, rel)
		}
	}
	if len(remove) == 0 && len(place) == 0 {
		return nil
	}
	// A file that takes the place of a directory, and the reverse, need the
	// old one gone first; a fixed order makes failures repeatable.
	sort.Strings(remove)
	sort.Strings(place)
	for _, rel := range append(remove, place...) {
		have[rel] = "" // may be there or not
	}
	if err := have.write(root); err != nil {
		return err
	}
	for _, rel := range remove {
		if err := removeUpload(root, rel); err != nil {
			return err
		}
		delete(have, rel)
	}
	for _, rel := range place {
		m := want[rel]
		if err := s.place(ctx, root, rel, m); err != nil {
			return fmt.Errorf("place file %s of resource %s: %w", m.File.ID, m.Resource.ID, err)
		}
		have[rel] = m.File.ID
	}
	return have.write(root)
}

func inPlace(root *os.Root, rel string, size int64) bool {
	info, err := root.Lstat(path.Join(uploadsDir, rel))
	return err == nil && info.Mode().IsRegular() && info.Size() == size
}

// place puts the bytes of a file where its resource wants them.
func (s *Service) place(ctx context.Context, root *os.Root, rel string, m store.MountedFile) (err error) {
	src, err := s.Files.OpenBlob(ctx, m.File.Blob)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	if err := removeIfThere(root, placing); err != nil {
		return err
	}
	dst, err := root.OpenFile(placing, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(dst, src)
	if err == nil && n != m.File.Size {
		err = fmt.Errorf("%d bytes are stored, not %d", n, m.File.Size)
	}
	if err == nil {
		err = dst.Chmod(0o444)
	}
	if err = errors.Join(err, dst.Close()); err != nil {
		return errors.Join(err, removeIfThere(root, placing))
	}
	to := path.Join(uploadsDir, rel)
	if err := makeParents(root, path.Dir(to)); err != nil {
		return err
	}
	return root.Rename(placing, to)
}

// makeParents makes a directory and its parents, open to the sandbox's user
// whatever the server's umask.
func makeParents(root *os.Root, dir string) error {
	for i, parts := 1, strings.Split(dir, "/"); i <= len(parts); i++ {
		d := path.Join(parts[:i]...)
		err := root.Mkdir(d, 0o755)
		if err == nil {
			err = root.Chmod(d, 0o755)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// removeUpload removes a file and the directories that it leaves empty.
func removeUpload(root *os.Root, rel string) error {
	if err := removeIfThere(root, path.Join(uploadsDir, rel)); err != nil {
		return err
	}
	for dir := path.Dir(rel); dir != "."; dir = path.Dir(dir) {
		if root.Remove(path.Join(uploadsDir, dir)) != nil {
			return nil // not empty
		}
	}
	return nil
}

func removeIfThere(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// clearUploads empties uploads/. The directory itself stays: it may be shown
// in a sandbox already.
func clearUploads(root *os.Root) error {
	d, err := root.Open(uploadsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	names, err := d.Readdirnames(-1)
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	for _, name := range names {
		if err := root.RemoveAll(path.Join(uploadsDir, name)); err != nil {
			return err
		}
	}
	return nil
}
