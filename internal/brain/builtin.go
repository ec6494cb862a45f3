package brain

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/anthropics/anthropic-sdk-go/v2/tools/agenttoolset"

	"github.com/ostlerdev/ostler/internal/model"
)

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
