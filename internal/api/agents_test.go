package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/wire"
)

const agent1 = "agent_000000000000000000000001"

func TestAgentLife(t *testing.T) {
	s := apitest.Start(t)
	r := s.Transcript()
	r.Say("An agent is resolved: every default is filled in.")
	r.Call("POST", "/v1/agents", `{"name":"fixer","model":"claude-opus-5-5","tools":[{"type":"agent_toolset_20260401","configs":[{"name":"bash","permission_policy":{"type":"always_ask"}},{"name":"web_fetch"}]}]}`)
	s.Clock.Advance(time.Minute)
	r.Say("An update that changes something makes a version.")
	r.Call("POST", "/v1/agents/"+agent1, `{"version":1,"system":"Fix tests.","metadata":{"team":"core"}}`)
	s.Clock.Advance(time.Minute)
	r.Say("One that changes nothing doesn't, and leaves updated_at alone.")
	r.Call("POST", "/v1/agents/"+agent1, `{"system":"Fix tests.","metadata":{"none":null}}`)
	r.Say("A version that is not the newest is refused, even if nothing would change.")
	r.Call("POST", "/v1/agents/"+agent1, `{"version":1,"system":"Fix tests."}`)
	r.Say("The resulting configuration is checked, not only what changes.")
	r.Call("POST", "/v1/agents/"+agent1, `{"mcp_servers":[{"type":"url","name":"docs","url":"https://docs.example/mcp"}]}`)
	r.Call("GET", "/v1/agents/"+agent1+"?version=1", "")
	r.Call("GET", "/v1/agents/"+agent1+"?version=3", "")
	r.Call("GET", "/v1/agents/"+agent1+"/versions", "")
	s.Clock.Advance(time.Minute)
	r.Say("Archiving is for good, makes no version, and may be repeated.")
	r.Call("POST", "/v1/agents/"+agent1+"/archive", "")
	s.Clock.Advance(time.Minute)
	first := r.Call("POST", "/v1/agents/"+agent1+"/archive", "{}")
	r.Call("POST", "/v1/agents/"+agent1, `{"name":"other"}`)
	r.Call("GET", "/v1/agents", "")
	r.Call("GET", "/v1/agents?include_archived=true", "")
	r.Compare(t, "agent_life")
	if got := s.Call("GET", "/v1/agents/"+agent1, ""); got.Body != first.Body {
		t.Errorf("read after archive: %s", got.Body)
	}
}

func TestAgentRefusals(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/agents", `{"name":"a","model":"claude-opus-5-5"}`)
	for _, c := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"POST", "/v1/agents", `{}`, 400, "name: field required"},
		{"POST", "/v1/agents", `{"name":"a","model":"m","color":"red"}`, 400, "color: unknown field"},
		{"POST", "/v1/agents", `{"name":"a","name":"b","model":"m"}`, 400, "name: the key appears more than once"},
		{"POST", "/v1/agents", `{"name":"a","model":"m"`, 400, "malformed JSON"},
		{"POST", "/v1/agents", ``, 400, "the request body is empty, expected a JSON object"},
		{"POST", "/v1/agents", `[]`, 400, "expected an object"},
		{"POST", "/v1/agents", `{"name":"a","model":{"id":"claude-haiku-4-5","effort":"low"}}`, 400, "model.effort: "},
		{"POST", "/v1/agents", `{"name":"a","model":{"id":"claude-haiku-4-5","speed":"fast"}}`, 400, "model.speed: "},
		{"POST", "/v1/agents", `{"name":"a","model":"m","tools":[{"type":"agent_toolset_20260401"},{"type":"bash"}]}`, 400, "tools[1].type: `bash` is not one of"},
		{"POST", "/v1/agents", `{"name":"a","model":"m","metadata":{"k":"` + strings.Repeat("v", 513) + `"}}`, 400, "metadata.k: at most 512 characters"},
		{"POST", "/v1/agents/agent_none", `{"name":"a"}`, 404, "Agent `agent_none` not found."},
		{"POST", "/v1/agents/agent_none/archive", ``, 404, "Agent `agent_none` not found."},
		{"GET", "/v1/agents/agent_none", ``, 404, "Agent `agent_none` not found."},
		{"GET", "/v1/agents/agent_none?version=1", ``, 404, "Agent `agent_none` not found."},
		{"GET", "/v1/agents/agent_none/versions", ``, 404, "Agent `agent_none` not found."},
		{"GET", "/v1/agents/a%2Fb%20c", ``, 404, "Agent `a/b c` not found."},
		{"GET", "/v1/agents/%FF", ``, 404, "Agent `\uFFFD` not found."},
		{"GET", "/v1/agents/" + agent1 + "?version=2", ``, 404, "Agent `" + agent1 + "` has no version 2."},
		{"GET", "/v1/agents/" + agent1 + "?version=0", ``, 400, "version: expected an integer"},
		{"GET", "/v1/agents/" + agent1 + "?version=x", ``, 400, "version: expected an integer"},
		{"GET", "/v1/agents?limit=0", ``, 400, "limit: expected an integer from 1 to 100"},
		{"GET", "/v1/agents?limit=101", ``, 400, "limit: expected an integer from 1 to 100"},
		{"GET", "/v1/agents?page=page_x", ``, 400, "page: not a cursor of this list"},
		{"GET", "/v1/agents?include_archived=yes", ``, 400, "include_archived: expected true or false"},
		{"GET", "/v1/agents?created_at[gte]=yesterday", ``, 400, "created_at[gte]: expected a time"},
		{"GET", "/v1/agents?page=%zz", ``, 400, "malformed query"},
	} {
		typ := map[int]string{400: "invalid_request_error", 404: "not_found_error"}[c.status]
		s.Call(c.method, c.path, c.body).Refused(t, c.status, typ, c.message)
	}
	details := s.Call("POST", "/v1/agents", `{"name":"a","model":"m","metadata":{"":""}}`).Error(t).Details
	if details["error_code"] != "invalid_metadata" {
		t.Errorf("details of refused metadata: %v", details)
	}
}

func TestAgentPages(t *testing.T) {
	s := apitest.Start(t)
	start := s.Clock.Now()
	for i := range 5 {
		s.Call("POST", "/v1/agents", fmt.Sprintf(`{"name":"a%d","model":"claude-opus-5-5"}`, i))
		s.Clock.Advance(time.Second)
	}
	list := func(query string) (names string, next string) {
		t.Helper()
		page := apitest.JSON[struct {
			Data []struct{ Name string }
			Next *string `json:"next_page"`
		}](t, s.Call("GET", "/v1/agents?"+query, ""))
		for _, a := range page.Data {
			names += a.Name
		}
		if page.Next != nil {
			next = *page.Next
		}
		return names, next
	}
	one, next := list("limit=2")
	two, next2 := list("limit=2&unknown=1&page=" + next)
	three, end := list("limit=2&page=" + next2)
	if got := one + " " + two + " " + three; got != "a4a3 a2a1 a0" || end != "" {
		t.Errorf("pages %s, then %q", got, end)
	}
	at := func(d time.Duration) string { return start.Add(d).Format(time.RFC3339Nano) }
	for query, want := range map[string]string{
		"created_at[gte]=" + at(2*time.Second):                                         "a4a3a2",
		"created_at%5Bgte%5D=" + at(2*time.Second+1):                                   "a4a3", // a nanosecond later
		"created_at[lte]=" + at(2*time.Second):                                         "a2a1a0",
		"created_at[lte]=" + at(2*time.Second-1):                                       "a1a0",
		"created_at[gte]=" + at(time.Second) + "&created_at[lte]=" + at(3*time.Second): "a3a2a1",
		"created_at[gte]=" + strings.Replace(at(4*time.Second), "Z", "%2B00:00", 1):    "a4",
		"created_at[gte]=" + at(time.Hour):                                             "",
	} {
		if got, _ := list(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	s.Call("GET", "/v1/agents?page="+next+"&created_at[lte]="+at(time.Second), "").
		Refused(t, 400, "invalid_request_error", "page: the cursor lies outside of the time window")
	s.Call("GET", "/v1/environments?page="+next, "").Refused(t, 400, "invalid_request_error", "page: not a cursor of this list")

	// Deleting nothing and adding at the front doesn't move what a cursor leads to.
	s.Call("POST", "/v1/agents", `{"name":"new","model":"claude-opus-5-5"}`)
	if again, _ := list("limit=2&page=" + next); again != two {
		t.Errorf("page two became %s", again)
	}
}

func TestVersionPages(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/agents", `{"name":"a","model":"claude-opus-5-5"}`)
	for i := range 4 {
		s.Call("POST", "/v1/agents/"+agent1, fmt.Sprintf(`{"name":"b%d"}`, i))
	}
	var got []string
	for query := "?limit=2"; query != ""; {
		page := apitest.JSON[struct {
			Data []struct {
				Name    string
				Version int
			}
			Next string `json:"next_page"`
		}](t, s.Call("GET", "/v1/agents/"+agent1+"/versions"+query, ""))
		for _, v := range page.Data {
			got = append(got, fmt.Sprint(v.Version, v.Name))
		}
		if query = ""; page.Next != "" {
			query = "?limit=2&page=" + page.Next
		}
	}
	if want := "5b3 4b2 3b1 2b0 1a"; strings.Join(got, " ") != want {
		t.Errorf("versions %v, want %s", got, want)
	}
}

// Of updates that name the same version, one wins.
func TestCompareAndSet(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/agents", `{"name":"a","model":"claude-opus-5-5"}`)
	for version := 1; version <= 5; version++ {
		statuses := make([]int, 8)
		var wg sync.WaitGroup
		for i := range statuses {
			wg.Go(func() {
				a := s.Call("POST", "/v1/agents/"+agent1, fmt.Sprintf(`{"version":%d,"name":"v%d by %d"}`, version, version, i))
				if statuses[i] = a.Status; a.Status == 409 && a.Header.Get("x-should-retry") != "false" {
					t.Error("a conflict that clients would retry")
				}
			})
		}
		wg.Wait()
		won := 0
		for _, status := range statuses {
			switch status {
			case http.StatusOK:
				won++
			case http.StatusConflict:
			default:
				t.Errorf("status %d", status)
			}
		}
		if won != 1 {
			t.Fatalf("version %d: %d updates won", version, won)
		}
	}
	if a := apitest.JSON[wire.Agent](t, s.Call("GET", "/v1/agents/"+agent1, "")); a.Version != 6 {
		t.Errorf("version %d, want 6", a.Version)
	}
}

// The clock may stand still or go back; a later version is never older.
func TestVersionsGrowOlderInOrder(t *testing.T) {
	s := apitest.Start(t, func(d *api.Deps) {
		start := d.Now()
		d.Now = func() time.Time { return start }
	})
	s.Call("POST", "/v1/agents", `{"name":"a","model":"claude-opus-5-5"}`)
	last := ""
	for i := range 3 {
		a := apitest.JSON[struct {
			Updated string `json:"updated_at"`
		}](t, s.Call("POST", "/v1/agents/"+agent1, fmt.Sprintf(`{"name":"b%d"}`, i)))
		if a.Updated <= last {
			t.Errorf("%s after %s", a.Updated, last)
		}
		last = a.Updated
	}
}
