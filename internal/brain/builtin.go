package brain

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/anthropics/anthropic-sdk-go/v2/tools/agenttoolset"

	"github.com/ostlerdev/ostler/internal/model"
)

// noTools stands for the tools of a conversation that has lost all of them: its
// MCP servers can't be had, or an update took them away. The Messages API
// refuses calls and results in a request without tools.
var noTools = model.Tool{Name: "no_tools", Description: "There are no tools at the moment. Don't call this one.",
	InputSchema: raw(`{"type":"object"}`)}

// offered is the tools of a model request.
func (s *state) offered() []model.Tool {
	if len(s.tools.offered) > 0 {
		return s.tools.offered
	}
	for _, m := range s.messages {
		if m.Role == "assistant" && hasToolUse(m.Content) {
			return []model.Tool{noTools}
		}
	}
	return nil
}

// builtinTools are the definitions of bash, read, write, edit, glob and grep,
// as the official toolset describes them to a model.
var builtinTools = sync.OnceValue(func() (out []model.Tool) {
	for _, t := range agenttoolset.BetaAgentToolset20260401(&agenttoolset.AgentToolContext{}) {
		schema, err := json.Marshal(t.InputSchema())
		if err != nil {
			panic(fmt.Sprintf("brain: schema of %s: %v", t.Name(), err)) // a constant of the SDK
		}
		out = append(out, model.Tool{Name: t.Name(), Description: t.Description(), InputSchema: schema})
	}
	return out
})
