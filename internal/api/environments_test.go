package api_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

const env1 = "env_000000000000000000000001"

func TestEnvironmentLife(t *testing.T) {
	s := apitest.Start(t)
	r := s.Transcript()
	r.Say("A cloud environment without a config is unrestricted and has no packages.")
	r.Call("POST", "/v1/environments", `{"name":"py"}`)
	s.Clock.Advance(time.Minute)
	r.Say("An update changes what it names; a blank metadata value deletes.")
	r.Call("POST", "/v1/environments/"+env1, `{"description":"","metadata":{"a":"1","b":"2"},"config":{"type":"cloud","networking":{"type":"limited","allowed_hosts":["api.example.com","*.example.org"],"allow_package_managers":true},"packages":{"pip":["pandas==2.2.0"]}}}`)
	s.Clock.Advance(time.Minute)
	r.Call("POST", "/v1/environments/"+env1, `{"metadata":{"a":""},"config":{"type":"cloud","networking":{"type":"limited","allow_mcp_servers":true},"packages":{"npm":["express@4"]}}}`)
	s.Clock.Advance(time.Minute)
	r.Say("An update that changes nothing leaves updated_at alone.")
	r.Call("POST", "/v1/environments/"+env1, `{"name":"py","config":{"type":"cloud","networking":{"type":"limited"}}}`)
	r.Say("The merged config is checked.")
	r.Call("POST", "/v1/environments/"+env1, `{"config":{"type":"cloud","networking":{"type":"limited","allow_package_managers":false}}}`)
	r.Call("POST", "/v1/environments/"+env1, `{"config":{"type":"self_hosted"}}`)
	r.Say("Names are unique; clients are told not to try again.")
	r.Call("POST", "/v1/environments", `{"name":"py"}`)
	r.Call("POST", "/v1/environments", `{"name":"mine","config":{"type":"self_hosted"}}`)
	r.Call("POST", "/v1/environments/env_000000000000000000000003", `{"name":"py"}`)
	r.Say("Archiving is for good and may be repeated.")
	r.Call("POST", "/v1/environments/"+env1+"/archive", "")
	s.Clock.Advance(time.Minute)
	r.Call("POST", "/v1/environments/"+env1+"/archive", "")
	r.Call("POST", "/v1/environments/"+env1, `{}`)
	r.Call("GET", "/v1/environments", "")
	r.Say("An archived environment can be deleted.")
	r.Call("DELETE", "/v1/environments/"+env1, "")
	r.Call("DELETE", "/v1/environments/"+env1, "")
	r.Call("GET", "/v1/environments?include_archived=true", "")
	r.Compare(t, "environment_life")
}

func TestEnvironmentRefusals(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/environments", `{"name":"one"}`)
	for _, c := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"POST", "/v1/environments", `{}`, 400, "name: field required"},
		{"POST", "/v1/environments", `{"name":"` + strings.Repeat("é", 257) + `"}`, 400, "name: at most 256 characters"},
		{"POST", "/v1/environments", `{"name":"a","description":"` + strings.Repeat("é", 1025) + `"}`, 400, "description: at most 1024 characters"},
		{"POST", "/v1/environments", `{"name":"a","scope":"account"}`, 400, "scope: `account` is not available"},
		{"POST", "/v1/environments", `{"name":"a","config":{"type":"docker"}}`, 400, "config.type: `docker` is not one of `cloud`, `self_hosted`"},
		{"POST", "/v1/environments", `{"name":"a","config":{"type":"self_hosted","networking":{"type":"unrestricted"}}}`, 400, "config.networking: unknown field"},
		{"POST", "/v1/environments", `{"name":"a","config":{"type":"cloud","networking":{"type":"unrestricted","allowed_hosts":[]}}}`, 400, "config.networking.allowed_hosts: unknown field"},
		{"POST", "/v1/environments", `{"name":"a","config":{"type":"cloud","networking":{"type":"limited","allowed_hosts":["https://a.com"]}}}`, 400, "config.networking.allowed_hosts[0]: "},
		{"POST", "/v1/environments", `{"name":"a","config":{"type":"cloud","packages":{"brew":["x"]}}}`, 400, "config.packages.brew: unknown field"},
		{"POST", "/v1/environments/" + env1, `{"name":""}`, 400, "name: must not be empty"},
		{"POST", "/v1/environments/env_none", `{"name":"a"}`, 404, "Environment `env_none` not found."},
		{"POST", "/v1/environments/env_none/archive", ``, 404, "Environment `env_none` not found."},
		{"GET", "/v1/environments/env_none", ``, 404, "Environment `env_none` not found."},
		{"DELETE", "/v1/environments/env_none", ``, 404, "Environment `env_none` not found."},
		{"GET", "/v1/environments?limit=1001", ``, 400, "limit: expected an integer from 1 to 1000"},
		{"GET", "/v1/environments/" + env1 + "/work", ``, 404, "no endpoint at"},
		{"GET", "/v1/environments/" + env1 + "/work/poll", ``, 404, "no endpoint at"},
	} {
		typ := map[int]string{400: "invalid_request_error", 404: "not_found_error"}[c.status]
		s.Call(c.method, c.path, c.body).Refused(t, c.status, typ, c.message)
	}
	if a := s.Call("GET", "/v1/environments?limit=1000", ""); a.Status != 200 {
		t.Errorf("limit 1000: %d", a.Status)
	}
}

func TestEnvironmentInUseStays(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/environments", `{"name":"one"}`)
	err := s.Deps.DB.Update(t.Context(), func(tx store.Tx) error {
		return store.InsertSession(tx, &store.Session{ID: "sesn_1", EnvironmentID: env1, Status: wire.Idle}, store.SessionDoc{})
	})
	if err != nil {
		t.Fatal(err)
	}
	a := s.Call("DELETE", "/v1/environments/"+env1, "")
	a.Refused(t, 409, "conflict_error", "Environment `"+env1+"` is used by sessions")
	if a.Header.Get("x-should-retry") != "false" {
		t.Error("clients would retry")
	}
	if a := s.Call("GET", "/v1/environments/"+env1, ""); a.Status != 200 {
		t.Errorf("it is gone: %d", a.Status)
	}
}

// Of environments made with one name at the same time, one is made.
func TestNamesAreUniqueUnderRaces(t *testing.T) {
	s := apitest.Start(t)
	statuses := make([]int, 8)
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() { statuses[i] = s.Call("POST", "/v1/environments", `{"name":"one"}`).Status })
	}
	wg.Wait()
	made := 0
	for _, status := range statuses {
		if status == 200 {
			made++
		} else if status != 409 {
			t.Errorf("status %d", status)
		}
	}
	if made != 1 {
		t.Errorf("%d were made", made)
	}
}
