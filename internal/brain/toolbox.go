package brain

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/ostlerdev/ostler/internal/journal"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/web"
	"github.com/ostlerdev/ostler/internal/wire"
)

// toolbox is what an agent may call.
type toolbox struct {
	made    bool
	offered []model.Tool // as the model sees them
	builtin map[string]wire.Policy
	web     map[string]wire.AgentToolConfig // of the enabled web tools
	custom  map[string]bool
	self    bool // the client runs built-in tools
}

func newToolbox(agent *wire.SessionAgent, selfHosted bool, webTools []model.Tool) toolbox {
	b := toolbox{made: true, builtin: map[string]wire.Policy{}, web: map[string]wire.AgentToolConfig{}, custom: map[string]bool{}, self: selfHosted}
	for _, t := range agent.Tools {
		switch {
		case t.Agent != nil:
			for _, def := range slices.Concat(builtinTools(), webTools) {
				if c := t.Agent.Config(def.Name); c.Enabled {
					if web.Is(def.Name) {
						b.web[def.Name] = c
					}
					b.builtin[def.Name] = c.PermissionPolicy
					b.offered = append(b.offered, def)
				}
			}
		case t.Custom != nil:
			b.custom[t.Custom.Name] = true
			b.offered = append(b.offered, model.Tool{Name: t.Custom.Name, Description: t.Custom.Description, InputSchema: raw(t.Custom.InputSchema)})
		}
	}
	return b
}

func sameTools(a, b []wire.Tool) bool { return reflect.DeepEqual(a, b) }

// use makes the use event of a call. refusal is the text of the error result
// that follows at once, or "".
func (b *toolbox) use(v block) (d journal.Draft, refusal string) {
	input := v.Input
	if len(input) == 0 || !json.Valid(input) {
		input = raw("{}")
	}
	private := func(awaits string) []byte { return wire.Encode(callOf{ID: v.ID, Awaits: awaits}) }
	if b.custom[v.Name] {
		return journal.Draft{Type: wire.TypeAgentCustomToolUse, Private: private(store.AwaitsResult),
			Body: wire.AgentCustomToolUse{Type: wire.TypeAgentCustomToolUse, Name: v.Name, Input: []byte(input)}}, ""
	}
	e := wire.AgentToolUse{Type: wire.TypeAgentToolUse, Name: v.Name, Input: []byte(input)}
	policy, enabled := b.builtin[v.Name]
	awaits := store.AwaitsServer
	if b.self && !web.Is(v.Name) {
		awaits = store.AwaitsResult
	}
	switch {
	case !enabled:
		e.EvaluatedPermission = "deny"
		awaits, refusal = store.AwaitsServer, "The tool "+v.Name+" is not available."
	case policy.Type == wire.AlwaysAllow:
		e.EvaluatedPermission, e.Evaluation = "allow", &wire.Evaluation{Type: wire.AlwaysAllow}
	case policy.Type == wire.AlwaysAsk:
		e.EvaluatedPermission, e.Evaluation = "ask", &wire.Evaluation{Type: wire.AlwaysAsk}
		awaits = store.AwaitsConfirmation
	default: // auto, and no judge: the client decides
		e.EvaluatedPermission = "ask"
		e.Evaluation = &wire.Evaluation{Type: wire.Auto, EvaluatedPermission: &wire.AutoPermission{Type: "ask", ReasonCode: "indeterminate"}}
		awaits = store.AwaitsConfirmation
	}
	return journal.Draft{Type: wire.TypeAgentToolUse, Private: private(awaits), Body: e}, refusal
}
