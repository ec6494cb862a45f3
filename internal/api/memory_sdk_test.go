package api_test

import (
	"errors"
	"fmt"
	"testing"

	v1 "github.com/anthropics/anthropic-sdk-go"
	v2 "github.com/anthropics/anthropic-sdk-go/v2"

	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/memory"
)

// The programs of both generations of the official SDK, on memories of each
// other.
func TestSDKsShareMemories(t *testing.T) {
	s := apitest.Start(t)
	ctx := t.Context()
	c1, c2 := s.V1(), s.V2()
	st, err := c1.Beta.MemoryStores.New(ctx, v1.BetaMemoryStoreNewParams{Name: "Notes", Description: v1.String("What we know."), Metadata: map[string]string{"user": "u_1"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c2.Beta.MemoryStores.Update(ctx, st.ID, v2.BetaMemoryStoreUpdateParams{Name: v2.String("Better notes"), Metadata: map[string]string{"team": "core"}})
	if err != nil || got.Name != "Better notes" || got.Description != "What we know." || len(got.Metadata) != 2 || !got.ArchivedAt.IsZero() {
		t.Errorf("update: %+v, %v", got, err)
	}
	made, err := c2.Beta.MemoryStores.Memories.New(ctx, st.ID, v2.BetaMemoryStoreMemoryNewParams{Path: "/notes/a.md", Content: v2.String("alpha")})
	if err != nil || made.Content != "" || made.ContentSha256 != memory.Sum("alpha") || made.ContentSizeBytes != 5 {
		t.Fatalf("create: %+v, %v", made, err)
	}
	read, err := c1.Beta.MemoryStores.Memories.Get(ctx, made.ID, v1.BetaMemoryStoreMemoryGetParams{MemoryStoreID: st.ID})
	if err != nil || read.Content != "alpha" || read.Path != "/notes/a.md" || read.MemoryVersionID != made.MemoryVersionID {
		t.Errorf("v1 reads %+v, %v", read, err)
	}

	_, err = c2.Beta.MemoryStores.Memories.New(ctx, st.ID, v2.BetaMemoryStoreMemoryNewParams{Path: "/notes/a.md", Content: v2.String("again")})
	var taken *v2.Error
	if !errors.As(err, &taken) || taken.StatusCode != 409 || string(taken.Type()) != "memory_path_conflict_error" {
		t.Errorf("a taken path: %v", err)
	}
	update := v2.BetaMemoryStoreMemoryUpdateParams{MemoryStoreID: st.ID, Content: v2.String("beta"), View: v2.BetaManagedAgentsMemoryViewFull,
		Precondition: v2.BetaManagedAgentsPreconditionParam{ContentSha256: v2.String(memory.Sum("alpha"))}}
	for range 2 { // the second is fine too: nothing is left to do
		if next, err := c2.Beta.MemoryStores.Memories.Update(ctx, made.ID, update); err != nil || next.Content != "beta" {
			t.Errorf("update: %+v, %v", next, err)
		}
	}
	update.Content = v2.String("gamma")
	var stale *v2.Error
	if _, err = c2.Beta.MemoryStores.Memories.Update(ctx, made.ID, update); !errors.As(err, &stale) || string(stale.Type()) != "memory_precondition_failed_error" {
		t.Errorf("a stale update: %v", err)
	}
	moved, err := c1.Beta.MemoryStores.Memories.Update(ctx, made.ID, v1.BetaMemoryStoreMemoryUpdateParams{MemoryStoreID: st.ID, Path: v1.String("/b.md")})
	if err != nil || moved.Path != "/b.md" || moved.ID != made.ID {
		t.Errorf("move: %+v, %v", moved, err)
	}
	for i := range 4 {
		if _, err := c1.Beta.MemoryStores.Memories.New(ctx, st.ID, v1.BetaMemoryStoreMemoryNewParams{Path: fmt.Sprintf("/d/%d", i), Content: v1.String("")}); err != nil {
			t.Fatal(err)
		}
	}
	for limit := int64(1); limit <= 6; limit++ {
		flat, rolled := "", ""
		p1 := c1.Beta.MemoryStores.Memories.ListAutoPaging(ctx, st.ID, v1.BetaMemoryStoreMemoryListParams{Limit: v1.Int(limit)})
		for p1.Next() {
			flat += p1.Current().AsAny().(v1.BetaManagedAgentsMemory).Path + " "
		}
		p2 := c2.Beta.MemoryStores.Memories.ListAutoPaging(ctx, st.ID, v2.BetaMemoryStoreMemoryListParams{Limit: v2.Int(limit), Depth: v2.Int(1), View: v2.BetaManagedAgentsMemoryViewFull})
		for p2.Next() {
			switch item := p2.Current().AsAny().(type) {
			case v2.BetaManagedAgentsMemory:
				rolled += item.Path + "=" + item.Content + " "
			case v2.BetaManagedAgentsMemoryPrefix:
				rolled += item.Path + " "
			}
		}
		if err := errors.Join(p1.Err(), p2.Err()); err != nil || flat != "/b.md /d/0 /d/1 /d/2 /d/3 " || rolled != "/b.md=beta /d/ " {
			t.Errorf("limit %d: %s, %s, %v", limit, flat, rolled, err)
		}
	}

	var ops, first string
	vs := c2.Beta.MemoryStores.MemoryVersions.ListAutoPaging(ctx, st.ID, v2.BetaMemoryStoreMemoryVersionListParams{MemoryID: v2.String(made.ID), Limit: v2.Int(1), View: v2.BetaManagedAgentsMemoryViewFull})
	for vs.Next() {
		v := vs.Current()
		ops += string(v.Operation) + " " + v.Path + "=" + v.Content + " "
		first = v.ID
		if key := v.CreatedBy.AsAny().(v2.BetaManagedAgentsAPIActor); key.APIKeyID == "" {
			t.Errorf("no actor of %s", v.ID)
		}
	}
	if vs.Err() != nil || ops != "modified /b.md=beta modified /notes/a.md=beta created /notes/a.md=alpha " {
		t.Errorf("versions %s, %v", ops, vs.Err())
	}
	red, err := c1.Beta.MemoryStores.MemoryVersions.Redact(ctx, first, v1.BetaMemoryStoreMemoryVersionRedactParams{MemoryStoreID: st.ID})
	if err != nil || red.RedactedAt.IsZero() || red.Content != "" || red.JSON.Path.Valid() || red.RedactedBy.APIKeyID == "" {
		t.Errorf("redact: %+v, %v", red, err)
	}
	var head *v2.Error
	_, err = c2.Beta.MemoryStores.MemoryVersions.Redact(ctx, moved.MemoryVersionID, v2.BetaMemoryStoreMemoryVersionRedactParams{MemoryStoreID: st.ID})
	if !errors.As(err, &head) || head.StatusCode != 409 || string(head.Type()) != "conflict_error" {
		t.Errorf("redact the head: %v", err)
	}
	gone, err := c2.Beta.MemoryStores.Memories.Delete(ctx, made.ID, v2.BetaMemoryStoreMemoryDeleteParams{MemoryStoreID: st.ID, ExpectedContentSha256: v2.String(memory.Sum("beta"))})
	if err != nil || gone.ID != made.ID {
		t.Errorf("delete: %+v, %v", gone, err)
	}
	if a, err := c1.Beta.MemoryStores.Archive(ctx, st.ID, v1.BetaMemoryStoreArchiveParams{}); err != nil || a.ArchivedAt.IsZero() {
		t.Errorf("archive: %+v, %v", a, err)
	}
	if d, err := c2.Beta.MemoryStores.Delete(ctx, st.ID, v2.BetaMemoryStoreDeleteParams{}); err != nil || d.ID != st.ID {
		t.Errorf("delete: %+v, %v", d, err)
	}
}
