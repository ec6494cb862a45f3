package api

import (
	"errors"
	"mime"
	"net/http"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/wire"
)

func (s *Server) getSkillVersion(w http.ResponseWriter, r *http.Request) error {
	v, err := s.Skills.Version(r.Context(), r.PathValue("skill_id"), r.PathValue("version"))
	if err != nil {
		return err
	}
	return s.writeSkillVersion(w, r, v)
}

func (s *Server) listSkillVersions(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	req := q.skillPage(r, "skill_versions")
	if q.err != nil {
		return q.err
	}
	res, err := s.Skills.Versions(r.Context(), r.PathValue("skill_id"), req)
	if err != nil {
		return err
	}
	if oldSkills(r) {
		return writeOldPage(s, w, res, skill.Version.Old)
	}
	return writePage(s, w, res, skill.Version.Wire)
}

// deleteSkillVersion answers with what addresses the version in the dialect of
// the request.
func (s *Server) deleteSkillVersion(w http.ResponseWriter, r *http.Request) error {
	version := r.PathValue("version")
	if version == skill.Latest {
		return fault.New(fault.Invalid, "`%s` can't be deleted: name a version", skill.Latest)
	}
	v, err := s.Skills.DeleteVersion(r.Context(), r.PathValue("skill_id"), version)
	if err != nil {
		return err
	}
	out := wire.Deleted{ID: v.ID, Type: "skill_version_deleted"}
	if oldSkills(r) {
		out.ID = v.Number()
	}
	return s.writeJSON(w, out)
}

// downloadSkill answers with the archive of a version: a zip with one
// directory, named after the skill.
func (s *Server) downloadSkill(w http.ResponseWriter, r *http.Request) (err error) {
	v, err := s.Skills.Version(r.Context(), r.PathValue("skill_id"), r.PathValue("version"))
	if err != nil {
		return err
	}
	body, err := s.Skills.Open(r.Context(), v)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": v.Doc.Name + ".zip"}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", `"`+v.SkillID+"-"+v.ID+`"`)
	out := &rangeAnswer{ResponseWriter: w}
	http.ServeContent(out, r, "", time.UnixMicro(v.CreatedAt), body)
	if out.refused {
		return fault.New(fault.BadRange, "the archive has no bytes in the range %s", r.Header.Get("Range"))
	}
	return nil
}
