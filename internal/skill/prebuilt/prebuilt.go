// Package prebuilt holds the skills that the server brings along under the
// hosted service's ids: xlsx, docx, pptx and pdf. They are this project's own:
// short instructions and small scripts over libraries that a sandbox can
// install. They appear with the source "anthropic", because that is how
// clients ask for them, and say in their descriptions whose they are.
//
// Promises: they never change while a server runs, and a changed content has
// another Version. The package imports skill and nothing else of the program.
package prebuilt

import (
	"embed"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/skill"
)

// Version is the version of all of them: the day they were changed last.
const Version = "20261124"

//go:embed */SKILL.md */scripts
var content embed.FS

// Skill is a prebuilt skill.
type Skill struct {
	Record  skill.Record
	Version skill.Version
	Files   fs.FS // below its directory
}

// All is the prebuilt skills, in the order of their ids.
var All = sync.OnceValue(func() []Skill {
	day, err := time.Parse("20060102", Version)
	if err != nil {
		panic(err) // a constant
	}
	at := day.UnixMicro()
	var out []Skill
	for _, id := range []string{"docx", "pdf", "pptx", "xlsx"} {
		files, m, err := read(id)
		if err != nil {
			panic(fmt.Errorf("prebuilt skill %s: %w", id, err)) // embedded, and seen by a test
		}
		out = append(out, Skill{
			Record: skill.Record{ID: id, CreatedAt: at, UpdatedAt: at, Source: skill.Anthropic, Latest: Version, LatestAt: at,
				Doc: skill.Doc{Name: m.Name, DisplayName: m.Name}},
			Version: skill.Version{ID: Version, SkillID: id, CreatedAt: at,
				Doc: skill.VersionDoc{Name: m.Name, Description: m.Description, Directory: id}},
			Files: files,
		})
	}
	return out
})

func read(id string) (fs.FS, skill.Manifest, error) {
	files, err := fs.Sub(content, id)
	if err != nil {
		return nil, skill.Manifest{}, err
	}
	text, err := fs.ReadFile(files, skill.ManifestName)
	if err != nil {
		return nil, skill.Manifest{}, err
	}
	m, err := skill.ReadManifest(text, id)
	return files, m, err
}

// Find finds a prebuilt skill by its id.
func Find(id string) (Skill, bool) {
	for _, s := range All() {
		if s.Record.ID == id {
			return s, true
		}
	}
	return Skill{}, false
}
