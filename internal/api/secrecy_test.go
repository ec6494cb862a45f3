package api_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/store/sqlite"
	"github.com/ostlerdev/ostler/internal/wire"
)

// spy makes secrets, each with a core that occurs nowhere else, and finds the
// cores again.
type spy struct{ cores []string }

// secret is a new secret as a JSON string.
func (s *spy) secret(t *rapid.T) string { return string(wire.Encode(s.raw(t, ""))) }

func (s *spy) raw(t *rapid.T, more string) string {
	ends := rapid.StringN(0, 8, 32)
	return ends.Draw(t, "before") + s.core(t) + ends.Draw(t, "after") + more
}

// core is a secret of letters and digits.
func (s *spy) core(t *rapid.T) string {
	core := fmt.Sprintf("CORE%d%s", len(s.cores), rapid.StringMatching(`[A-Za-z0-9]{12}`).Draw(t, "core"))
	s.cores = append(s.cores, core)
	return core
}

// found is the first secret that text gives away, plain or in an encoding
// that programs print.
func (s *spy) found(text []byte) string {
	marks := forms("CORE")
	for i := range marks {
		if !bytes.Contains(text, []byte(marks[i])) {
			continue
		}
		for _, core := range s.cores {
			if bytes.Contains(text, []byte(forms(core)[i])) {
				return core
			}
		}
	}
	return ""
}

// forms are what text looks like inside a longer text: plain, in hexadecimal
// digits, and in base64 wherever it begins.
func forms(text string) []string {
	out := []string{text, hex.EncodeToString([]byte(text))}
	for pad := range 3 {
		whole := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", pad) + text))
		out = append(out, whole[(pad*8+5)/6:(pad+len(text))*8/6]) // without characters that others have a part in
	}
	return out
}

func TestTheSpyFinds(t *testing.T) {
	s := &spy{cores: []string{"CORE0abcdef"}}
	for _, text := range []string{"a CORE0abcdef b", `{"x":"CORE0abcdef"}`, hex.EncodeToString([]byte("..CORE0abcdef.."))} {
		if s.found([]byte(text)) == "" {
			t.Errorf("not in %s", text)
		}
	}
	for pad := range 5 {
		text := base64.URLEncoding.EncodeToString([]byte(strings.Repeat("p", pad) + "CORE0abcdef and more"))
		if s.found([]byte(text)) == "" {
			t.Errorf("not in %s", text)
		}
	}
	if s.found([]byte("CORE0abcdeX")) != "" {
		t.Error("found what isn't there")
	}
}

// auths are auths of credentials; each %s becomes a secret and each %d a
// number. Good ones come first.
var auths = []string{
	`{"type":"static_bearer","mcp_server_url":"https://h%d.example","token":%s}`,
	`{"type":"mcp_oauth","mcp_server_url":"https://h%d.example","access_token":%s}`,
	`{"type":"mcp_oauth","mcp_server_url":"https://h%d.example","access_token":%s,"refresh":{"token_endpoint":"https://a.example","client_id":"c","refresh_token":%s,"token_endpoint_auth":{"type":"client_secret_post","client_secret":%s}}}`,
	`{"type":"environment_variable","secret_name":"N%d","secret_value":%s,"networking":{"type":"unrestricted"}}`,

	`{"type":"static_bearer","mcp_server_url":"h%d","token":%s}`,
	`{"type":"static_bearer","mcp_server_url":"https://h%d.example","token":[%s]}`,
	`{"type":"static_bearer","mcp_server_url":"https://h%d.example","token":{"a":%s}}`,
	`{"type":"static_bearer","mcp_server_url":"https://h%d.example","access_token":%s}`,
	`{"type":"static_bearer","mcp_server_url":"https://h%d.example","token":%s,"token":%s}`,
	`{"type":"static_bearer","mcp_server_url":%s,"token":"x%d"}`,
	`{"type":"static_bearer","mcp_server_url":"https://h%d.example","token":%s`,
	`{"type":"static_bearer","mcp_server_url":"https://h%d.example","token":"a"%s}`,
	`{"type":"mcp_oauth","mcp_server_url":"https://h%d.example","access_token":%s,"expires_at":%s}`,
	`{"type":"mcp_oauth","mcp_server_url":"https://h%d.example","access_token":%s,"expires_at":"2020-01-01T00:00:00Z"}`,
	`{"type":"mcp_oauth","mcp_server_url":"https://h%d.example","access_token":%s,"refresh":%s}`,
	`{"type":"mcp_oauth","mcp_server_url":"https://h%d.example","access_token":%s,"refresh":{"refresh_token":%s,"token_endpoint_auth":{"type":"none","client_secret":%s}}}`,
	`{"type":"mcp_oauth","mcp_server_url":"https://h%d.example","access_token":%s,"refresh":{"token_endpoint":%s}}`,
	`{"type":"environment_variable","secret_name":"9N%d","secret_value":%s,"networking":{"type":"unrestricted"}}`,
	`{"type":"environment_variable","secret_name":[%s],"secret_value":"%d","networking":{"type":"unrestricted"}}`,
	`{"type":"environment_variable","secret_name":"N%d","secret_value":%s,"networking":%s}`,
	`{"type":"environment_variable","secret_name":"N%d","secret_value":%s,"networking":{"type":"limited","allowed_hosts":%s}}`,
	`{"type":"environment_variable","secret_name":"N%d","secret_value":%s,"injection_location":{"header":%s}}`,
	`{"type":"environment_variable","secret_name":"N%d","secret_value":%s,"networking":{"type":"unrestricted"},"injection_location":{}}`,
	`{"type":"environment_variable","secret_value":%s,"injection_location":{"body":true,"header":%d}}`,

	// of updates
	`{"type":"static_bearer","token":%s,"x":%d}`,
	`{"type":"static_bearer","token":%s}`,
	`{"type":"mcp_oauth","access_token":%s}`,
	`{"type":"mcp_oauth","refresh":{"refresh_token":%s,"token_endpoint_auth":{"type":"client_secret_basic","client_secret":%s}}}`,
	`{"type":"environment_variable","secret_value":%s}`,
	`{"type":"environment_variable","secret_value":%s,"injection_location":null}`,
}

// fill puts secrets and numbers into an auth.
func (s *spy) fill(t *rapid.T, auth string, n int) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(auth, '%')
		if at < 0 {
			return b.String() + auth
		}
		b.WriteString(auth[:at])
		switch {
		case auth[at+1] == 'd':
			fmt.Fprint(&b, n)
		case rapid.IntRange(0, 9).Draw(t, "long") == 0:
			b.Write(wire.Encode(s.raw(t, strings.Repeat("x", 9000))))
		default:
			b.WriteString(s.secret(t))
		}
		auth = auth[at+2:]
	}
}

// No secret that a request holds, good or bad, is ever in an answer, in the
// log or readable in the files of the database.
func TestSecretsStaySecret(t *testing.T) {
	log, dir := new(buffer), t.TempDir()
	s := apitest.Start(t, func(d *api.Deps) {
		db, err := sqlite.Open(t.Context(), filepath.Join(dir, "ostler.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		d.DB, d.Sessions.DB = db, db
		d.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	s.Call("POST", "/v1/agents", `{"name":"a","model":"claude-opus-5-5"}`)
	s.Call("POST", "/v1/environments", `{"name":"public name"}`)
	spy := &spy{}
	statuses := map[int]int{}
	rapid.Check(t, func(rt *rapid.T) {
		type object struct{ ID string }
		call := func(method, path, body string) (id string) {
			a := s.Call(method, path, body)
			statuses[a.Status]++
			if core := spy.found([]byte(a.Body)); core != "" {
				rt.Fatalf("%s %s\n%s\n%d %s\ngives %s away", method, path, body, a.Status, a.Body, core)
			}
			if a.Status == 200 {
				return apitest.JSON[object](t, a).ID
			}
			return ""
		}
		home := "/v1/vaults/" + call("POST", "/v1/vaults", `{"display_name":"v"}`)
		var made []string
		pick := func() string {
			if len(made) == 0 {
				return home + "/credentials/vcrd_none"
			}
			return home + "/credentials/" + rapid.SampledFrom(made).Draw(rt, "credential")
		}
		for i := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			from := auths
			if rapid.Bool().Draw(rt, "good") {
				from = auths[:4]
			}
			auth := spy.fill(rt, rapid.SampledFrom(from).Draw(rt, "auth"), i%2)
			switch rapid.IntRange(0, 9).Draw(rt, "step") {
			case 0, 1, 2, 3:
				if id := call("POST", home+"/credentials", `{"auth":`+auth+`}`); id != "" {
					made = append(made, id)
				}
			case 4, 5:
				call("POST", pick(), `{"auth":`+auth+`}`)
			case 6:
				call("POST", pick()+"/archive", "")
			case 7:
				call("GET", home+"/credentials?include_archived=true", "")
			case 8:
				call("POST", "/v1/vaults", `{"display_name":"x","auth":`+auth+`}`)
			case 9:
				call("POST", "/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q,"resources":[{"type":"github_repository","url":"https://github.com/a/b","authorization_token":%q}],"vault_ids":[%q]}`,
					agent1, env1, spy.core(rt), strings.TrimPrefix(home, "/v1/vaults/")))
			}
		}
	})
	if core := spy.found([]byte(log.String())); core != "" {
		t.Errorf("%s is in the log", core)
	}
	files := readAll(t, dir)
	if core := spy.found(files); core != "" {
		t.Errorf("%s can be read in the database", core)
	}

	// The test must have looked at something.
	t.Logf("answers by status: %v", statuses)
	if statuses[200] == 0 || statuses[400] == 0 || statuses[500] > 0 {
		t.Errorf("answers by status: %v", statuses)
	}
	if !strings.Contains(log.String(), "/credentials") || !bytes.Contains(files, []byte("public name")) {
		t.Error("the log or the database isn't where the test looks")
	}
	var sealed, tokens int
	err := s.Deps.DB.View(t.Context(), func(tx store.Tx) error {
		return errors.Join(store.One(tx, `SELECT COUNT(*) FROM credential_secrets`, nil, &sealed),
			store.One(tx, `SELECT COUNT(*) FROM session_resources WHERE secret IS NOT NULL`, nil, &tokens))
	})
	if err != nil || sealed == 0 || tokens == 0 {
		t.Errorf("%d sealed secrets, %d tokens, %v", sealed, tokens, err)
	}
}

func readAll(t *testing.T, dir string) (all []byte) {
	t.Helper()
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		b, err := os.ReadFile(filepath.Join(dir, n.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// Nor when the server itself is at fault.
func TestSecretsStaySecretInFailures(t *testing.T) {
	for name, breakIt := range map[string]func(*api.Deps){
		"sealing fails":  func(d *api.Deps) { d.Sessions.Sealer = brokenSealer{} },
		"sealing panics": func(d *api.Deps) { d.Sessions.Sealer = nil },
		"writing fails":  func(d *api.Deps) { d.DB = readOnlyDB{d.DB} },
	} {
		t.Run(name, func(t *testing.T) {
			log := new(buffer)
			s := apitest.Start(t, func(d *api.Deps) {
				d.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				breakIt(d)
			})
			const secret = "CORE0abcdefghijkl"
			body := strings.ReplaceAll(variableNamed("KEY"), `"val"`, `"`+secret+`"`)
			a := s.Call("POST", credentials, body)
			a.Refused(t, 500, "api_error", "internal server error")
			spy := &spy{cores: []string{secret}}
			if core := spy.found([]byte(a.Body + log.String())); core != "" {
				t.Errorf("it is in the answer or the log: %s\n%s", a.Body, log)
			}
			if !strings.Contains(log.String(), "level=ERROR") {
				t.Error("the failure isn't in the log")
			}
		})
	}
}

type brokenSealer struct{}

func (brokenSealer) Seal(string, string) (string, error) { return "", errors.New("no entropy") }

type readOnlyDB struct{ store.DB }

func (readOnlyDB) Update(context.Context, func(store.Tx) error) error {
	return errors.New("the disk is full")
}
