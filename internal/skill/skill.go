// Package skill holds the rules of skills: what an upload may contain, what
// its SKILL.md must say, how versions are named, and what an agent is told of
// the skills of a session. It decides on values only.
//
// Errors are faults that name the part of the form they are about. The package
// imports wire, fault and ids; it may not import store, api or net/http.
package skill

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Limits of an upload (Skills API).
const (
	MaxBytes   = 30 << 20 // of all files, unpacked
	MaxMembers = 10_000   // files and directories
)

// Latest is the alias of a skill's newest version.
const Latest = "latest"

// Pages of lists: the default length, and the longest in each dialect.
const (
	PageLimit  = 20
	MaxPage    = 1000
	MaxOldPage = 100
)

// Sources of skills.
const (
	Custom    = "custom"
	Anthropic = "anthropic" // prebuilt
)

// Sources are the sources that a list can be restricted to. Of the last two
// this server has none.
var Sources = []string{Custom, Anthropic, "anthropic_example", "plugin"}

const maxDisplayName = 255

// Record is a skill as it is kept. Times are microseconds.
type Record struct {
	ID        string
	CreatedAt int64
	UpdatedAt int64
	Source    string
	Latest    string // id of the newest version
	LatestAt  int64  // and when it was made
	Doc       Doc
}

// Doc is what no query looks at.
type Doc struct {
	Name        string `json:"name"` // the slug, for the skill's life
	DisplayName string `json:"display_name"`
}

// Version is a version of a skill as it is kept.
type Version struct {
	ID        string
	SkillID   string
	CreatedAt int64  // unlike that of any other version of the skill
	Blob      string // key of its archive; "" for a prebuilt one
	Doc       VersionDoc
}

// VersionDoc is what no query looks at.
type VersionDoc struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Directory   string `json:"directory"` // that the upload was in
	SHA256      string `json:"sha256"`    // of the archive
}

// Wire is the API's form of a skill.
func (r Record) Wire() wire.Skill {
	return wire.Skill{ID: r.ID, Type: "skill", DisplayName: r.Doc.DisplayName, LatestVersionID: r.Latest,
		Source: wire.SkillSource{Type: r.Source}, CreatedAt: wire.Micros(r.CreatedAt), UpdatedAt: wire.Micros(r.UpdatedAt)}
}

// Old is the form of the beta skills-2025-10-02.
func (r Record) Old() wire.OldSkill {
	return wire.OldSkill{ID: r.ID, Type: "skill", DisplayTitle: r.Doc.DisplayName, LatestVersion: number(r.Latest, r.LatestAt),
		Source: r.Source, CreatedAt: wire.Micros(r.CreatedAt), UpdatedAt: wire.Micros(r.UpdatedAt)}
}

// Wire is the API's form of a version.
func (v Version) Wire() wire.SkillVersion {
	return wire.SkillVersion{ID: v.ID, Type: "skill_version", SkillID: v.SkillID, Name: v.Doc.Name,
		Description: v.Doc.Description, CreatedAt: wire.Micros(v.CreatedAt)}
}

// Old is the form of the beta skills-2025-10-02.
func (v Version) Old() wire.OldSkillVersion {
	return wire.OldSkillVersion{ID: oldID + strings.TrimPrefix(v.ID, ids.SkillVersion), Type: "skill_version", SkillID: v.SkillID,
		Version: v.Number(), Directory: v.Doc.Directory, Name: v.Doc.Name, Description: v.Doc.Description, CreatedAt: wire.Micros(v.CreatedAt)}
}

// oldID begins the ids of versions under the beta skills-2025-10-02.
const oldID = "skillver_"

// Number is what addresses the version under the beta skills-2025-10-02.
func (v Version) Number() string { return number(v.ID, v.CreatedAt) }

func number(id string, createdAt int64) string {
	if !strings.HasPrefix(id, ids.SkillVersion) {
		return id // a date, in either dialect
	}
	return strconv.FormatInt(createdAt, 10)
}

// Address is what text, in a path or an agent, says of a version: its id, or
// when it was made. Both dialects are understood everywhere.
func Address(text string) (id string, createdAt int64) {
	if rest, ok := strings.CutPrefix(text, oldID); ok {
		return ids.SkillVersion + rest, 0
	}
	if at, err := strconv.ParseInt(text, 10, 64); err == nil && at > 0 {
		return "", at
	}
	return text, 0
}

// Missing says that there is no such skill.
func Missing(id string) error { return fault.Missing("Skill", id) }

// MissingVersion says that the skill has no such version.
func MissingVersion(id, version string) error {
	return fault.New(fault.NotFound, "Skill `%s` has no version `%s`.", id, version)
}

// ReadOnly refuses to change a prebuilt skill.
func ReadOnly(id string) error {
	return fault.New(fault.Forbidden, "Skill `%s` is prebuilt and can't be changed.", id)
}

// DisplayName is the label of a new skill: as it was given in the field, or
// the slug.
func DisplayName(field, given, slug string) (string, error) {
	switch {
	case given == "":
		return slug, nil
	case !utf8.ValidString(given):
		return "", fault.At(field, "must be UTF-8")
	case utf8.RuneCountInString(given) > maxDisplayName:
		return "", fault.At(field, "at most %d characters", maxDisplayName)
	case strings.ContainsFunc(given, unicode.IsControl):
		return "", fault.At(field, "must be a single line without control characters")
	}
	return given, nil
}

// CheckName holds the slug of a new version to that of its skill.
func CheckName(r Record, slug string) error {
	if slug != r.Doc.Name {
		return fault.At("files", "SKILL.md: name: must be `%s` as in the skill's other versions, not `%s`", r.Doc.Name, slug)
	}
	return nil
}

// OnlyVersion refuses to delete the last version of a skill.
func OnlyVersion(id string) error {
	return fault.New(fault.Invalid, "Skill `%s` has no other version: delete the skill.", id)
}
