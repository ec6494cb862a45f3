package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/memory"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

const (
	memstore1 = "/v1/memory_stores/memstore_000000000000000000000001"
	memory1   = memstore1 + "/memories/mem_000000000000000000000001"
	version1  = memstore1 + "/memory_versions/memver_000000000000000000000001"
)

func TestMemoryStoreLife(t *testing.T) {
	s := apitest.Start(t)
	r := s.Transcript()
	r.Call("POST", "/v1/memory_stores", `{"name":"Notes","description":"What we know.","metadata":{"user":"u_1"}}`)
	s.Clock.Advance(time.Minute)
	r.Say("Metadata is merged, an empty description clears it.")
	r.Call("POST", memstore1, `{"description":"","metadata":{"user":null,"team":"core"}}`)
	r.Say("An update that changes nothing, and memories, leave updated_at alone.")
	r.Call("POST", memstore1, `{"name":"Notes","description":null}`)
	r.Call("POST", memstore1+"/memories", `{"path":"/a.md","content":"alpha"}`)
	r.Call("POST", memstore1+"/memories", `{"path":"/b.md","content":"beta"}`)
	r.Call("GET", memstore1, "")
	s.Clock.Advance(time.Minute)
	r.Say("An archived store can be read, and emptied, and nothing else; archiving is for good.")
	r.Call("POST", memstore1+"/archive", "")
	r.Call("POST", memstore1+"/archive", "")
	r.Call("POST", memstore1, `{}`)
	r.Call("POST", memstore1+"/memories", `{"path":"/c.md","content":""}`)
	r.Call("POST", memory1, `{"content":"other"}`)
	r.Call("GET", memory1, "")
	r.Call("DELETE", memory1, "")
	r.Call("POST", version1+"/redact", "")
	r.Call("GET", "/v1/memory_stores", "")
	r.Call("GET", "/v1/memory_stores?include_archived=true", "")
	r.Say("A delete takes memories and versions with it.")
	r.Call("DELETE", memstore1, "")
	r.Call("GET", memstore1, "")
	r.Call("GET", memory1, "")
	r.Call("GET", memstore1+"/memories", "")
	r.Call("GET", memstore1+"/memory_versions", "")
	r.Call("GET", version1, "")
	r.Compare(t, "memory_store_life")
}

func TestMemoryLife(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/memory_stores", `{"name":"Notes"}`)
	r := s.Transcript()
	r.Call("POST", memstore1+"/memories", `{"path":"/notes/todo.md","content":"one"}`)
	r.Call("POST", memstore1+"/memories?view=full", `{"path":"/notes/empty","content":""}`)
	r.Say("A create never replaces: not a memory, not a directory, not what lies below.")
	r.Call("POST", memstore1+"/memories", `{"path":"/notes/todo.md","content":"one"}`)
	r.Call("POST", memstore1+"/memories", `{"path":"/notes","content":"x"}`)
	r.Call("POST", memstore1+"/memories", `{"path":"/notes/empty/x","content":"x"}`)
	s.Clock.Advance(time.Second)
	r.Say("Content and path change under one id.")
	r.Call("POST", memory1+"?view=full", `{"content":"two","path":"/done.md","precondition":{"type":"content_sha256","content_sha256":"`+memory.Sum("one")+`"}}`)
	r.Say("The same again, after a lost answer, is fine; another change on the old state is not.")
	r.Call("POST", memory1, `{"content":"two","path":"/done.md","precondition":{"type":"content_sha256","content_sha256":"`+memory.Sum("one")+`"}}`)
	r.Call("POST", memory1, `{"content":"three","precondition":{"type":"content_sha256","content_sha256":"`+memory.Sum("one")+`"}}`)
	r.Call("POST", memory1, `{"path":"/notes/empty"}`)
	r.Call("PATCH", memory1, `{"path":"/done.md/deeper"}`)
	r.Call("GET", memory1, "")
	r.Call("GET", memory1+"?view=basic", "")
	r.Say("The present content can't be redacted, an older one can, once.")
	r.Call("POST", memstore1+"/memory_versions/memver_000000000000000000000004/redact", "")
	s.Clock.Advance(time.Second)
	r.Call("POST", version1+"/redact", "")
	s.Clock.Advance(time.Second)
	r.Call("POST", version1+"/redact", "")
	r.Call("DELETE", memory1+"?expected_content_sha256="+memory.Sum("one"), "")
	r.Call("DELETE", memory1+"?expected_content_sha256="+memory.Sum("two"), "")
	r.Call("DELETE", memory1, "")
	r.Say("Versions outlive their memory, the newest first.")
	r.Call("GET", memstore1+"/memory_versions?view=full&memory_id=mem_000000000000000000000001", "")
	r.Call("GET", memstore1+"/memory_versions?operation=deleted", "")
	r.Call("GET", version1+"?view=basic", "")
	r.Compare(t, "memory_life")
}

func TestMemoryRefusals(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/memory_stores", `{"name":"Notes"}`)
	s.Call("POST", "/v1/memory_stores", `{"name":"Others"}`)
	s.Call("POST", memstore1+"/memories", `{"path":"/a","content":"x"}`)
	const other = "/v1/memory_stores/memstore_000000000000000000000002"
	for _, c := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"POST", "/v1/memory_stores", `{}`, 400, "name: field required"},
		{"POST", "/v1/memory_stores", `{"name":"a","type":"memory_store"}`, 400, "type: unknown field"},
		{"POST", "/v1/memory_stores/memstore_x", `{}`, 404, "Memory store `memstore_x` not found."},
		{"GET", "/v1/memory_stores/memstore_x", ``, 404, "Memory store `memstore_x` not found."},
		{"GET", "/v1/memory_stores?limit=101", ``, 400, "limit: expected an integer from 1 to 100"},
		{"GET", "/v1/memory_stores?created_at[gte]=today", ``, 400, "created_at[gte]: expected a time"},
		{"POST", memstore1 + "/memories", `{"path":"/b"}`, 400, "content: field required"},
		{"POST", memstore1 + "/memories", `{"path":"/b/../c","content":""}`, 400, "path: a segment must not be"},
		{"POST", memstore1 + "/memories", `{"path":"/b","content":"` + strings.Repeat("x", 102_401) + `"}`, 400, "content: at most 102400 bytes"},
		{"POST", memstore1 + "/memories?view=all", `{"path":"/b","content":""}`, 400, "view: expected `basic` or `full`, not `all`"},
		{"POST", "/v1/memory_stores/memstore_x/memories", `{"path":"/b","content":""}`, 404, "Memory store `memstore_x` not found."},
		{"POST", memory1, `{}`, 400, "an update needs `content`, `path` or both"},
		{"POST", memstore1 + "/memories/mem_x", `{"content":""}`, 404, "Memory `mem_x` not found."},
		{"POST", strings.Replace(memory1, memstore1, other, 1), `{"content":""}`, 404, "Memory `mem_"},
		{"GET", strings.Replace(memory1, memstore1, other, 1), ``, 404, "Memory `mem_"},
		{"DELETE", strings.Replace(memory1, memstore1, other, 1), ``, 404, "Memory `mem_"},
		{"DELETE", memory1 + "?expected_content_sha256=abc", ``, 400, "expected_content_sha256: expected 64 lower-case"},
		{"GET", memory1 + "?view=", ``, 200, ""},
		{"GET", memstore1 + "/memories?path_prefix=/a", ``, 400, "path_prefix: must begin and end with `/`"},
		{"GET", memstore1 + "/memories?depth=2", ``, 400, "depth: expected an integer from 0 to 1"},
		{"GET", memstore1 + "/memories?depth=-1", ``, 400, "depth: expected an integer from 0 to 1"},
		{"GET", memstore1 + "/memories?limit=0", ``, 400, "limit: expected"},
		{"GET", memstore1 + "/memories?page=x", ``, 400, "page: not a cursor"},
		{"GET", memstore1 + "/memories?order=desc&order_by=created_at", ``, 200, ""},
		{"GET", "/v1/memory_stores/memstore_x/memories", ``, 404, "Memory store `memstore_x` not found."},
		{"GET", memstore1 + "/memory_versions?operation=renamed", ``, 400, "operation: `renamed` is not one of"},
		{"GET", memstore1 + "/memory_versions/memver_x", ``, 404, "Memory version `memver_x` not found."},
		{"GET", strings.Replace(version1, memstore1, other, 1), ``, 404, "Memory version `memver_"},
		{"POST", strings.Replace(version1, memstore1, other, 1) + "/redact", ``, 404, "Memory version `memver_"},
	} {
		got := s.Call(c.method, c.path, c.body)
		if c.status == 200 {
			if got.Status != 200 {
				t.Errorf("%s %s: %d %s", c.method, c.path, got.Status, got.Body)
			}
			continue
		}
		got.Refused(t, c.status, map[int]string{400: "invalid_request_error", 404: "not_found_error"}[c.status], c.message)
	}
}

// Conflicts have their own shapes and are not worth a retry.
func TestMemoryConflictBodies(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/memory_stores", `{"name":"Notes"}`)
	s.Call("POST", memstore1+"/memories", `{"path":"/a/b","content":"x"}`)
	for body, want := range map[string]string{
		`{"path":"/a/b","content":"y"}`:   `"error":{"type":"memory_path_conflict_error","message":"path ` + "`/a/b`" + ` is already in use","conflicting_memory_id":"mem_000000000000000000000001","conflicting_path":"/a/b"}`,
		`{"path":"/a","content":"y"}`:     `"conflicting_memory_id":"mem_000000000000000000000001","conflicting_path":"/a/b"}`,
		`{"path":"/a/b/c","content":"y"}`: `"conflicting_memory_id":"mem_000000000000000000000001","conflicting_path":"/a/b"}`,
	} {
		if got := s.Call("POST", memstore1+"/memories", body); got.Status != 409 || !strings.Contains(got.Body, want) || got.Header.Get("x-should-retry") != "false" {
			t.Errorf("%s: %d %s", body, got.Status, got.Body)
		}
	}
	got := s.Call("DELETE", memory1+"?expected_content_sha256="+memory.Sum("y"), "")
	if got.Status != 409 || got.Error(t).Type != "memory_precondition_failed_error" || strings.Contains(got.Body, "conflicting") || got.Header.Get("x-should-retry") != "false" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

func TestMemoryBetas(t *testing.T) {
	s := apitest.Start(t)
	for header, want := range map[string]int{
		"agent-memory-2026-07-22":                           200,
		"managed-agents-2026-04-01":                         200,
		"files-api-2025-04-14,agent-memory-2026-07-22":      200,
		"managed-agents-2026-04-01,agent-memory-2026-07-22": 400,
		"":                     404,
		"files-api-2025-04-14": 404,
	} {
		if got := s.Call("GET", "/v1/memory_stores", "", "anthropic-beta: "+header); got.Status != want {
			t.Errorf("%q: %d %s", header, got.Status, got.Body)
		}
	}
	if got := s.Call("GET", "/v1/agents", "", "anthropic-beta: agent-memory-2026-07-22"); got.Status != 404 {
		t.Errorf("the beta opens agents: %s", got.Body)
	}
	if got := s.Call("GET", "/v1/agents", "", "anthropic-beta: managed-agents-2026-04-01, agent-memory-2026-07-22"); got.Status != 200 {
		t.Errorf("both close agents: %s", got.Body)
	}
}

func TestListMemories(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/memory_stores", `{"name":"Notes"}`)
	for _, p := range []string{"/a.md", "/a/b", "/a/c/d", "/a/c/e", "/b/x", "/z", "/ä"} {
		apitest.JSON[any](t, s.Call("POST", memstore1+"/memories", fmt.Sprintf(`{"path":%q,"content":%q}`, p, "in "+p)))
	}
	type page struct {
		Data []struct {
			ID, Type, Path string
			Content        *string
			SHA            string `json:"content_sha256"`
		}
		Next *string `json:"next_page"`
	}
	for query, want := range map[string]string{
		"":                            "/a.md /a/b /a/c/d /a/c/e /b/x /z /ä",
		"path_prefix=/":               "/a.md /a/b /a/c/d /a/c/e /b/x /z /ä",
		"path_prefix=/a/":             "/a/b /a/c/d /a/c/e",
		"path_prefix=/none/":          "",
		"depth=0":                     "/a.md /a/b /a/c/d /a/c/e /b/x /z /ä",
		"depth=1":                     "/a.md /a/ /b/ /z /ä",
		"depth=1&path_prefix=/":       "/a.md /a/ /b/ /z /ä",
		"depth=1&path_prefix=/a/":     "/a/b /a/c/",
		"depth=1&view=full":           "/a.md /a/ /b/ /z /ä",
		"view=full&path_prefix=/a/c/": "/a/c/d /a/c/e",
	} {
		for limit := 1; limit <= 8; limit++ {
			var got []string
			cursor := ""
			for {
				p := apitest.JSON[page](t, s.Call("GET", fmt.Sprintf("%s/memories?limit=%d&%s%s", memstore1, limit, query, cursor), ""))
				if len(p.Data) > limit || len(p.Data) == 0 && p.Next != nil {
					t.Fatalf("limit %d: %+v", limit, p)
				}
				for _, item := range p.Data {
					got = append(got, item.Path)
					isMemory, full := item.Type == "memory", strings.Contains(query, "view=full")
					if isMemory != !strings.HasSuffix(item.Path, "/") || isMemory != (item.ID != "") || isMemory && item.SHA == "" {
						t.Errorf("%s: %+v", query, item)
					}
					if (item.Content != nil) != (full && isMemory) || item.Content != nil && *item.Content != "in "+item.Path {
						t.Errorf("%s: content of %s: %v", query, item.Path, item.Content)
					}
				}
				if p.Next == nil {
					break
				}
				cursor = "&page=" + *p.Next
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s, limit %d:\ngot  %s\nwant %s", query, limit, got, want)
			}
		}
	}
}

// Pages with contents are short, whatever is asked for.
func TestFullPagesAreClamped(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/memory_stores", `{"name":"Notes"}`)
	for i := range 23 {
		s.Call("POST", memstore1+"/memories", fmt.Sprintf(`{"path":"/%02d","content":"x"}`, i))
	}
	type page struct {
		Data []struct{ Content *string }
		Next *string `json:"next_page"`
	}
	for path, want := range map[string]int{
		"/memories?limit=100&view=full":         20,
		"/memories?limit=100&view=full&depth=1": 20,
		"/memories?limit=100":                   23,
		"/memories":                             20,
		"/memories?limit=5&view=full":           5,
		"/memory_versions?limit=100&view=full":  20,
		"/memory_versions?limit=100":            23,
	} {
		p := apitest.JSON[page](t, s.Call("GET", memstore1+path, ""))
		if len(p.Data) != want || (p.Next != nil) != (want < 23) || (p.Data[0].Content != nil) != strings.Contains(path, "full") {
			t.Errorf("%s: %d items, next %v", path, len(p.Data), p.Next)
		}
	}
}

func TestListMemoryVersions(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/memory_stores", `{"name":"Notes"}`)
	start := s.Clock.Now()
	apitest.JSON[any](t, s.Call("POST", memstore1+"/memories", `{"path":"/a","content":"1"}`))
	s.Clock.Advance(time.Hour)
	apitest.JSON[any](t, s.Call("POST", memory1, `{"content":"2"}`, "x-api-key: "+apitest.OtherKey))
	err := s.Deps.DB.Update(t.Context(), func(tx store.Tx) error {
		w, err := s.Deps.Memories.Open(tx, strings.TrimPrefix(memstore1, "/v1/memory_stores/"), wire.SessionActor("sesn_1"))
		if err == nil {
			_, err = w.Create("/b", "3")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	type version struct {
		Path      string
		CreatedBy struct {
			Type, APIKeyID, SessionID string
		} `json:"created_by"`
	}
	all := apitest.JSON[struct {
		Data []struct {
			ID string
			By wire.Actor `json:"created_by"`
		}
	}](t, s.Call("GET", memstore1+"/memory_versions", ""))
	if len(all.Data) != 3 || all.Data[2].By.APIKeyID == all.Data[1].By.APIKeyID && all.Data[0].By.APIKeyID == "" {
		t.Fatalf("%+v", all)
	}
	keys := map[string]string{}
	for _, v := range all.Data {
		keys[v.ID[len(v.ID)-1:]] = v.By.APIKeyID
	}
	if keys["1"] == "" || keys["2"] == "" || keys["1"] == keys["2"] || strings.Contains(keys["1"], apitest.Key) {
		t.Errorf("keys %v", keys)
	}
	for query, want := range map[string]int{
		"memory_id=mem_000000000000000000000001":                         2,
		"memory_id=mem_none":                                             0,
		"operation=created":                                              2,
		"operation=created&session_id=sesn_1":                            1,
		"session_id=sesn_1":                                              1,
		"session_id=sesn_2":                                              0,
		"api_key_id=" + keys["1"]:                                        1,
		"api_key_id=" + keys["2"]:                                        1,
		"api_key_id=" + keys["2"] + "&session_id=sesn_1":                 0,
		"service_account_id=sa_1":                                        0,
		"created_at[gte]=" + start.Add(time.Minute).Format(time.RFC3339): 2,
		"created_at[lte]=" + start.Format(time.RFC3339):                  1,
	} {
		got := apitest.JSON[struct{ Data []version }](t, s.Call("GET", memstore1+"/memory_versions?"+query, ""))
		if len(got.Data) != want {
			t.Errorf("%s: %+v, want %d", query, got.Data, want)
		}
	}
}

func TestStoreIsFull(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/memory_stores", `{"name":"Notes"}`)
	err := s.Deps.DB.Update(t.Context(), func(tx store.Tx) error {
		w, err := s.Deps.Memories.Open(tx, strings.TrimPrefix(memstore1, "/v1/memory_stores/"), wire.SessionActor("sesn_1"))
		for i := 0; i < memory.MaxMemories && err == nil; i++ {
			_, err = w.Create(fmt.Sprintf("/%d", i), "x")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Call("POST", memstore1+"/memories", `{"path":"/more","content":""}`).Refused(t, 400, "invalid_request_error", "the memory store holds 10000 memories")
	if got := s.Call("POST", memory1, `{"content":"still"}`); got.Status != 200 {
		t.Errorf("an update: %s", got.Body)
	}
	s.Call("DELETE", memory1, "")
	if got := s.Call("POST", memstore1+"/memories", `{"path":"/more","content":""}`); got.Status != 200 {
		t.Errorf("after a delete: %s", got.Body)
	}
}

func TestVersionsArePruned(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/memory_stores", `{"name":"Notes"}`)
	s.Call("POST", memstore1+"/memories", `{"path":"/quiet","content":"x"}`)
	s.Call("POST", memstore1+"/memories", `{"path":"/busy","content":"0"}`)
	busy := memstore1 + "/memories/mem_000000000000000000000002"
	for i := range 30 {
		s.Call("POST", busy, fmt.Sprintf(`{"content":"%d"}`, i+1))
	}
	count := func(want int) {
		t.Helper()
		if err := s.Deps.Memories.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := apitest.JSON[struct{ Data []any }](t, s.Call("GET", memstore1+"/memory_versions?limit=100", ""))
		if len(got.Data) != want {
			t.Errorf("%d versions, want %d", len(got.Data), want)
		}
	}
	s.Clock.Advance(memory.Retention - time.Hour)
	count(32)
	s.Call("POST", busy, `{"content":"late"}`)
	s.Clock.Advance(2 * time.Hour)
	count(21) // the quiet one, and the newest 20 of the busy one
	if got := s.Call("GET", memory1, ""); got.Status != 200 || !strings.Contains(got.Body, `"content":"x"`) {
		t.Errorf("the quiet one: %s", got.Body)
	}
}

func TestSessionsHaveMemoryStores(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/agents", `{"name":"a","model":"claude-opus-5-5"}`)
	s.Call("POST", "/v1/environments", `{"name":"e"}`)
	for _, name := range []string{"Demo Memory", "demo memory", "Archived"} {
		s.Call("POST", "/v1/memory_stores", `{"name":"`+name+`","description":"About `+name+`"}`)
	}
	const id1, id2, gone = "memstore_000000000000000000000001", "memstore_000000000000000000000002", "memstore_000000000000000000000003"
	s.Call("POST", "/v1/memory_stores/"+gone+"/archive", "")
	create := func(resources string) apitest.Answer {
		return s.Call("POST", "/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q,"resources":[%s]}`, agent1, env1, resources))
	}
	res := func(id, more string) string {
		return `{"type":"memory_store","memory_store_id":"` + id + `"` + more + `}`
	}
	type session struct {
		ID        string
		Resources []map[string]any
	}
	got := apitest.JSON[session](t, create(res(id1, "")+","+res(id2, `,"access":"read_only","instructions":"Look."`)))
	want := `[map[access:read_write description:About Demo Memory instructions:<nil> memory_store_id:` + id1 + ` mount_path:/mnt/memory/demo-memory name:Demo Memory type:memory_store]` +
		` map[access:read_only description:About demo memory instructions:Look. memory_store_id:` + id2 + ` mount_path:/mnt/memory/demo-memory-2 name:demo memory type:memory_store]]`
	if fmt.Sprint(got.Resources) != want {
		t.Errorf("got  %v\nwant %s", got.Resources, want)
	}
	s.Call("POST", "/v1/memory_stores/"+id1, `{"name":"Renamed","description":""}`)
	if again := apitest.JSON[session](t, s.Call("GET", "/v1/sessions/"+got.ID, "")); fmt.Sprint(again.Resources) != want {
		t.Errorf("after a rename: %v", again.Resources)
	}
	if list := apitest.JSON[struct{ Data []map[string]any }](t, s.Call("GET", "/v1/sessions/"+got.ID+"/resources", "")); fmt.Sprint(list.Data) != want {
		t.Errorf("listed: %v", list.Data)
	}

	create(res("memstore_none", "")).Refused(t, 400, "invalid_request_error", "resources[0].memory_store_id: no memory store `memstore_none`")
	create(res(id1, "")+","+res(gone, "")).Refused(t, 400, "invalid_request_error", "resources[1].memory_store_id: memory store `"+gone+"` is archived")
	create(res(id1, "")+","+res(id1, "")).Refused(t, 400, "invalid_request_error", "resources[1].memory_store_id: memory store `"+id1+"` is attached at resources[0] already")
	s.Call("POST", "/v1/sessions/"+got.ID+"/resources", res(id2, "")).Refused(t, 400, "invalid_request_error", "type: only a `file` can be added")

	create("")
	listed := func(query string) int {
		t.Helper()
		return len(apitest.JSON[struct{ Data []any }](t, s.Call("GET", "/v1/sessions?"+query, "")).Data)
	}
	if a, b, c, d := listed(""), listed("memory_store_id="+id2), listed("memory_store_id="+gone), listed("memory_store_id=x"); a != 2 || b != 1 || c != 0 || d != 0 {
		t.Errorf("listed: %d %d %d %d", a, b, c, d)
	}
	// A session outlives its stores, and stores outlive their sessions.
	s.Call("DELETE", "/v1/memory_stores/"+id1, "")
	if again := apitest.JSON[session](t, s.Call("GET", "/v1/sessions/"+got.ID, "")); fmt.Sprint(again.Resources) != want {
		t.Errorf("after the store went: %v", again.Resources)
	}
	apitest.JSON[any](t, s.Call("DELETE", "/v1/sessions/"+got.ID, ""))
	apitest.JSON[any](t, s.Call("GET", "/v1/memory_stores/"+id2, ""))
	if n := listed("memory_store_id=" + id2); n != 0 {
		t.Errorf("%d sessions after the delete", n)
	}
}
