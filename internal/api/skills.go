package api

import (
	"net/http"
	"slices"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/wire"
)

// skillsBeta is the beta header of clients that expect the first form of
// skills and their versions.
const skillsBeta = "skills-2025-10-02"

// oldSkills says whether a request expects the first form.
func oldSkills(r *http.Request) bool { return slices.Contains(betas(r.Header), skillsBeta) }

func (s *Server) writeSkill(w http.ResponseWriter, r *http.Request, k skill.Record) error {
	if oldSkills(r) {
		return s.writeJSON(w, k.Old())
	}
	return s.writeJSON(w, k.Wire())
}

func (s *Server) writeSkillVersion(w http.ResponseWriter, r *http.Request, v skill.Version) error {
	if oldSkills(r) {
		return s.writeJSON(w, v.Old())
	}
	return s.writeJSON(w, v.Wire())
}

func (s *Server) getSkill(w http.ResponseWriter, r *http.Request) error {
	k, err := s.Skills.Get(r.Context(), r.PathValue("skill_id"))
	if err != nil {
		return err
	}
	return s.writeSkill(w, r, k)
}

func (s *Server) deleteSkill(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("skill_id")
	if err := s.Skills.Delete(r.Context(), id); err != nil {
		return err
	}
	return s.writeJSON(w, wire.Deleted{ID: id, Type: "skill_deleted"})
}

func (s *Server) listSkills(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	source := q.text("source")
	if source != "" && !slices.Contains(skill.Sources, source) {
		q.fail("source", "`%s` is not one of `custom`, `anthropic`, `anthropic_example`, `plugin`", source)
	}
	req := q.skillPage(r, "skills")
	if q.err != nil {
		return q.err
	}
	res, err := s.Skills.List(r.Context(), source, req)
	if err != nil {
		return err
	}
	if oldSkills(r) {
		return writeOldPage(s, w, res, skill.Record.Old)
	}
	return writePage(s, w, res, skill.Record.Wire)
}

// skillPage is the page that is asked for; the first form has shorter ones.
func (q *query) skillPage(r *http.Request, list string) page.Request {
	most := int64(skill.MaxPage)
	if oldSkills(r) {
		most = skill.MaxOldPage
	}
	return q.page(list, page.Desc, skill.PageLimit, most)
}

func writePage[T, W any](s *Server, w http.ResponseWriter, res page.Result[T], form func(T) W) error {
	return s.writeJSON(w, wire.Page[W]{Data: each(res.Rows, form), NextPage: res.Next})
}

func writeOldPage[T, W any](s *Server, w http.ResponseWriter, res page.Result[T], form func(T) W) error {
	return s.writeJSON(w, wire.OldPage[W]{Data: each(res.Rows, form), HasMore: res.Next != nil, NextPage: res.Next})
}

func each[T, W any](rows []T, form func(T) W) []W {
	out := make([]W, len(rows))
	for i, row := range rows {
		out[i] = form(row)
	}
	return out
}
