package contract

import (
	"slices"
	"strings"
	"testing"
)

// mutation breaks one place of a sample and can put it right again.
type mutation struct {
	kind  string
	at    string
	apply func() (undo func())
}

// mutations lists the breakages that the schema forbids for sure.
func mutations(s *Sample) []mutation {
	var out []mutation
	add := func(kind, at string, apply func() func()) { out = append(out, mutation{kind, at, apply}) }
	for _, m := range s.sites {
		at := m.owner + "." + m.name
		set := func(v any) func() func() {
			return func() func() {
				old := m.parent[m.name]
				m.parent[m.name] = v
				return func() { m.parent[m.name] = old }
			}
		}
		move := func(to string) func() func() {
			return func() func() {
				old := m.parent[m.name]
				delete(m.parent, m.name)
				if to != "" {
					m.parent[to] = old
				}
				return func() { delete(m.parent, to); m.parent[m.name] = old }
			}
		}
		if m.required {
			add("drop", at, move(""))
			add("rename", at, move(m.name+"_renamed"))
		}
		if m.refuses(nil) {
			add("null", at, set(nil))
		}
		if _, isText := m.parent[m.name].(string); isText && m.refuses("no_such_value") {
			add("value", at, set("no_such_value"))
		}
		if m.refuses([]any{[]any{}}) {
			add("kind", at, set([]any{[]any{}}))
		}
	}
	for _, c := range s.closed {
		add("extra", c.owner, func() func() {
			c.value["no_such_member"] = "x"
			return func() { delete(c.value, "no_such_member") }
		})
	}
	return out
}

// TestMutationsAreCaught breaks every member of every schema the API answers
// with, one at a time, and wants each breakage noticed.
func TestMutationsAreCaught(t *testing.T) {
	_, d2 := descriptions(t)
	done := map[string]bool{}
	caught := map[string]int{} // by judge and kind
	var missed []string
	for _, route := range routes() {
		for _, s := range answers(t, d2, route) {
			for _, m := range mutations(s) {
				if done[m.kind+m.at] {
					continue
				}
				done[m.kind+m.at] = true
				undo := m.apply()
				found, err := checkRoute(route, s.Body())
				undo()
				if err != nil {
					t.Fatal(err)
				}
				if len(found) == 0 {
					missed = append(missed, m.kind+" "+m.at)
				}
				for _, judge := range judgesOf(found) {
					caught[judge+" "+m.kind]++
				}
			}
		}
	}
	t.Logf("%d mutations, caught %v", len(done), caught)
	if len(missed) > 0 {
		t.Errorf("not noticed:\n%s", strings.Join(missed, "\n"))
	}
	if len(done) < 3000 {
		t.Errorf("only %d mutations: the samples reach too little", len(done))
	}
	for _, judge := range []string{"sdk v1", "sdk v2", "schema v1", "schema v2"} {
		for _, kind := range []string{"drop", "rename", "value", "kind", "extra"} {
			if caught[judge+" "+kind] < 100 {
				t.Errorf("%s noticed %d of the mutations %q", judge, caught[judge+" "+kind], kind)
			}
		}
	}
}

func judgesOf(found Violations) []string {
	var out []string
	for _, v := range found {
		if !slices.Contains(out, v.Judge) {
			out = append(out, v.Judge)
		}
	}
	return out
}
