package skillstore

import (
	"fmt"
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/skill/prebuilt"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Pin is the skills of an agent with concrete versions in place of aliases,
// each version once: what a session works with. It refuses what doesn't exist
// with a fault below path (Managed Agents API: agents, "skills").
func Pin(tx store.Tx, path string, skills []wire.AgentSkill) ([]wire.AgentSkill, error) {
	out := make([]wire.AgentSkill, 0, len(skills))
	seen := map[string]bool{}
	for i, k := range skills {
		at := fmt.Sprintf("%s[%d]", path, i)
		if err := checkSource(at, k); err != nil {
			return nil, err
		}
		v, err := Resolve(tx, k.SkillID, k.Version)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			return nil, missing(tx, at, k)
		}
		if err != nil {
			return nil, err
		}
		k.Version = v.ID
		if key := k.SkillID + " " + v.ID; !seen[key] {
			seen[key] = true
			out = append(out, k)
		}
	}
	return out, nil
}

// checkSource refuses a prebuilt skill as a custom one and the reverse.
func checkSource(at string, k wire.AgentSkill) error {
	_, isPrebuilt := prebuilt.Find(k.SkillID)
	switch {
	case isPrebuilt && k.Type != skill.Anthropic:
		return fault.At(at+".type", "skill `%s` is prebuilt: its type is `%s`", k.SkillID, skill.Anthropic)
	case !isPrebuilt && k.Type == skill.Anthropic:
		var have []string
		for _, p := range prebuilt.All() {
			have = append(have, "`"+p.Record.ID+"`")
		}
		return fault.At(at+".skill_id", "no prebuilt skill `%s`; this server has %s", k.SkillID, strings.Join(have, ", "))
	}
	return nil
}

// missing says which of skill and version is not there.
func missing(tx store.Tx, at string, k wire.AgentSkill) error {
	if _, err := Resolve(tx, k.SkillID, skill.Latest); err != nil {
		return fault.At(at+".skill_id", "skill `%s` not found", k.SkillID)
	}
	return fault.At(at+".version", "skill `%s` has no version `%s`", k.SkillID, k.Version)
}
