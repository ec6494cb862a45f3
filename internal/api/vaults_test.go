package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/apitest"
)

const (
	vault1 = "vlt_000000000000000000000001"
	vault2 = "vlt_000000000000000000000002"
)

func TestVaultLife(t *testing.T) {
	s := apitest.Start(t)
	r := s.Transcript()
	r.Call("POST", "/v1/vaults", `{"display_name":"Alice","metadata":{"user":"u_1"}}`)
	s.Clock.Advance(time.Minute)
	r.Say("An update merges metadata; null deletes a key, and an empty string is a value.")
	r.Call("POST", "/v1/vaults/"+vault1, `{"metadata":{"user":null,"team":"core","note":""}}`)
	s.Clock.Advance(time.Minute)
	r.Say("An update that changes nothing leaves updated_at alone.")
	r.Call("POST", "/v1/vaults/"+vault1, `{"display_name":"Alice","metadata":{"none":null}}`)
	r.Call("POST", "/v1/vaults/"+vault1, `{"display_name":"Alice's keys"}`)
	r.Call("GET", "/v1/vaults/"+vault1, "")
	r.Call("POST", "/v1/vaults/"+vault1+"/credentials", `{"auth":{"type":"static_bearer","mcp_server_url":"https://mcp.example.com/","token":"tok"}}`)
	s.Clock.Advance(time.Minute)
	r.Say("Archiving archives the credentials too, is for good and may be repeated.")
	r.Call("POST", "/v1/vaults/"+vault1+"/archive", "")
	s.Clock.Advance(time.Minute)
	r.Call("POST", "/v1/vaults/"+vault1+"/archive", "")
	r.Call("GET", "/v1/vaults/"+vault1+"/credentials?include_archived=true", "")
	r.Call("POST", "/v1/vaults/"+vault1, `{}`)
	r.Call("POST", "/v1/vaults/"+vault1+"/credentials", `{"auth":{"type":"static_bearer","mcp_server_url":"https://mcp.example.com/","token":"tok"}}`)
	r.Call("GET", "/v1/vaults", "")
	r.Say("A delete takes everything with it, and leaves no record.")
	r.Call("DELETE", "/v1/vaults/"+vault1, "")
	r.Call("DELETE", "/v1/vaults/"+vault1, "")
	r.Call("GET", "/v1/vaults/"+vault1+"/credentials/"+credential1, "")
	r.Call("GET", "/v1/vaults?include_archived=true", "")
	r.Compare(t, "vault_life")
}

func TestVaultRefusals(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/vaults", `{"display_name":"one"}`)
	for _, c := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"POST", "/v1/vaults", `{}`, 400, "display_name: field required"},
		{"POST", "/v1/vaults", ``, 400, ""},
		{"POST", "/v1/vaults", `{"display_name":""}`, 400, "display_name: must not be empty"},
		{"POST", "/v1/vaults", `{"display_name":"` + strings.Repeat("é", 256) + `"}`, 400, "display_name: at most 255 characters"},
		{"POST", "/v1/vaults", `{"display_name":"a","credentials":[]}`, 400, "credentials: unknown field"},
		{"POST", "/v1/vaults/" + vault1, `{"display_name":""}`, 400, "display_name: must not be empty"},
		{"POST", "/v1/vaults/" + vault1, `{"archived_at":null}`, 400, "archived_at: unknown field"},
		{"POST", "/v1/vaults/vlt_none", `{"display_name":"a"}`, 404, "Vault `vlt_none` not found."},
		{"POST", "/v1/vaults/vlt_none/archive", ``, 404, "Vault `vlt_none` not found."},
		{"GET", "/v1/vaults/vlt_none", ``, 404, "Vault `vlt_none` not found."},
		{"DELETE", "/v1/vaults/vlt_none", ``, 404, "Vault `vlt_none` not found."},
		{"GET", "/v1/vaults?limit=0", ``, 400, "limit: expected an integer from 1 to 100"},
		{"GET", "/v1/vaults?limit=101", ``, 400, "limit: expected an integer from 1 to 100"},
		{"GET", "/v1/vaults?include_archived=yes", ``, 400, "include_archived: expected true or false"},
		{"GET", "/v1/vaults?page=x", ``, 400, "page: "},
	} {
		typ := map[int]string{400: "invalid_request_error", 404: "not_found_error"}[c.status]
		s.Call(c.method, c.path, c.body).Refused(t, c.status, typ, c.message)
	}
}

func TestSessionsNameVaults(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/agents", `{"name":"a","model":"claude-opus-5-5"}`)
	s.Call("POST", "/v1/environments", `{"name":"e"}`)
	for range 3 {
		s.Call("POST", "/v1/vaults", `{"display_name":"v"}`)
	}
	const archived = "vlt_000000000000000000000003"
	s.Call("POST", "/v1/vaults/"+archived+"/archive", "")
	create := func(ids ...string) apitest.Answer {
		list := ""
		if len(ids) > 0 {
			list = `"` + strings.Join(ids, `","`) + `"`
		}
		return s.Call("POST", "/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q,"vault_ids":[%s]}`, agent1, env1, list))
	}
	type session struct {
		ID       string
		VaultIDs []string `json:"vault_ids"`
	}
	if got := apitest.JSON[session](t, create()); got.VaultIDs == nil || len(got.VaultIDs) != 0 {
		t.Errorf("no vaults: %v", got.VaultIDs)
	}
	got := apitest.JSON[session](t, create(vault2, vault1))
	if fmt.Sprint(got.VaultIDs) != fmt.Sprint([]string{vault2, vault1}) {
		t.Errorf("vaults: %v", got.VaultIDs)
	}
	if read := apitest.JSON[session](t, s.Call("GET", "/v1/sessions/"+got.ID, "")); fmt.Sprint(read.VaultIDs) != fmt.Sprint(got.VaultIDs) {
		t.Errorf("read again: %v", read.VaultIDs)
	}

	create("vlt_none").Refused(t, 400, "invalid_request_error", "vault_ids[0]: no vault `vlt_none`")
	create(vault1, archived).Refused(t, 400, "invalid_request_error", "vault_ids[1]: vault `"+archived+"` is archived")
	create(vault1, vault2, vault1).Refused(t, 400, "invalid_request_error", "vault_ids[2]: vault `"+vault1+"` is named at vault_ids[0] already")
	create(strings.Split(strings.Repeat("vlt_x ", 51), " ")[:51]...).Refused(t, 400, "invalid_request_error", "vault_ids: at most 50 vaults, got 51")
	s.Call("POST", "/v1/sessions/"+got.ID, `{"vault_ids":["`+vault1+`"]}`).Refused(t, 400, "invalid_request_error", "vault_ids: ")

	// The session outlives its vaults and still tells which they were.
	s.Call("POST", "/v1/vaults/"+vault1+"/archive", "")
	s.Call("DELETE", "/v1/vaults/"+vault2, "")
	if read := apitest.JSON[session](t, s.Call("GET", "/v1/sessions/"+got.ID, "")); fmt.Sprint(read.VaultIDs) != fmt.Sprint(got.VaultIDs) {
		t.Errorf("after the vaults went: %v", read.VaultIDs)
	}
}
