package skill

import (
	"fmt"
	"slices"
	"strings"
)

// Root is the directory of skills below the working directory.
const Root = "skills"

// Places are the directories below Root that versions of skills get, in their
// order: the slug, and where that is taken the version's id behind it.
func Places(versions []Version) []string {
	taken := map[string]bool{}
	out := make([]string, len(versions))
	for i, v := range versions {
		dir := v.Doc.Name
		for taken[dir] {
			dir += "-" + v.ID
		}
		out[i], taken[dir] = dir, true
	}
	return out
}

const (
	briefHead = `You have skills: directories with instructions, scripts and other files for certain kinds of tasks. What you see here is the name, the place and the description of each. Before you work on a task that a description fits, read the skill's SKILL.md and follow it. Paths in a SKILL.md are relative to its directory.`

	// The program that runs the tools of a self-hosted environment puts skills
	// below its own working directory, wherever that is.
	briefSelfHosted = ` The places are relative to your working directory.`
)

// Brief is what the system prompt says of the skills of a session, in the
// order of its agent: nothing of their bodies (Managed Agents API: skills).
// workdir is where the tools run; "" if only the client knows.
func Brief(versions []Version, workdir string) string {
	var b strings.Builder
	b.WriteString(briefHead)
	root := workdir + "/" + Root
	if workdir == "" {
		b.WriteString(briefSelfHosted)
		root, versions = Root, lastOfEachName(versions)
	}
	b.WriteString("\n")
	for i, place := range Places(versions) {
		d := versions[i].Doc
		b.WriteString(entry(Manifest{d.Name, d.Description}, root+"/"+place))
	}
	return b.String()
}

// entry is a line of a list of skills. dir is where the skill lies.
func entry(m Manifest, dir string) string {
	return fmt.Sprintf("\n- %s (%s/%s): %s", m.Name, dir, ManifestName, strings.Join(strings.Fields(m.Description), " "))
}

// RepositoryRoot is the directory of skills in a repository.
const RepositoryRoot = ".claude/skills"

// Found is a skill that lies in a repository.
type Found struct {
	Dir string // absolute, where the agent sees it
	Manifest
}

// RepositoryBrief is what an agent is told, once, of the skills in its
// repositories (Managed Agents API: skills, "repositories").
func RepositoryBrief(found []Found) string {
	var b strings.Builder
	b.WriteString("[The session's repositories bring skills, too. Before you work on a task that a description fits, read the skill's SKILL.md and follow it.\n")
	for _, f := range found {
		b.WriteString(entry(f.Manifest, f.Dir))
	}
	return b.String() + "]"
}

// lastOfEachName is what is left where a skill takes the place of an earlier one
// of its name, as it does in the official worker of self-hosted environments.
func lastOfEachName(versions []Version) (out []Version) {
	for i, v := range versions {
		if !slices.ContainsFunc(versions[i+1:], func(later Version) bool { return later.Doc.Name == v.Doc.Name }) {
			out = append(out, v)
		}
	}
	return out
}
