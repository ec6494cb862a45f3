package api

import (
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/filestore"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// filesBeta is the beta header of clients that expect the first form of file
// lists.
const filesBeta = "files-api-2025-04-14"

func (s *Server) getFile(w http.ResponseWriter, r *http.Request) error {
	rec, err := s.Files.Get(r.Context(), r.PathValue("file_id"))
	if err != nil {
		return err
	}
	return s.writeJSON(w, rec.Wire())
}

func (s *Server) deleteFile(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("file_id")
	if err := s.Files.Delete(r.Context(), id); err != nil {
		return err
	}
	return s.writeJSON(w, wire.Deleted{ID: id, Type: "file_deleted"})
}

// downloadFile answers with a file's bytes, or a range of them.
func (s *Server) downloadFile(w http.ResponseWriter, r *http.Request) (err error) {
	rec, body, err := s.Files.Open(r.Context(), r.PathValue("file_id"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	h := w.Header()
	h.Set("Content-Type", rec.Doc.MimeType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": rec.Doc.Filename}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", `"`+rec.Doc.SHA256+`"`)
	out := &rangeAnswer{ResponseWriter: w}
	http.ServeContent(out, r, "", time.UnixMicro(rec.CreatedAt), body)
	if out.refused {
		return fault.New(fault.BadRange, "file `%s` has %d bytes, none of them in the range %s", rec.ID, rec.Size, r.Header.Get("Range"))
	}
	return nil
}

// rangeAnswer keeps back the text that http.ServeContent answers to a range it
// can't serve.
type rangeAnswer struct {
	http.ResponseWriter
	refused bool
}

func (a *rangeAnswer) WriteHeader(status int) {
	if status == http.StatusRequestedRangeNotSatisfiable {
		a.refused = true
		return
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *rangeAnswer) Write(b []byte) (int, error) {
	if a.refused {
		return len(b), nil
	}
	return a.ResponseWriter.Write(b)
}

// listFiles lists files, newest first. Cursors of both dialects are
// understood whatever the header says; the header decides the answer's form.
func (s *Server) listFiles(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	flt := store.FileFilter{SessionID: q.text("scope_id"), IDs: q.fileIDs()}
	req := q.page("files", page.Desc, file.PageLimit, file.MaxPage)
	if flt.SessionID != "" && !strings.HasPrefix(flt.SessionID, ids.Session) {
		q.fail("scope_id", "expected the id of a session, `%s…`", ids.Session)
	}
	if q.err != nil {
		return q.err
	}
	if flt.IDs != nil {
		req.Limit = len(flt.IDs)
	}
	if err := s.fileCursor(r, q, &req); err != nil {
		return err
	}
	res, err := s.Files.List(r.Context(), flt, req)
	if err != nil {
		return err
	}
	data := make([]wire.File, len(res.Rows))
	for i := range res.Rows {
		data[i] = res.Rows[i].Wire()
	}
	if !slices.Contains(betas(r.Header), filesBeta) {
		return s.writeJSON(w, wire.Page[wire.File]{Data: data, NextPage: res.Next})
	}
	out := wire.FilePage{Data: data, HasMore: res.Next != nil, NextPage: res.Next}
	if req.Cursor != nil && req.Cursor.Back {
		out.HasMore = res.Prev != nil
	}
	if n := len(data); n > 0 {
		out.FirstID, out.LastID = &data[0].ID, &data[n-1].ID
	}
	return s.writeJSON(w, out)
}

// fileIDs is the ids that a list is restricted to, each once; nil if it isn't.
func (q *query) fileIDs() []string {
	list := q.list("ids")
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	list = slices.Compact(list)
	for _, other := range []string{"page", "limit", "after_id", "before_id"} {
		if q.text(other) != "" {
			q.fail("ids", "can't be combined with `%s`", other)
		}
	}
	if len(list) > file.MaxIDs {
		q.fail("ids", "at most %d ids", file.MaxIDs)
	}
	return list
}

// fileCursor reads the first dialect's cursors after_id and before_id.
func (s *Server) fileCursor(r *http.Request, q *query, req *page.Request) error {
	after, before := q.text("after_id"), q.text("before_id")
	name, id := "after_id", after
	switch {
	case after == "" && before == "":
		return nil
	case after != "" && before != "" || req.Cursor != nil:
		return fault.At("", "give one of `page`, `after_id` and `before_id`")
	case before != "":
		name, id = "before_id", before
	}
	rec, err := s.Files.Get(r.Context(), id)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return fault.At(name, "File `%s` not found.", id)
	}
	if err != nil {
		return err
	}
	req.Cursor = &page.Cursor{List: req.List, Order: req.Order, Back: before != "", Key: store.FileKey(rec)}
	return nil
}

// uploadFile stores a file as it arrives. The record is written when all parts
// of the form have been read and found good.
func (s *Server) uploadFile(w http.ResponseWriter, r *http.Request) error {
	form, err := s.newForm(w, r, formLimits{what: "the file is", file: s.Files.MaxBytes(), room: formRoom, parts: maxParts})
	if err != nil {
		return err
	}
	up := upload{s: s, r: r, form: form}
	name := ""
	if err = form.each(up.part); err == nil {
		name, err = up.name()
	}
	if err != nil {
		return errors.Join(err, up.discard())
	}
	rec, err := s.Files.Upload(r.Context(), up.staged, name, up.mimeType, up.expires)
	if err != nil {
		return err
	}
	return s.writeJSON(w, rec.Wire())
}

// upload is what the form of an upload has shown so far.
type upload struct {
	s    *Server
	r    *http.Request
	form *form

	staged   *filestore.Staged
	filename string
	mimeType string
	expires  int64
}

func (u *upload) part(p *formPart) (err error) {
	switch p.name {
	case "file":
		if u.staged != nil {
			return fault.At("file", "exactly one file, not several")
		}
		return u.file(p)
	case "expires_in_seconds":
		if u.expires != 0 {
			return fault.At("expires_in_seconds", "given more than once")
		}
		text, err := p.text()
		if err != nil {
			return err
		}
		u.expires, err = file.ParseExpiry(text)
		return err
	}
	return nil // unknown fields are ignored
}

func (u *upload) file(p *formPart) (err error) {
	if _, err := file.Name(p.filename, ""); err != nil {
		return err
	}
	u.staged, err = u.s.Files.Stage(u.r.Context(), p)
	if err != nil {
		return p.explain(err)
	}
	u.filename, u.mimeType = p.filename, file.Type(p.contentType, p.filename, u.staged.Head)
	u.form.hurry()
	return nil
}

// name is the filename to keep.
func (u *upload) name() (string, error) {
	if u.staged == nil {
		return "", fault.At("file", "field required: a part of the form with the file's content")
	}
	return file.Name(u.filename, u.mimeType)
}

func (u *upload) discard() error {
	if u.staged == nil {
		return nil
	}
	return u.s.Files.Discard(u.r.Context(), u.staged)
}
