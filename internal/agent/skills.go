package agent

import (
	"fmt"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// MaxSkills is how many skills a session may have.
const MaxSkills = 500

const (
	maxSkillID      = 64
	maxSkillVersion = 64
)

// LatestSkill is the version of a skill that isn't pinned. It stays in the
// agent and is resolved when a session is created.
const LatestSkill = "latest"

func resolveSkills(ps []wire.SkillParam) ([]wire.AgentSkill, error) {
	if len(ps) > MaxSkills {
		return nil, fault.At("skills", "at most %d skills, got %d", MaxSkills, len(ps))
	}
	out := make([]wire.AgentSkill, len(ps))
	for i, p := range ps {
		path := fmt.Sprintf("skills[%d]", i)
		if !oneOf(p.Type, "anthropic", "custom") {
			return nil, fault.At(path+".type", "`%s` is not one of `anthropic`, `custom`", p.Type)
		}
		if err := checkLength(path+".skill_id", p.SkillID, maxSkillID); err != nil {
			return nil, err
		}
		version := LatestSkill
		if p.Version.Set && !p.Version.Null {
			version = p.Version.Value
			if err := checkLength(path+".version", version, maxSkillVersion); err != nil {
				return nil, err
			}
		}
		out[i] = wire.AgentSkill{Type: p.Type, SkillID: p.SkillID, Version: version}
	}
	return out, nil
}
