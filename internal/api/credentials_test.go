package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/secret"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/vault"
)

const (
	credential1 = "vcrd_000000000000000000000001"
	credentials = "/v1/vaults/" + vault1 + "/credentials"
)

// bearerFor and variableNamed are bodies of creates.
func bearerFor(url string) string {
	return fmt.Sprintf(`{"auth":{"type":"static_bearer","mcp_server_url":%q,"token":"tok"}}`, url)
}

func variableNamed(name string) string {
	return fmt.Sprintf(`{"auth":{"type":"environment_variable","secret_name":%q,"secret_value":"val","networking":{"type":"unrestricted"}}}`, name)
}

func TestCredentialLife(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/vaults", `{"display_name":"Alice"}`)
	r := s.Transcript()
	r.Say("A variable: header only, for one host.")
	r.Call("POST", credentials, `{"display_name":"tickets","auth":{"type":"environment_variable","secret_name":"TICKETS_KEY","secret_value":"s3cr3t",`+
		`"networking":{"type":"limited","allowed_hosts":["api.tickets.test"]},"injection_location":{"header":true}}}`)
	s.Clock.Advance(time.Minute)
	r.Say("A new value changes updated_at and nothing that is shown; locations merge, networking is replaced.")
	r.Call("POST", credentials+"/"+credential1, `{"auth":{"type":"environment_variable","secret_value":"n3w"}}`)
	r.Call("POST", credentials+"/"+credential1, `{"auth":{"type":"environment_variable","injection_location":{"body":true},"networking":{"type":"unrestricted"}},"display_name":null}`)
	r.Say("Immutable fields, other types and explicit nulls are refused.")
	r.Call("POST", credentials+"/"+credential1, `{"auth":{"type":"environment_variable","secret_name":"TICKETS_KEY"}}`)
	r.Call("POST", credentials+"/"+credential1, `{"auth":{"type":"static_bearer","token":"x"}}`)
	r.Call("POST", credentials+"/"+credential1, `{"auth":{"type":"environment_variable","injection_location":{"header":null}}}`)
	s.Clock.Advance(time.Minute)
	r.Say("OAuth: a new access token keeps the expiry, a new client secret the stored type, whatever type it is sent with.")
	r.Call("POST", credentials, `{"auth":{"type":"mcp_oauth","mcp_server_url":"https://MCP.example.com:443/sse/","access_token":"acc","expires_at":"2026-10-01T12:00:00+02:00",`+
		`"refresh":{"token_endpoint":"https://auth.example.com/token","client_id":"cl","refresh_token":"ref","token_endpoint_auth":{"type":"client_secret_basic","client_secret":"cs"}}}}`)
	s.Clock.Advance(time.Minute)
	r.Call("POST", credentials+"/vcrd_000000000000000000000002", `{"auth":{"type":"mcp_oauth","access_token":"acc2","refresh":{"scope":"read","token_endpoint_auth":{"type":"client_secret_post","client_secret":"cs2"}}}}`)
	r.Say("The same server in another spelling and by another type is the same key.")
	r.Call("POST", credentials, bearerFor("https://mcp.example.com/sse"))
	r.Call("POST", credentials, variableNamed("TICKETS_KEY"))
	r.Call("POST", credentials, bearerFor("https://mcp.example.com/other"))
	r.Say("Newest first.")
	r.Call("GET", credentials+"?limit=2", "")
	s.Clock.Advance(time.Minute)
	r.Say("Archiving keeps the record and frees the key.")
	r.Call("POST", credentials+"/"+credential1+"/archive", "")
	s.Clock.Advance(time.Minute)
	r.Call("POST", credentials+"/"+credential1+"/archive", "")
	r.Call("POST", credentials+"/"+credential1, `{"display_name":"x"}`)
	r.Call("POST", credentials, variableNamed("TICKETS_KEY"))
	r.Call("GET", credentials+"/"+credential1, "")
	r.Call("DELETE", credentials+"/"+credential1, "")
	r.Call("DELETE", credentials+"/"+credential1, "")
	r.Compare(t, "credential_life")
}

func TestCredentialRefusals(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/vaults", `{"display_name":"one"}`)
	s.Call("POST", "/v1/vaults", `{"display_name":"two"}`)
	s.Call("POST", credentials, bearerFor("https://mcp.example.com"))
	other := "/v1/vaults/" + vault2 + "/credentials"
	for _, c := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"POST", credentials, `{}`, 400, "auth: field required"},
		{"POST", credentials, `{"auth":{"type":"basic"}}`, 400, "auth.type: `basic` is not one of"},
		{"POST", credentials, `{"auth":{"type":"static_bearer","mcp_server_url":"https://x.example","token":"t","scope":"x"}}`, 400, "auth.scope: unknown field"},
		{"POST", credentials, `{"auth":{"type":"mcp_oauth","mcp_server_url":"https://x.example","access_token":"t","expires_at":"2026-10-01T09:00:00Z"}}`, 400, "auth.expires_at: must be in the future"},
		{"POST", credentials, variableNamed("LD_PRELOAD"), 400, "auth.secret_name: `LD_PRELOAD` is a variable of the sandbox"},
		{"POST", "/v1/vaults/vlt_none/credentials", bearerFor("https://x.example"), 404, "Vault `vlt_none` not found."},
		{"GET", "/v1/vaults/vlt_none/credentials", ``, 404, "Vault `vlt_none` not found."},
		{"GET", credentials + "?limit=101", ``, 400, "limit: expected an integer from 1 to 100"},
		{"GET", credentials + "/vcrd_none", ``, 404, "Credential `vcrd_none` not found."},
		{"POST", credentials + "/vcrd_none", `{}`, 404, "Credential `vcrd_none` not found."},
		{"POST", credentials + "/vcrd_none/archive", ``, 404, "Credential `vcrd_none` not found."},
		{"DELETE", credentials + "/vcrd_none", ``, 404, "Credential `vcrd_none` not found."},
		{"GET", other + "/" + credential1, ``, 404, "Credential `" + credential1 + "` not found."},
		{"POST", other + "/" + credential1, `{}`, 404, "Credential `" + credential1 + "` not found."},
		{"POST", other + "/" + credential1 + "/archive", ``, 404, "Credential `" + credential1 + "` not found."},
		{"DELETE", other + "/" + credential1, ``, 404, "Credential `" + credential1 + "` not found."},
		{"GET", "/v1/vaults/vlt_none/credentials/" + credential1, ``, 404, "Vault `vlt_none` not found."},
		{"POST", credentials + "/" + credential1 + "/mcp_oauth_validate", ``, 400, "Credential `" + credential1 + "` is of type `static_bearer`"},
		{"POST", other + "/" + credential1 + "/mcp_oauth_validate", ``, 404, "Credential `" + credential1 + "` not found."},
	} {
		typ := map[int]string{400: "invalid_request_error", 404: "not_found_error"}[c.status]
		s.Call(c.method, c.path, c.body).Refused(t, c.status, typ, c.message)
	}
	s.Call("GET", credentials+"/"+credential1, "", "anthropic-beta:").Refused(t, 404, "not_found_error", "no endpoint at")
	if a := s.Call("GET", credentials+"/"+credential1, ""); a.Status != 200 {
		t.Errorf("a refused request deleted or moved it: %d", a.Status)
	}
}

func TestAVaultHasTwentyCredentials(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/vaults", `{"display_name":"one"}`)
	for i := range vault.MaxCredentials {
		if a := s.Call("POST", credentials, variableNamed(fmt.Sprint("KEY_", i))); a.Status != 200 {
			t.Fatalf("credential %d: %s", i+1, a.Body)
		}
	}
	s.Call("POST", credentials, variableNamed("ONE_MORE")).Refused(t, 400, "invalid_request_error", "the vault has 20 credentials")
	s.Call("POST", credentials+"/"+credential1+"/archive", "")
	if a := s.Call("POST", credentials, variableNamed("ONE_MORE")); a.Status != 200 {
		t.Errorf("archived ones count: %s", a.Body)
	}
	page := apitest.JSON[struct {
		Data     []struct{ ID string }
		NextPage *string `json:"next_page"`
	}](t, s.Call("GET", credentials+"?include_archived=true&limit=100", ""))
	if len(page.Data) != vault.MaxCredentials+1 || page.NextPage != nil {
		t.Errorf("%d credentials, next page %v", len(page.Data), page.NextPage)
	}
}

// Of credentials made with one key at the same time, one is made.
func TestKeysAreUniqueUnderRaces(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/vaults", `{"display_name":"one"}`)
	answers := make([]apitest.Answer, 8)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			answers[i] = s.Call("POST", credentials, bearerFor("https://mcp.example.com"+strings.Repeat("/", i)))
		})
	}
	wg.Wait()
	made := 0
	for _, a := range answers {
		if a.Status == 200 {
			made++
			continue
		}
		a.Refused(t, 409, "conflict_error", "auth.mcp_server_url: credential `vcrd_")
		if a.Header.Get("x-should-retry") != "false" {
			t.Error("clients would retry")
		}
	}
	if made != 1 {
		t.Errorf("%d were made", made)
	}
}

// What is stored is what a session gets: the newest secret, and none after
// archiving.
func TestStoredSecrets(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/vaults", `{"display_name":"one"}`)
	s.Call("POST", credentials, variableNamed("KEY"))
	opened := func() (out []string) {
		t.Helper()
		err := s.Deps.DB.View(t.Context(), func(tx store.Tx) error {
			all, err := store.SessionCredentials(tx, []string{vault1})
			for _, c := range all {
				plain, err := vault.Open(c, s.Deps.Sessions.Sealer.(*secret.Box))
				if err != nil {
					return err
				}
				out = append(out, string(plain))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := opened(); fmt.Sprint(got) != "[val]" {
		t.Errorf("created: %v", got)
	}
	update := func(auth string) {
		t.Helper()
		if a := s.Call("POST", credentials+"/"+credential1, `{"auth":{"type":"environment_variable",`+auth+`}}`); a.Status != 200 {
			t.Error(a.Body)
		}
	}
	update(`"networking":{"type":"limited","allowed_hosts":["a.example"]}`)
	if got := opened(); fmt.Sprint(got) != "[val]" {
		t.Errorf("after an update of something else: %v", got)
	}
	update(`"secret_value":"new"`)
	if got := opened(); fmt.Sprint(got) != "[new]" {
		t.Errorf("updated: %v", got)
	}
	s.Call("POST", credentials+"/"+credential1+"/archive", "")
	if got := opened(); got != nil {
		t.Errorf("archived: %v", got)
	}
	err := s.Deps.DB.View(t.Context(), func(tx store.Tx) error {
		var left int
		err := store.One(tx, `SELECT COUNT(*) FROM credential_secrets`, nil, &left)
		if left != 0 {
			t.Errorf("%d sealed secrets are left after archiving", left)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
