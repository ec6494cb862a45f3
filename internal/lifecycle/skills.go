package lifecycle

import (
	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/skillstore"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// useSkills notes which versions of skills a session uses, so that they stay.
// Prebuilt ones always do.
func useSkills(tx store.Tx, session string, skills []wire.AgentSkill) error {
	var versions []string
	for _, k := range skills {
		if k.Type == skill.Custom {
			versions = append(versions, k.Version)
		}
	}
	return store.UseSkills(tx, session, versions)
}

// pinSkills resolves the skills of a new session's agent.
func pinSkills(tx store.Tx, spec *wire.AgentSpec) (err error) {
	spec.Skills, err = skillstore.Pin(tx, "agent.skills", spec.Skills)
	return err
}
