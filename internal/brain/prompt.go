package brain

import (
	"strings"

	"github.com/ostlerdev/ostler/internal/wire"
)

const cloudNote = `Your tools run in a Linux sandbox that belongs to this session. The working directory is /workspace. Files that the user gave you are read-only below /mnt/session/uploads. Put what you hand back to the user into /mnt/session/outputs: every file there is delivered.`

// systemPrompt is the agent's own prompt, what it must know of its sandbox, and
// the session's briefs.
func systemPrompt(agent *wire.SessionAgent, tools toolbox, selfHosted bool, briefs []string) string {
	var parts []string
	if agent.System != nil && *agent.System != "" {
		parts = append(parts, *agent.System)
	}
	if tools.sandboxed() && !selfHosted {
		parts = append(parts, cloudNote)
	}
	return strings.Join(append(parts, briefs...), "\n\n")
}
