package oauthtest

import (
	"encoding/json"
	"net/http"
)

// Site is an authorization server, an MCP server and a user who grants what he
// is asked for, at one address. It is for programs of any language:
//
//	POST /grant                    the auth of a credential, with tokens of a new grant
//	POST /grant?token=expired      ... whose access token is expired
//	POST /grant?token=revoked      ... that was taken back again
//	GET  /refreshes?token=T        how often the grant of a token was refreshed
//	/token, /mcp                   the two servers
type Site struct {
	Server *Server
	MCP    *MCP
	mux    http.ServeMux
}

// NewSite makes a Site.
func NewSite() *Site {
	s := &Site{Server: &Server{Auth: "client_secret_basic"}}
	s.MCP = &MCP{Tokens: s.Server}
	s.mux.Handle("/token", s.Server)
	s.mux.Handle("/mcp", s.MCP)
	s.mux.HandleFunc("POST /grant", s.grant)
	s.mux.HandleFunc("GET /refreshes", func(w http.ResponseWriter, r *http.Request) {
		reply(w, s.Server.Refreshes(r.URL.Query().Get("token")))
	})
	return s
}

func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Site) grant(w http.ResponseWriter, r *http.Request) {
	access, refresh := s.Server.Grant()
	switch r.URL.Query().Get("token") {
	case "expired":
		s.Server.Expire(access)
	case "revoked":
		s.Server.Revoke(access)
	}
	here := "http://" + r.Host
	reply(w, map[string]any{"type": "mcp_oauth", "mcp_server_url": here + "/mcp", "access_token": access, "refresh": map[string]any{
		"token_endpoint": here + "/token", "client_id": ClientID, "refresh_token": refresh,
		"token_endpoint_auth": map[string]any{"type": s.Server.Auth, "client_secret": ClientSecret}}})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // nobody to tell if the client is gone
}
