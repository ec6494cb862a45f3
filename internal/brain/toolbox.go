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
	mark    string       // of what is offered
	builtin map[string]wire.Policy
	web     map[string]wire.AgentToolConfig // of the enabled web tools
	custom  map[string]bool
	remote  remoteTools
	self    bool // the client runs built-in tools
}

func newToolbox(agent *wire.SessionAgent, selfHosted bool, webTools []model.Tool, known catalog) toolbox {
	b := toolbox{made: true, builtin: map[string]wire.Policy{}, web: map[string]wire.AgentToolConfig{}, custom: map[string]bool{}, remote: remoteTools{}, self: selfHosted}
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
		case t.MCP != nil:
			b.offered = append(b.offered, b.remote.add(t.MCP, known)...)
		case t.Custom != nil:
			b.custom[t.Custom.Name] = true
			b.offered = append(b.offered, model.Tool{Name: t.Custom.Name, Description: t.Custom.Description, InputSchema: raw(t.Custom.InputSchema)})
		}
	}
	b.mark = markOf(b.offered)
	return b
}

func sameTools(a, b *wire.SessionAgent) bool {
	return reflect.DeepEqual(a.Tools, b.Tools) && reflect.DeepEqual(a.MCPServers, b.MCPServers)
}

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
	if server, t, ok := b.remote.find(v.Name); ok {
		permission, why := evaluate(t.policy)
		awaits := store.AwaitsServer
		switch permission {
		case "ask":
			awaits = store.AwaitsConfirmation
		case "deny":
			refusal = "The tool " + v.Name + " is not available."
		}
		if t.input != nil {
			input = t.input(input)
		}
		return journal.Draft{Type: wire.TypeAgentMCPToolUse, Private: private(awaits), Body: wire.AgentMCPToolUse{Type: wire.TypeAgentMCPToolUse,
			MCPServerName: server, Name: t.name, Input: []byte(input), EvaluatedPermission: permission, Evaluation: why}}, refusal
	}
	permission, why := evaluate(b.builtin[v.Name])
	awaits := store.AwaitsServer
	switch {
	case permission == "ask":
		awaits = store.AwaitsConfirmation
	case permission == "deny":
		refusal = "The tool " + v.Name + " is not available."
	case b.self && !web.Is(v.Name):
		awaits = store.AwaitsResult
	}
	return journal.Draft{Type: wire.TypeAgentToolUse, Private: private(awaits), Body: wire.AgentToolUse{Type: wire.TypeAgentToolUse,
		Name: v.Name, Input: []byte(input), EvaluatedPermission: permission, Evaluation: why}}, refusal
}

// evaluate applies a tool's policy. The zero policy is that of a tool which is
// not enabled.
func evaluate(p wire.Policy) (permission string, why *wire.Evaluation) {
	switch p.Type {
	case "":
		return "deny", nil
	case wire.AlwaysAllow:
		return "allow", &wire.Evaluation{Type: p.Type}
	case wire.AlwaysAsk:
		return "ask", &wire.Evaluation{Type: p.Type}
	}
	// auto, and no judge: the client decides
	return "ask", &wire.Evaluation{Type: wire.Auto, EvaluatedPermission: &wire.AutoPermission{Type: "ask", ReasonCode: "indeterminate"}}
}
