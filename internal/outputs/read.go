package outputs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/filestore"
)

// attempts is how often a file that changes is read in one Sync.
const attempts = 3

// stage stores the bytes of a file. It answers nil for a file that was skipped.
func (p *pass) stage(f found) (*filestore.Publication, error) {
	for range attempts {
		st, err := p.read(f)
		switch {
		case err == nil:
			name := file.OutputName(f.path)
			return &filestore.Publication{
				Staged: st, Path: key(f.path), Filename: name, MimeType: file.Type("", name, st.Head), Stamp: f.stamp.ReadAt(time.Now()),
			}, nil
		case errors.Is(err, errChanged):
			if f.info, err = p.root.Lstat(f.path); err != nil || !f.info.Mode().IsRegular() {
				return nil, p.skip(f, "it was removed while it was read")
			}
			if f.stamp = file.StampOf(f.info); f.stamp.Size > p.s.Files.MaxBytes() {
				return nil, p.skip(f, "larger than a file may be")
			}
		case agents(err):
			return nil, p.skip(f, err.Error())
		default:
			return nil, err
		}
	}
	return nil, p.skip(f, errChanged.Error())
}

// agents tells whether an error of reading a file is of the agent's making: it
// can't be opened, is too large, or there is no room for it.
func agents(err error) bool {
	var u unreadable
	return errors.As(err, &u) || fault.KindOf(err) != fault.Internal
}

func (p *pass) read(f found) (*filestore.Staged, error) {
	r, err := open(p.root, f)
	if err != nil {
		return nil, err
	}
	st, err := p.s.Files.Stage(p.ctx, &steady{f: r, want: f.stamp, left: f.stamp.Size})
	return st, errors.Join(err, r.Close())
}

// recheck reads a file whose stamp can't be trusted, and publishes it if it has
// changed after all.
func (p *pass) recheck(f found, rec file.Record) error {
	sum, err := p.hash(f)
	switch {
	case err == nil && sum == rec.Doc.SHA256:
		p.restamps[rec.ID] = f.stamp.ReadAt(time.Now())
		return nil
	case err == nil || errors.Is(err, errChanged):
		rec.Doc.Stamp = nil
		p.known[key(f.path)] = rec
		return p.file(f)
	case agents(err):
		return p.skip(f, err.Error())
	}
	return err
}

func (p *pass) hash(f found) (string, error) {
	r, err := open(p.root, f)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(h, &steady{f: r, want: f.stamp, left: f.stamp.Size})
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, r.Close())
}
