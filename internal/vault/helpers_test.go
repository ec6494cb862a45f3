package vault

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/wire"
)

var now = time.Date(2026, 10, 2, 8, 0, 0, 0, time.UTC)

func decode[T any](t *testing.T, body string) (p T) {
	t.Helper()
	if err := wire.Decode([]byte(body), &p); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return p
}

// create makes a credential of an auth.
func create(t *testing.T, auth string) (wire.Credential, Secrets) {
	t.Helper()
	c, secrets, err := NewCredential(decode[wire.CredentialParams](t, `{"auth":`+auth+`}`), now)
	if err != nil {
		t.Fatalf("%s: %v", auth, err)
	}
	c.ID, c.VaultID = "vcrd_1", "vlt_1"
	return c, secrets
}

// decodeAnd decodes a body and hands it to rule: what the API refuses is
// refused by either.
func decodeAnd(body string, rule func(wire.CredentialParams) error) error {
	var p wire.CredentialParams
	if err := wire.Decode([]byte(body), &p); err != nil {
		return err
	}
	return rule(p)
}

// plain shows secrets in the order of their names.
func plain(s Secrets) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s)) {
		out = append(out, name+"="+string(s[name]))
	}
	return strings.Join(out, " ")
}

func checkRefusal(t *testing.T, body string, err error, want string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%s:\ngot  %v\nwant %s…", body, err, want)
	}
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }

// The auths that tests begin with.
const (
	bearer   = `{"type":"static_bearer","mcp_server_url":"https://mcp.example.com/sse","token":"tok-1"}`
	oauth    = `{"type":"mcp_oauth","mcp_server_url":"https://mcp.example.com/","access_token":"acc-1","expires_at":"2026-10-02T09:00:00Z"}`
	refresh  = `{"token_endpoint":"https://auth.example.com/token","client_id":"client","refresh_token":"ref-1","scope":"a b","token_endpoint_auth":{"type":"client_secret_post","client_secret":"cs-1"}}`
	variable = `{"type":"environment_variable","secret_name":"TICKETS_KEY","secret_value":"val-1","networking":{"type":"limited","allowed_hosts":["api.tickets.test"]},"injection_location":{"header":true}}`
)

func oauthWith(refresh string) string {
	return fmt.Sprintf(`{"type":"mcp_oauth","mcp_server_url":"https://mcp.example.com/","access_token":"acc-1","refresh":%s}`, refresh)
}

// public is the public form of oauth with refresh.
const publicRefresh = `{"type":"mcp_oauth","mcp_server_url":"https://mcp.example.com/","expires_at":null,"refresh":` +
	`{"token_endpoint":"https://auth.example.com/token","client_id":"client","scope":"a b","resource":null,"token_endpoint_auth":{"type":"client_secret_post"}}}`
