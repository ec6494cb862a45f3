package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

func update(t testing.TB, db store.DB, fn func(tx store.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, db store.DB, fn func(tx store.Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func config(name string) wire.AgentConfig {
	system := "Be " + name + "."
	return wire.AgentConfig{
		AgentSpec: wire.AgentSpec{
			Name: name, System: &system, Model: wire.ModelConfig{ID: "m", Effort: wire.Effort{Type: "high"}, Speed: "standard"},
			Tools:             []wire.Tool{{Custom: &wire.CustomTool{Type: "custom", Name: "t", Description: "d", InputSchema: []byte(`{"type":"object"}`)}}},
			MCPServers:        []wire.MCPServer{},
			Skills:            []wire.AgentSkill{},
			ExecutionIdentity: wire.ExecutionIdentity{Type: "service_account"},
		},
		Metadata: wire.Metadata{"k": name},
	}
}

func agentVersions(t *testing.T, db store.DB) {
	update(t, db, func(tx store.Tx) error {
		return errors.Join(
			store.InsertAgent(tx, "agent_1", config("one"), 100),
			store.InsertAgentVersion(tx, "agent_1", 2, config("two"), 200),
			store.InsertAgentVersion(tx, "agent_1", 3, config("three"), 300),
			store.InsertAgent(tx, "agent_2", config("other"), 150))
	})
	view(t, db, func(tx store.Tx) error {
		newest, err := store.GetAgent(tx, "agent_1")
		if err != nil {
			return err
		}
		old, err := store.GetAgentVersion(tx, "agent_1", 1)
		if err != nil {
			return err
		}
		for _, c := range []struct {
			got     wire.Agent
			name    string
			version int64
			updated int64
		}{{newest, "three", 3, 300}, {old, "one", 1, 100}} {
			want := wire.Agent{ID: "agent_1", Type: "agent", AgentConfig: config(c.name), Version: c.version,
				CreatedAt: wire.Micros(100), UpdatedAt: wire.Micros(c.updated)}
			if got := wire.Encode(c.got); string(got) != string(wire.Encode(want)) {
				t.Errorf("version %d: got %s", c.version, got)
			}
		}
		for _, version := range []int64{0, 4} {
			if _, err := store.GetAgentVersion(tx, "agent_1", version); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("version %d: %v", version, err)
			}
		}
		if _, err := store.GetAgent(tx, "agent_3"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("no such agent: %v", err)
		}
		list, err := store.ListAgentVersions(tx, "agent_1", page.Range{Order: page.Desc, Limit: 2})
		if err != nil || len(list) != 2 || list[0].Version != 3 || list[1].Version != 2 || list[1].Name != "two" {
			t.Errorf("versions: %+v, %v", list, err)
		}
		from := store.AgentVersionKey(list[1])
		list, err = store.ListAgentVersions(tx, "agent_1", page.Range{Order: page.Desc, From: &from, Limit: 2})
		if err != nil || len(list) != 1 || list[0].Version != 1 {
			t.Errorf("versions after 2: %+v, %v", list, err)
		}
		return nil
	})
	update(t, db, func(tx store.Tx) error { return store.ArchiveAgent(tx, "agent_1", 400) })
	view(t, db, func(tx store.Tx) error {
		for _, archived := range []bool{true, false} {
			list, err := store.ListAgents(tx, page.Range{Order: page.Asc, Limit: 9}, page.Everything, archived)
			if err != nil {
				return err
			}
			names := ""
			for _, a := range list {
				names += a.Name + " "
			}
			if want := map[bool]string{true: "three other ", false: "other "}[archived]; names != want {
				t.Errorf("archived %v: %s", archived, names)
			}
		}
		a, err := store.GetAgentVersion(tx, "agent_1", 1)
		if err != nil || a.ArchivedAt == nil || a.ArchivedAt.Micros() != 400 {
			t.Errorf("an old version of an archived agent: %+v, %v", a, err)
		}
		return nil
	})
}

// agentPages holds the SQL of ranges to the sorted rows: every page of every
// size, both orders, windows, from keys that exist or don't.
func agentPages(t *testing.T, db store.DB) {
	type row struct {
		at int64
		id string
	}
	var rows []row
	for i := range 30 {
		rows = append(rows, row{at: int64(i / 4), id: fmt.Sprintf("agent_%02d", (i*7)%30)}) // ties in time
	}
	update(t, db, func(tx store.Tx) error {
		for _, r := range rows {
			if err := store.InsertAgent(tx, r.id, config(r.id), r.at); err != nil {
				return err
			}
		}
		return nil
	})
	rapid.Check(t, func(rt *rapid.T) {
		r := page.Range{
			Order: rapid.SampledFrom([]page.Order{page.Asc, page.Desc}).Draw(rt, "order"),
			Back:  rapid.Bool().Draw(rt, "back"),
			Limit: rapid.IntRange(1, 31).Draw(rt, "limit"),
		}
		if rapid.Bool().Draw(rt, "from") {
			r.From = &page.Key{Sort: rapid.Int64Range(-1, 9).Draw(rt, "sort"), ID: fmt.Sprintf("agent_%02d", rapid.IntRange(0, 31).Draw(rt, "id"))}
		}
		win := page.Everything
		if rapid.Bool().Draw(rt, "window") {
			win = page.Window{Min: rapid.Int64Range(0, 8).Draw(rt, "min"), Max: rapid.Int64Range(0, 8).Draw(rt, "max")}
		}
		var want, got []string
		sorted := slices.Clone(rows)
		slices.SortFunc(sorted, func(a, b row) int {
			c := before(a.at, a.id, b.at, b.id)
			if r.Descending() {
				return -c
			}
			return c
		})
		for _, x := range sorted {
			out := x.at < win.Min || x.at > win.Max
			if r.From != nil {
				c := before(x.at, x.id, r.From.Sort, r.From.ID)
				out = out || c == 0 || (c < 0) != r.Descending()
			}
			if !out && len(want) < r.Limit {
				want = append(want, x.id)
			}
		}
		err := db.View(t.Context(), func(tx store.Tx) error {
			list, err := store.ListAgents(tx, r, win, false)
			for _, a := range list {
				got = append(got, a.ID)
			}
			return err
		})
		if err != nil || !slices.Equal(got, want) {
			rt.Fatalf("%+v in %v: %v, %v, want %v", r, win, got, err, want)
		}
	})
}

func before(at int64, id string, at2 int64, id2 string) int {
	switch {
	case at != at2:
		return map[bool]int{true: -1, false: 1}[at < at2]
	case id == id2:
		return 0
	}
	return map[bool]int{true: -1, false: 1}[id < id2]
}
