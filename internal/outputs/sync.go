package outputs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/filestore"
	"github.com/ostlerdev/ostler/internal/store"
)

// outputsDir is below the directory of a session.
const outputsDir = "outputs"

// Report is what a Sync did.
type Report struct {
	Published int       // new file objects
	Skipped   []Skipped // files that have no object of their present state
	Partial   bool      // the limits ended the search before everything was seen
}

// Skipped is a file that was not published, and why.
type Skipped struct{ Path, Reason string }

// batch bounds the objects that appear in one transaction.
const batch = 64

// Sync publishes what is new below outputs/ of the session's directory. Without
// such a directory it does nothing. What can't be published is skipped and
// reported; an error means that the server itself failed. A file that keeps
// changing is left to a later Sync.
func (s *Service) Sync(ctx context.Context, session, dir string) (Report, error) {
	defer s.lock(session)()
	root, err := openOutputs(dir)
	if root == nil || err != nil {
		return Report{}, err
	}
	p := pass{s: s, ctx: ctx, session: session, root: root}
	err = errors.Join(p.run(), root.Close())
	return p.report, err
}

// openOutputs opens the outputs of a session's directory; nil if there are
// none.
func openOutputs(dir string) (*os.Root, error) {
	outer, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer outer.Close() // read only
	root, err := outer.OpenRoot(outputsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return root, err
}

// pass is one Sync.
type pass struct {
	s       *Service
	ctx     context.Context
	session string
	root    *os.Root
	report  Report

	known    map[string]file.Record // by path
	byInode  map[uint64]file.Record // that may have been renamed
	files    int                    // live objects
	bytes    int64                  // of them
	staged   []filestore.Publication
	restamps map[string]file.Stamp // by id
}

func (p *pass) run() error {
	files, whole, err := scan(p.root, p.s.Limits)
	p.report.Partial = !whole
	if err != nil || len(files) == 0 {
		return err
	}
	if err := p.load(files, whole); err != nil {
		return err
	}
	for _, f := range files {
		if err = p.file(f); err != nil {
			break
		}
	}
	if err != nil {
		return errors.Join(err, p.discard())
	}
	if err := p.flush(); err != nil {
		return err
	}
	return p.s.Files.Restamp(p.ctx, p.restamps)
}

// load reads what is published already.
func (p *pass) load(files []found, whole bool) error {
	recs, err := p.s.Files.Outputs(p.ctx, p.session)
	if err != nil {
		return err
	}
	p.known, p.byInode, p.restamps = map[string]file.Record{}, map[uint64]file.Record{}, map[string]file.Stamp{}
	for _, r := range recs {
		p.known[r.Path] = r
		if r.Origin == file.Output {
			p.files++
			p.bytes += r.Size
		}
	}
	if !whole {
		return nil
	}
	there := map[string]bool{}
	for _, f := range files {
		there[key(f.path)] = true
	}
	for _, r := range recs {
		if r.Origin == file.Output && r.Doc.Stamp != nil && !there[r.Path] {
			p.byInode[r.Doc.Stamp.Inode] = r
		}
	}
	return nil
}

// key is the path under which an output is kept: text, whatever bytes the
// agent chose. No two paths have the same.
func key(path string) string {
	if utf8.ValidString(path) && !strings.HasPrefix(path, `"`) {
		return path
	}
	return strconv.QuoteToASCII(path)
}

// file publishes one file if it isn't yet.
func (p *pass) file(f found) error {
	rec, ok := p.known[key(f.path)]
	if ok && rec.Doc.Stamp != nil {
		last := *rec.Doc.Stamp
		last.Racy = false
		if same := last == f.stamp; same && (rec.Origin == file.Removed || !rec.Doc.Stamp.Racy) {
			return nil
		} else if same {
			return p.recheck(f, rec)
		}
	}
	live := ok && rec.Origin == file.Output
	files, bytes := p.files, p.bytes+f.stamp.Size
	if live {
		files, bytes = files-1, bytes-rec.Size
	}
	switch {
	case f.stamp.Size > p.s.Files.MaxBytes():
		return p.skip(f, "larger than a file may be")
	case files >= p.s.Limits.Files:
		return p.skip(f, "the session has as many files as it may have")
	case bytes > p.s.Limits.Bytes:
		return p.skip(f, "the session's files are as large as they may be")
	}
	pub, err := p.stage(f)
	if pub == nil || err != nil {
		return err
	}
	bytes += pub.Staged.Size - f.stamp.Size // it may have changed since it was found
	if live && rec.Doc.SHA256 == pub.Staged.SHA256 {
		p.restamps[rec.ID] = pub.Stamp // touched, not changed
		return p.s.Files.Discard(p.ctx, pub.Staged)
	}
	if ok {
		pub.Replaces = append(pub.Replaces, rec)
	}
	if old, ok := p.byInode[pub.Stamp.Inode]; ok && old.Doc.SHA256 == pub.Staged.SHA256 && old.Doc.Stamp.Mtime == pub.Stamp.Mtime {
		pub.Replaces = append(pub.Replaces, old) // renamed
		delete(p.byInode, pub.Stamp.Inode)
		files, bytes = files-1, bytes-old.Size
	}
	p.files, p.bytes = files+1, bytes
	p.staged = append(p.staged, *pub)
	if len(p.staged) == batch {
		return p.flush()
	}
	return nil
}

func (p *pass) skip(f found, reason string) error {
	p.report.Skipped = append(p.report.Skipped, Skipped{f.path, reason})
	return nil
}

// flush makes objects of what is staged.
func (p *pass) flush() error {
	if len(p.staged) == 0 {
		return nil
	}
	staged := p.staged
	p.staged = nil
	err := p.s.Files.Publish(p.ctx, p.session, staged)
	switch {
	case err == nil:
		p.report.Published += len(staged)
	case errors.Is(err, store.ErrNotFound):
		return nil // the session was deleted, and nobody can ask for its files
	case fault.KindOf(err) != fault.Internal: // no room
		for _, pub := range staged {
			p.report.Skipped = append(p.report.Skipped, Skipped{pub.Path, err.Error()})
		}
		return nil
	}
	return err
}

// discard removes what is staged.
func (p *pass) discard() error {
	var errs []error
	for _, pub := range p.staged {
		errs = append(errs, p.s.Files.Discard(p.ctx, pub.Staged))
	}
	return errors.Join(errs...)
}
