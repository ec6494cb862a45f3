package gov2

import (
	"slices"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
)

func agentID(a anthropic.BetaManagedAgentsAgent) string     { return a.ID }
func sessionID(s anthropic.BetaManagedAgentsSession) string { return s.ID }

func agentRoundTrip(t testing.TB, c *anthropic.Client) {
	created := must(c.Beta.Agents.New(ctx(t), anthropic.BetaAgentNewParams{
		Name: "Round trip", Model: anthropic.BetaManagedAgentsModelConfigParams{ID: "claude-opus-5-5"},
		Description: anthropic.String("What it does."), System: anthropic.String("You are terse."),
		Metadata: map[string]string{"team": "a"},
		Tools:    []anthropic.BetaAgentNewParamsToolUnion{askingToolset(), weather()},
	}))(t)
	got := must(c.Beta.Agents.Get(ctx(t), created.ID, anthropic.BetaAgentGetParams{}))(t)
	equal(t, "retrieved", got.RawJSON(), created.RawJSON())
	equal(t, "version", got.Version, 1)
	equal(t, "system", got.System, "You are terse.")
	equal(t, "metadata", got.Metadata, map[string]string{"team": "a"})
	equal(t, "archived_at", got.JSON.ArchivedAt.Raw(), "null")
	tools := got.Tools
	equal(t, "policy", tools[0].AsAgentToolset20260401().DefaultConfig.PermissionPolicy.Type, "always_ask")
	equal(t, "schema", tools[1].AsCustom().InputSchema.Required, []string{"city"})
}

func agentVersions(t testing.TB, c *anthropic.Client) {
	agent := newAgent(t, c)
	update := func(version int64, system string) (*anthropic.BetaManagedAgentsAgent, error) {
		return c.Beta.Agents.Update(ctx(t), agent.ID, anthropic.BetaAgentUpdateParams{Version: anthropic.Int(version), System: anthropic.String(system)})
	}
	equal(t, "after an update", must(update(1, "two"))(t).Version, 2)
	equal(t, "after an update that changes nothing", must(update(2, "two"))(t).Version, 2)
	old := must(c.Beta.Agents.Get(ctx(t), agent.ID, anthropic.BetaAgentGetParams{Version: anthropic.Int(1)}))(t)
	equal(t, "old version", old.System, "")
	versions := all(t, c.Beta.Agents.Versions.ListAutoPaging(ctx(t), agent.ID, anthropic.BetaAgentVersionListParams{Limit: anthropic.Int(1)}))
	equal(t, "versions", each(versions, func(a anthropic.BetaManagedAgentsAgent) int64 { return a.Version }), []int64{2, 1})
	_, err := update(1, "three")
	refused(t, err, 409, "conflict_error")
}

func agentArchive(t testing.TB, c *anthropic.Client) {
	agent := newAgent(t, c)
	if must(c.Beta.Agents.Archive(ctx(t), agent.ID, anthropic.BetaAgentArchiveParams{}))(t).ArchivedAt.IsZero() {
		t.Fatal("no archived_at")
	}
	for _, archived := range []bool{false, true} {
		listed := all(t, c.Beta.Agents.ListAutoPaging(ctx(t), anthropic.BetaAgentListParams{IncludeArchived: anthropic.Bool(archived), Limit: anthropic.Int(100)}))
		equal(t, "listed", slices.Contains(each(listed, agentID), agent.ID), archived)
	}
	_, err := c.Beta.Agents.Update(ctx(t), agent.ID, anthropic.BetaAgentUpdateParams{Version: anthropic.Int(1), Name: anthropic.String("x")})
	refused(t, err, 400, "invalid_request_error")
}

func environmentLife(t testing.TB, c *anthropic.Client) {
	env := must(c.Beta.Environments.New(ctx(t), anthropic.BetaEnvironmentNewParams{
		Name: unique("life"), Description: anthropic.String("d"), Metadata: map[string]string{"a": "b"},
	}))(t)
	got := must(c.Beta.Environments.Get(ctx(t), env.ID, anthropic.BetaEnvironmentGetParams{}))(t)
	equal(t, "retrieved", got.RawJSON(), env.RawJSON())
	updated := must(c.Beta.Environments.Update(ctx(t), env.ID, anthropic.BetaEnvironmentUpdateParams{Metadata: map[string]string{"c": "d"}}))(t)
	equal(t, "metadata", updated.Metadata, map[string]string{"a": "b", "c": "d"})
	_, err := c.Beta.Environments.New(ctx(t), anthropic.BetaEnvironmentNewParams{Name: env.Name})
	refused(t, err, 409, "conflict_error")
	if must(c.Beta.Environments.Archive(ctx(t), env.ID, anthropic.BetaEnvironmentArchiveParams{}))(t).ArchivedAt == "" {
		t.Fatal("no archived_at")
	}
	gone := newEnvironment(t, c, "gone")
	deleted := must(c.Beta.Environments.Delete(ctx(t), gone.ID, anthropic.BetaEnvironmentDeleteParams{}))(t)
	equal(t, "deleted", string(deleted.Type), "environment_deleted")
	_, err = c.Beta.Environments.Get(ctx(t), gone.ID, anthropic.BetaEnvironmentGetParams{})
	refused(t, err, 404, "not_found_error")
}

func sessionRoundTrip(t testing.TB, c *anthropic.Client) {
	agent := newAgent(t, c, toolset())
	session := must(c.Beta.Sessions.New(ctx(t), anthropic.BetaSessionNewParams{
		Agent:         anthropic.BetaSessionNewParamsAgentUnion{OfString: anthropic.String(agent.ID)},
		EnvironmentID: newEnvironment(t, c, "session").ID,
		Title:         anthropic.String("A title"), Metadata: map[string]string{"k": "v"},
	}))(t)
	got := must(c.Beta.Sessions.Get(ctx(t), session.ID, anthropic.BetaSessionGetParams{}))(t)
	equal(t, "agent", got.Agent.RawJSON(), session.Agent.RawJSON())
	equal(t, "title", got.Title, "A title")
	equal(t, "status", string(got.Status), "idle")
	equal(t, "agent's version", got.Agent.Version, 1)
	updated := must(c.Beta.Sessions.Update(ctx(t), session.ID, anthropic.BetaSessionUpdateParams{Title: anthropic.String("Another")}))(t)
	equal(t, "new title", updated.Title, "Another")
}

func sessionArchiveAndDelete(t testing.TB, c *anthropic.Client) {
	id := newSession(t, c, newAgent(t, c))
	archived := must(c.Beta.Sessions.Archive(ctx(t), id, anthropic.BetaSessionArchiveParams{}))(t)
	if archived.ArchivedAt.IsZero() {
		t.Fatal("no archived_at")
	}
	deleted := must(c.Beta.Sessions.Delete(ctx(t), id, anthropic.BetaSessionDeleteParams{}))(t)
	equal(t, "deleted", string(deleted.Type), "session_deleted")
	_, err := c.Beta.Sessions.Get(ctx(t), id, anthropic.BetaSessionGetParams{})
	refused(t, err, 404, "not_found_error")
}

func listsPageThrough(t testing.TB, c *anthropic.Client) {
	agent := newAgent(t, c)
	var made []string
	for range 5 {
		made = append(made, newSession(t, c, agent))
	}
	params := anthropic.BetaSessionListParams{AgentID: anthropic.String(agent.ID), Limit: anthropic.Int(2), Order: "asc"}
	equal(t, "oldest first", each(all(t, c.Beta.Sessions.ListAutoPaging(ctx(t), params)), sessionID), made)
	params.Order = ""
	slices.Reverse(made)
	equal(t, "newest first", each(all(t, c.Beta.Sessions.ListAutoPaging(ctx(t), params)), sessionID), made)
	agents := each(all(t, c.Beta.Agents.ListAutoPaging(ctx(t), anthropic.BetaAgentListParams{Limit: anthropic.Int(2)})), agentID)
	equal(t, "agent is listed", slices.Contains(agents, agent.ID), true)
	if environments := all(t, c.Beta.Environments.ListAutoPaging(ctx(t), anthropic.BetaEnvironmentListParams{Limit: anthropic.Int(2)})); len(environments) < 5 {
		t.Fatalf("%d environments", len(environments))
	}
	if models := all(t, c.Models.ListAutoPaging(ctx(t), anthropic.ModelListParams{Limit: anthropic.Int(1)})); len(models) == 0 {
		t.Fatal("no models")
	}
}
