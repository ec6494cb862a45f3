package server

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/oauth/oauthtest"
)

// A server that was down while a token expired refreshes it when it is back,
// and reaches this machine for it only if the operator says so.
func TestTokensAreRefreshedInTheBackground(t *testing.T) {
	auth := oauthtest.Start(t, nil)
	mcp := oauthtest.StartMCP(t, &oauthtest.MCP{Tokens: auth})
	access, refresh := auth.Grant()
	c := config(t.TempDir(), modeltest.New(t).URL)
	p := serveHere(t, c)
	expires := time.Now().Add(time.Second)
	vault := "/v1/vaults/" + p.create("/v1/vaults", `{"display_name":"Alice"}`)
	credential := vault + "/credentials/" + p.create(vault+"/credentials", fmt.Sprintf(`{"auth":{"type":"mcp_oauth","mcp_server_url":%q,"access_token":%q,"expires_at":%q,`+
		`"refresh":{"token_endpoint":%q,"client_id":%q,"refresh_token":%q,"token_endpoint_auth":{"type":"none"}}}}`,
		mcp.URL, access, expires.Format(time.RFC3339Nano), auth.URL, oauthtest.ClientID, refresh))
	if got := string(p.call("POST", credential+"/mcp_oauth_validate", "")); !strings.Contains(got, `"status":"unknown","mcp_probe":{"method":"initialize","http_response":null},"refresh":null`) {
		t.Errorf("nothing private is allowed: %s", got)
	}
	p.close()
	<-time.After(time.Until(expires))

	c.AllowPrivate = "127.0.0.1"
	p = serveHere(t, c)
	deadline := time.Now().Add(30 * time.Second)
	for {
		var v struct {
			Auth struct {
				ExpiresAt time.Time `json:"expires_at"`
			}
		}
		if err := json.Unmarshal(p.call("GET", credential, ""), &v); err != nil {
			t.Fatal(err)
		}
		if time.Until(v.Auth.ExpiresAt) > 50*time.Minute {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the token expires at %v", v.Auth.ExpiresAt)
		}
		<-time.After(5 * time.Millisecond)
	}
	if got := string(p.call("POST", credential+"/mcp_oauth_validate", "")); !strings.Contains(got, `"status":"valid","mcp_probe":null,"refresh":null`) {
		t.Errorf("after a refresh: %s", got)
	}
	if n := len(auth.Requests()); n != 1 {
		t.Errorf("the token endpoint was asked %d times", n)
	}
}

// An MCP server whose authority only the operator knows.
func TestOAuthOverTLS(t *testing.T) {
	auth := &oauthtest.Server{}
	front := httptest.NewTLSServer(&oauthtest.MCP{Tokens: auth})
	t.Cleanup(front.Close)
	access, _ := auth.Grant()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{ca: `"status":"valid"`, "": `"status":"unknown","mcp_probe":{"method":"initialize","http_response":null}`} {
		c := config(t.TempDir(), modeltest.New(t).URL)
		c.AllowPrivate, c.GateCA = "127.0.0.1", file
		p := serveHere(t, c)
		vault := "/v1/vaults/" + p.create("/v1/vaults", `{"display_name":"Alice"}`)
		credential := p.create(vault+"/credentials", fmt.Sprintf(`{"auth":{"type":"mcp_oauth","mcp_server_url":%q,"access_token":%q}}`, front.URL, access))
		if got := string(p.call("POST", vault+"/credentials/"+credential+"/mcp_oauth_validate", "")); !strings.Contains(got, want) {
			t.Errorf("with authority %q: %s", file, got)
		}
	}
}
