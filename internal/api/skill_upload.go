package api

import (
	"errors"
	"net/http"
	"regexp"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/skillstore"
)

// skillForm is what an upload of a skill may have: a part a file, whose headers
// hold its path, and a few fields.
var skillForm = formLimits{what: "the files of the skill are", file: skill.MaxBytes, room: 8 << 20, parts: skill.MaxMembers + maxParts}

func (s *Server) createSkill(w http.ResponseWriter, r *http.Request) error {
	up, err := s.uploadSkill(w, r)
	if err != nil {
		return err
	}
	k, err := s.Skills.Create(r.Context(), up.staged, up.label, up.name)
	if err != nil {
		return err
	}
	return s.writeSkill(w, r, k)
}

func (s *Server) createSkillVersion(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("skill_id")
	if err := s.Skills.CheckOwn(r.Context(), id); err != nil { // before the body is read
		return err
	}
	up, err := s.uploadSkill(w, r)
	if err != nil {
		return err
	}
	v, err := s.Skills.AddVersion(r.Context(), id, up.staged)
	if err != nil {
		return err
	}
	return s.writeSkillVersion(w, r, v)
}

// skillUpload is what the form of an upload has shown so far.
type skillUpload struct {
	files  *skillstore.Upload
	staged *skillstore.Staged
	label  string // the field of the display name, "" without one
	name   string
}

// uploadSkill reads the form of a new skill or version as it arrives.
func (s *Server) uploadSkill(w http.ResponseWriter, r *http.Request) (up skillUpload, err error) {
	form, err := s.newForm(w, r, skillForm)
	if err != nil {
		return up, err
	}
	if up.files, err = s.Skills.Begin(); err != nil {
		return up, err
	}
	defer func() { err = errors.Join(err, up.files.Close()) }()
	if err := form.each(up.part); err != nil {
		return up, err
	}
	up.staged, err = up.files.Finish(r.Context())
	return up, err
}

// filesField is the name of a file's part, as the SDKs and curl users write it.
var filesField = regexp.MustCompile(`^files(\[[0-9]*\])?$`)

func (u *skillUpload) part(p *formPart) (err error) {
	switch {
	case filesField.MatchString(p.name):
		return p.explain(u.files.Add(p.filename, p))
	case p.name == "display_name" || p.name == "display_title":
		if u.label != "" {
			return fault.At(p.name, "given more than once")
		}
		u.label = p.name
		u.name, err = p.text()
		return err
	}
	return nil // unknown fields are ignored
}
