package skillstore

import (
	"archive/zip"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"

	"github.com/ostlerdev/ostler/internal/blob"
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/skill"
)

// Upload takes in the files of a version as they arrive. It keeps them on disk
// in one file that has no name, as the members of a zip.
type Upload struct {
	s     *Skills
	file  *os.File
	spool *zip.Writer
	names []string
	left  int64 // bytes that may still come
}

// Begin begins an upload; the caller closes it.
func (s *Skills) Begin() (*Upload, error) {
	f, err := os.CreateTemp(s.c.Dir, partial+"*")
	if err != nil {
		return nil, full(err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Upload{s: s, file: f, spool: zip.NewWriter(f), left: skill.MaxBytes}, nil
}

// Close gives the disk back.
func (u *Upload) Close() error { return u.file.Close() }

// Add takes in a file under the name it was sent with. A fault says that there
// is too much; an error of r comes wrapped.
func (u *Upload) Add(name string, r io.Reader) error {
	if len(u.names) == skill.MaxMembers {
		return fault.At("files", "at most %d files and directories", skill.MaxMembers)
	}
	if len(name) > maxName {
		return fault.At(fmt.Sprintf("files[%d]", len(u.names)), "the filename is longer than %d bytes", maxName)
	}
	w, err := u.spool.CreateHeader(&zip.FileHeader{Name: strconv.Itoa(len(u.names)), Method: zip.Store})
	if err != nil {
		return full(err)
	}
	n, err := io.Copy(w, io.LimitReader(r, u.left+1))
	if u.left -= n; u.left < 0 {
		return tooLarge()
	}
	u.names = append(u.names, name)
	return full(err)
}

// maxName is more than any good filename has, in bytes.
const maxName = 4096

func tooLarge() error {
	return fault.New(fault.TooLarge, "the files of the skill are larger than %d bytes", skill.MaxBytes)
}

// full turns an error of a full disk into a refusal.
func full(err error) error {
	if errors.Is(err, blob.ErrNoSpace) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fault.New(fault.Invalid, "the server has no space left for the skill").WithCode("storage_quota_exceeded")
	}
	return err
}

// Staged is a version whose archive is stored and that has no record yet. It
// ends with Create, AddVersion or Discard.
type Staged struct{ version skill.Version }

// Discard removes the archive. It does so also when ctx has ended.
func (s *Skills) Discard(ctx context.Context, up *Staged) error {
	return s.c.Blobs.Delete(context.WithoutCancel(ctx), up.version.Blob)
}

// Finish checks what has come and stores its archive.
func (u *Upload) Finish(ctx context.Context) (*Staged, error) {
	members, directory, err := u.members()
	if err != nil {
		return nil, err
	}
	m, err := manifest(members, directory)
	if err != nil {
		return nil, err
	}
	if directory == "" {
		directory = m.Name
	}
	v := skill.Version{ID: u.s.c.IDs.New(ids.SkillVersion), Doc: skill.VersionDoc{Name: m.Name, Description: m.Description, Directory: directory}}
	v.Blob = Prefix + v.ID
	in, out := io.Pipe()
	packed := make(chan struct{})
	go func() {
		defer close(packed)
		out.CloseWithError(pack(out, m.Name, members))
	}()
	w, err := u.s.c.Blobs.Put(ctx, v.Blob, in, 0)
	in.CloseWithError(context.Canceled) // what Put left unread
	<-packed
	var refusal *fault.Error
	if errors.As(err, &refusal) {
		return nil, refusal // without the key of the blob
	}
	if err != nil {
		return nil, full(err)
	}
	v.Doc.SHA256 = hex.EncodeToString(w.SHA256[:])
	return &Staged{v}, nil
}

// members finds the files of the skill: those of the one zip that came, or all
// that came.
func (u *Upload) members() ([]member, string, error) {
	if err := u.spool.Close(); err != nil {
		return nil, "", full(err)
	}
	size, err := u.file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, "", err
	}
	spool, err := zip.NewReader(u.file, size)
	if err != nil {
		return nil, "", err
	}
	if len(spool.File) == 1 {
		f := spool.File[0]
		at, err := f.DataOffset()
		if err != nil {
			return nil, "", err
		}
		content := io.NewSectionReader(u.file, at, int64(f.UncompressedSize64))
		if isZip(content) {
			return archive(content, content.Size())
		}
	}
	for i, f := range spool.File {
		f.Name = u.names[i]
	}
	return arrange(spool.File, false)
}

// manifest reads the frontmatter of the SKILL.md among the members.
func manifest(members []member, directory string) (m skill.Manifest, err error) {
	for _, f := range members {
		if f.path != skill.ManifestName {
			continue
		}
		in, err := f.open()
		if err != nil {
			return m, err
		}
		head, err := io.ReadAll(io.LimitReader(in, skill.MaxHead))
		if err := errors.Join(err, in.Close()); err != nil {
			return m, err
		}
		return skill.ReadManifest(head, directory)
	}
	return m, errors.New("a skill without SKILL.md was let through")
}
