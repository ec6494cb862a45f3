package gov2

import (
	"slices"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
)

func newStore(t testing.TB, c *anthropic.Client) *anthropic.BetaManagedAgentsMemoryStore {
	t.Helper()
	return must(c.Beta.MemoryStores.New(ctx(t), anthropic.BetaMemoryStoreNewParams{
		Name: "Team Notes", Description: anthropic.String("What the team knows."), Metadata: map[string]string{"a": "b"},
	}))(t)
}

func newMemory(t testing.TB, c *anthropic.Client, store, path, content string) *anthropic.BetaManagedAgentsMemory {
	t.Helper()
	return must(c.Beta.MemoryStores.Memories.New(ctx(t), store, anthropic.BetaMemoryStoreMemoryNewParams{
		Path: path, Content: anthropic.String(content), View: anthropic.BetaManagedAgentsMemoryViewFull,
	}))(t)
}

func memoryStoreLife(t testing.TB, c *anthropic.Client) {
	store := newStore(t, c)
	got := must(c.Beta.MemoryStores.Get(ctx(t), store.ID, anthropic.BetaMemoryStoreGetParams{}))(t)
	equal(t, "retrieved", got.RawJSON(), store.RawJSON())
	updated := must(c.Beta.MemoryStores.Update(ctx(t), store.ID, anthropic.BetaMemoryStoreUpdateParams{Description: anthropic.String("")}))(t)
	equal(t, "description", updated.Description, "")
	listed := all(t, c.Beta.MemoryStores.ListAutoPaging(ctx(t), anthropic.BetaMemoryStoreListParams{Limit: anthropic.Int(1)}))
	equal(t, "listed", slices.ContainsFunc(listed, func(s anthropic.BetaManagedAgentsMemoryStore) bool { return s.ID == store.ID }), true)
	if must(c.Beta.MemoryStores.Archive(ctx(t), store.ID, anthropic.BetaMemoryStoreArchiveParams{}))(t).ArchivedAt.IsZero() {
		t.Fatal("no archived_at")
	}
	deleted := must(c.Beta.MemoryStores.Delete(ctx(t), store.ID, anthropic.BetaMemoryStoreDeleteParams{}))(t)
	equal(t, "deleted", string(deleted.Type), "memory_store_deleted")
	_, err := c.Beta.MemoryStores.Get(ctx(t), store.ID, anthropic.BetaMemoryStoreGetParams{})
	refused(t, err, 404, "not_found_error")
}

func memoryLife(t testing.TB, c *anthropic.Client) {
	store := newStore(t, c).ID
	memory := newMemory(t, c, store, "/notes/a.md", "alpha")
	got := must(c.Beta.MemoryStores.Memories.Get(ctx(t), memory.ID, anthropic.BetaMemoryStoreMemoryGetParams{MemoryStoreID: store}))(t)
	equal(t, "retrieved", got.RawJSON(), memory.RawJSON())
	_, err := c.Beta.MemoryStores.Memories.New(ctx(t), store, anthropic.BetaMemoryStoreMemoryNewParams{Path: "/notes", Content: anthropic.String("")})
	refused(t, err, 409, "memory_path_conflict_error")
	change := anthropic.BetaMemoryStoreMemoryUpdateParams{MemoryStoreID: store, Content: anthropic.String("beta"),
		Precondition: anthropic.BetaManagedAgentsPreconditionParam{Type: "content_sha256", ContentSha256: anthropic.String(memory.ContentSha256)}}
	updated := must(c.Beta.MemoryStores.Memories.Update(ctx(t), memory.ID, change))(t)
	equal(t, "size", updated.ContentSizeBytes, int64(len("beta")))
	change.Content = anthropic.String("gamma")
	_, err = c.Beta.MemoryStores.Memories.Update(ctx(t), memory.ID, change)
	refused(t, err, 409, "memory_precondition_failed_error")
	newMemory(t, c, store, "/top.md", "")
	items := all(t, c.Beta.MemoryStores.Memories.ListAutoPaging(ctx(t), store, anthropic.BetaMemoryStoreMemoryListParams{Depth: anthropic.Int(1), Limit: anthropic.Int(1)}))
	equal(t, "children", each(items, func(i anthropic.BetaManagedAgentsMemoryListItemUnion) string { return i.Type + " " + i.Path }),
		[]string{"memory_prefix /notes/", "memory /top.md"})
	deleted := must(c.Beta.MemoryStores.Memories.Delete(ctx(t), memory.ID, anthropic.BetaMemoryStoreMemoryDeleteParams{
		MemoryStoreID: store, ExpectedContentSha256: anthropic.String(updated.ContentSha256)}))(t)
	equal(t, "deleted", string(deleted.Type), "memory_deleted")
	versions := all(t, c.Beta.MemoryStores.MemoryVersions.ListAutoPaging(ctx(t), store, anthropic.BetaMemoryStoreMemoryVersionListParams{
		MemoryID: anthropic.String(memory.ID), Limit: anthropic.Int(2)}))
	equal(t, "versions", each(versions, func(v anthropic.BetaManagedAgentsMemoryVersion) string { return string(v.Operation) }),
		[]string{"deleted", "modified", "created"})
	redacted := must(c.Beta.MemoryStores.MemoryVersions.Redact(ctx(t), versions[2].ID, anthropic.BetaMemoryStoreMemoryVersionRedactParams{MemoryStoreID: store}))(t)
	equal(t, "redacted", redacted.JSON.Path.Valid(), false)
}

func agentRemembers(t testing.TB, c *anthropic.Client) {
	store := newStore(t, c).ID
	newMemory(t, c, store, "/greeting.md", "Hello from before.")
	session := newSession(t, c, newAgent(t, c, toolset()), anthropic.BetaSessionNewParamsResourceUnion{
		OfMemoryStore: &anthropic.BetaManagedAgentsMemoryStoreResourceParam{Type: "memory_store", MemoryStoreID: store, Instructions: anthropic.String("Greet.")},
	})
	resource := must(c.Beta.Sessions.Get(ctx(t), session, anthropic.BetaSessionGetParams{}))(t).Resources[0].AsMemoryStore()
	equal(t, "mount path", resource.MountPath, "/mnt/memory/team-notes")
	equal(t, "said", strings.TrimSpace(said(turn(t, c, session, "", script("remember")))), "It says: Hello from before.")
	versions := all(t, c.Beta.MemoryStores.MemoryVersions.ListAutoPaging(ctx(t), store, anthropic.BetaMemoryStoreMemoryVersionListParams{
		SessionID: anthropic.String(session), View: anthropic.BetaManagedAgentsMemoryViewFull}))
	equal(t, "versions", each(versions, func(v anthropic.BetaManagedAgentsMemoryVersion) string { return v.Path + " " + v.Content }),
		[]string{"/people/ann.md likes tea\n"})
	equal(t, "actor", versions[0].CreatedBy.AsSessionActor().SessionID, session)
}
