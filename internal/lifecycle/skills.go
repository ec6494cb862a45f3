package lifecycle

import (
	"path"
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/resource"
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

// skillsDir is where a sandbox shows the skills of its session, read-only.
const skillsDir = resource.Workspace + "/" + skill.Root

// checkPlaces refuses resources that would lie among the skills of a session.
func checkPlaces(plan resource.Plan, skills []wire.AgentSkill) error {
	for _, item := range plan.Items {
		at := path.Clean(item.MountPath)
		if len(skills) > 0 && (at == skillsDir || strings.HasPrefix(at, skillsDir+"/")) {
			return fault.At(fault.Join(item.Path, "mount_path"), "`%s` is inside %s, where the skills of the session are", item.MountPath, skillsDir)
		}
	}
	return nil
}

// pinSkills resolves the skills of a new session's agent.
func pinSkills(tx store.Tx, spec *wire.AgentSpec) (err error) {
	spec.Skills, err = skillstore.Pin(tx, "agent.skills", spec.Skills)
	return err
}
