package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/server"
)

// warmPool is a turn with one bash call, the first of a session, which finds a
// sandbox in the pool: of a session that has nothing, and of one with skills and
// memory stores, beside the same without a pool.
func warmPool(ctx context.Context) error {
	return errors.Join(
		firstTurns(ctx, "turn with bash, from the warm pool", 1, false),
		firstTurns(ctx, "the same, skills and memories", 1, true),
		firstTurns(ctx, "the same, skills and memories, cold", 0, true))
}

func firstTurns(ctx context.Context, name string, pool int, rich bool) (err error) {
	command := "echo hello"
	if rich {
		command = "[ -s skills/xlsx/SKILL.md ] && read -r rule < /mnt/memory/rules/m0.md && echo x > /mnt/memory/notes/x && echo $rule"
	}
	r, err := newRigWith(ctx, func(c *server.Config) { c.WarmPool = pool }, 0,
		modeltest.ToolUse("bash", map[string]any{"command": command}), modeltest.Text("Done."))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if rich {
		if err := r.enrich(ctx); err != nil {
			return err
		}
	}
	var times []time.Duration
	for range 20 {
		<-time.After(2 * time.Second) // the pool is filled
		d, err := r.firstTurn(ctx)
		if err != nil {
			return err
		}
		times = append(times, d)
	}
	spread(name, times)
	return nil
}

// enrich gives sessions to come an agent with all prebuilt skills, and two
// memory stores of twenty memories, one of them read-only.
func (r *rig) enrich(ctx context.Context) (err error) {
	r.agent, err = r.create(ctx, "/v1/agents", `{"name":"rich","model":"claude-opus-5-5","tools":[{"type":"agent_toolset_20260401"}],"skills":[
		{"type":"anthropic","skill_id":"xlsx"},{"type":"anthropic","skill_id":"docx"},{"type":"anthropic","skill_id":"pptx"},{"type":"anthropic","skill_id":"pdf"}]}`)
	if err != nil {
		return err
	}
	for name, access := range map[string]string{"Notes": "read_write", "Rules": "read_only"} {
		id, err := r.create(ctx, "/v1/memory_stores", fmt.Sprintf(`{"name":%q}`, name))
		if err != nil {
			return err
		}
		for i := range 20 {
			if _, err := r.create(ctx, "/v1/memory_stores/"+id+"/memories", fmt.Sprintf(`{"path":"/m%d.md","content":"memory %d\n"}`, i, i)); err != nil {
				return err
			}
		}
		r.resources = append(r.resources, fmt.Sprintf(`{"type":"memory_store","memory_store_id":%q,"access":%q}`, id, access))
	}
	return nil
}
