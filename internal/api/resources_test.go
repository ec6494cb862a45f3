package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/secret"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// stage makes an agent and a cloud and a self-hosted environment.
func stage(t *testing.T, s *apitest.Server) (agent, cloud, selfHosted string) {
	t.Helper()
	type named struct {
		ID string `json:"id"`
	}
	agent = apitest.JSON[named](t, s.Call("POST", "/v1/agents", `{"name":"a","model":"claude-opus-5-5"}`)).ID
	cloud = apitest.JSON[named](t, s.Call("POST", "/v1/environments", `{"name":"cloud"}`)).ID
	selfHosted = apitest.JSON[named](t, s.Call("POST", "/v1/environments", `{"name":"own","config":{"type":"self_hosted"}}`)).ID
	return agent, cloud, selfHosted
}

// session is what these tests read of a session.
type session struct {
	ID        string `json:"id"`
	UpdatedAt string `json:"updated_at"`
	Resources []struct {
		ID        string `json:"id"`
		Type      string `json:"type"`
		FileID    string `json:"file_id"`
		MountPath string `json:"mount_path"`
	} `json:"resources"`
}

func create(t *testing.T, s *apitest.Server, agent, env, resources string) session {
	t.Helper()
	return apitest.JSON[session](t, s.Call("POST", "/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q,"resources":%s}`, agent, env, resources)))
}

// The whole life of resources, as bytes.
func TestResourcesGolden(t *testing.T) {
	s := apitest.Start(t)
	agent, cloud, _ := stage(t, s)
	file := mustUpload(t, s, part("file", "rows.csv", "text/csv", "1,2")).ID
	r := s.Transcript()
	r.Say("A session gets its own copy of a file, with an id of its own.")
	one := create(t, s, agent, cloud, `[{"type":"file","file_id":"`+file+`","mount_path":"/workspace/rows.csv"},
		{"type":"github_repository","url":"https://github.com/o/r.git","branch":"main","authorization_token":"ghp_secret"}]`)
	base := "/v1/sessions/" + one.ID + "/resources"
	r.Call("GET", base, "")
	r.Call("GET", "/v1/files/"+one.Resources[0].FileID, "")
	s.Clock.Advance(time.Minute)
	r.Say("A file is added. Without a path it lies below the uploads under the id that was given.")
	r.Call("POST", base, `{"type":"file","file_id":"`+file+`"}`)
	r.Call("GET", base+"?limit=2", "")
	r.Say("A repository gets a new token, which is never shown.")
	r.Call("POST", base+"/"+one.Resources[1].ID, `{"authorization_token":"ghp_new"}`)
	r.Say("A file is taken away, its copy with it. A repository stays.")
	r.Call("DELETE", base+"/"+one.Resources[0].ID, "")
	r.Call("GET", base+"/"+one.Resources[0].ID, "")
	r.Call("GET", "/v1/files/"+one.Resources[0].FileID, "")
	r.Call("DELETE", base+"/"+one.Resources[1].ID, "")
	r.Compare(t, "resources")
}

func TestResourceRefusals(t *testing.T) {
	s := apitest.Start(t)
	agent, cloud, own := stage(t, s)
	file := mustUpload(t, s, field("expires_in_seconds", "3600"), part("file", "rows.csv", "text/csv", "1,2")).ID
	one := create(t, s, agent, cloud, `[{"type":"file","file_id":"`+file+`","mount_path":"/a"},{"type":"github_repository","url":"https://github.com/o/r"}]`)
	base := "/v1/sessions/" + one.ID + "/resources"
	f, repo := base+"/"+one.Resources[0].ID, base+"/"+one.Resources[1].ID
	hosted := create(t, s, agent, own, `[]`)
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", base, `{"type":"file","file_id":"file_none"}`, 400, "file_id: File `file_none` not found."},
		{"POST", base, `{"type":"file","file_id":"` + file + `","mount_path":"/a"}`, 400, "mount_path: `/a` collides with another resource of the session, at `/a`"},
		{"POST", base, `{"type":"file","file_id":"` + file + `","mount_path":"/etc/x"}`, 400, "mount_path: `/etc/x` is inside /etc"},
		{"POST", base, `{"type":"file","file_id":"` + file + `","path":"/b"}`, 400, "path: unknown field"},
		{"POST", base, `{"type":"file"}`, 400, "file_id: field required"},
		{"POST", base, `{"file_id":"` + file + `"}`, 400, "type: field required"},
		{"POST", base, `{"type":"github_repository","url":"https://github.com/o/r2"}`, 400, "type: only a `file` can be added to a session"},
		{"POST", base, `{"type":"memory_store","memory_store_id":"memstore_1"}`, 400, "type: only a `file` can be added to a session"},
		{"POST", base, `[]`, 400, "expected an object with a `type`"},
		{"POST", "/v1/sessions/" + hosted.ID + "/resources", `{"type":"file","file_id":"` + file + `"}`, 400, "Environment " + own + " is a self-hosted environment. `resources` are not supported with self-hosted environments."},
		{"POST", "/v1/sessions/sesn_none/resources", `{"type":"file","file_id":"` + file + `"}`, 404, "Session `sesn_none` not found."},
		{"GET", "/v1/sessions/sesn_none/resources", "", 404, "Session `sesn_none` not found."},
		{"GET", "/v1/sessions/sesn_none/resources/" + one.Resources[0].ID, "", 404, "Session `sesn_none` not found."},
		{"GET", "/v1/sessions/" + hosted.ID + "/resources/" + one.Resources[0].ID, "", 404, "Session resource `" + one.Resources[0].ID + "` not found."},
		{"GET", base + "/sesrsc_none", "", 404, "Session resource `sesrsc_none` not found."},
		{"GET", base + "?limit=1001", "", 400, "limit: "},
		{"GET", base + "?page=page_x", "", 400, "page: "},
		{"POST", f, `{"authorization_token":"x"}`, 400, "authorization_token: a resource of type `file` has no token to update"},
		{"POST", repo, `{}`, 400, "authorization_token: field required"},
		{"POST", repo, `{"authorization_token":"a b"}`, 400, "authorization_token: must have visible ASCII"},
		{"POST", repo, `{"url":"x"}`, 400, "url: unknown field"},
		{"POST", base + "/sesrsc_none", `{"authorization_token":"x"}`, 404, "Session resource `sesrsc_none` not found."},
		{"DELETE", repo, "", 400, "resources of type `github_repository` stay attached"},
		{"DELETE", base + "/sesrsc_none", "", 404, "Session resource `sesrsc_none` not found."},
		{"DELETE", "/v1/files/" + one.Resources[0].FileID, "", 400, "File `" + one.Resources[0].FileID + "` is the copy that session"},
		{"POST", "/v1/sessions", `{"agent":"` + agent + `","environment_id":"` + own + `","resources":[{"type":"file","file_id":"x"}]}`, 400, "Environment " + own + " is a self-hosted"},
		{"POST", "/v1/sessions", `{"agent":"` + agent + `","environment_id":"` + cloud + `","resources":[{"type":"file","file_id":"` + file + `"},{"type":"file","file_id":"x","mount_path":"/y/../z"}]}`, 400, "resources[1].mount_path: must not have `..`"},
		{"POST", "/v1/sessions", `{"agent":"` + agent + `","environment_id":"` + cloud + `","resources":[{"type":"file","file_id":"` + file + `"},{"type":"file","file_id":"x"}]}`, 400, "resources[1].file_id: File `x` not found."},
	} {
		a := s.Call(c.method, c.path, c.body)
		if a.Status != c.status || !strings.HasPrefix(a.Error(t).Message, c.want) {
			t.Errorf("%s %s %s\ngot  %d %s\nwant %d %s", c.method, c.path, c.body, a.Status, a.Body, c.status, c.want)
		}
	}
	s.Clock.Advance(2 * time.Hour)
	s.Call("POST", base, `{"type":"file","file_id":"`+file+`"}`).Refused(t, 400, "invalid_request_error", "file_id: the content of file `"+file+"` has expired")
	s.Call("POST", "/v1/sessions/"+one.ID+"/archive", "")
	for _, c := range [][3]string{{"POST", base, `{"type":"file","file_id":"x"}`}, {"POST", repo, `{"authorization_token":"x"}`}, {"DELETE", f, ""}} {
		s.Call(c[0], c[1], c[2]).Refused(t, 400, "invalid_request_error", "session is archived")
	}
	if got := apitest.JSON[wire.Page[map[string]any]](t, s.Call("GET", base, "")); len(got.Data) != 2 {
		t.Errorf("an archived session has %v", got.Data)
	}
}

// The token is in no answer and in no row as it is; it opens for its resource.
func TestTokensAreSealed(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	box, err := secret.New(key)
	if err != nil {
		t.Fatal(err)
	}
	s := apitest.Start(t, func(d *api.Deps) { d.Sessions.Sealer = box })
	agent, cloud, _ := stage(t, s)
	one := create(t, s, agent, cloud, `[{"type":"github_repository","url":"https://github.com/o/r","authorization_token":"ghp_first"}]`)
	id := one.Resources[0].ID
	opened := func() string {
		t.Helper()
		var sealed string
		err := s.Deps.DB.View(t.Context(), func(tx store.Tx) (err error) { sealed, err = store.ResourceSecret(tx, id); return err })
		if err != nil || strings.Contains(sealed, "ghp_") {
			t.Errorf("stored %q, %v", sealed, err)
		}
		plain, err := box.Unseal(sealed, resource.TokenAAD(one.ID, id))
		if err != nil {
			t.Error(err)
		}
		if _, err := box.Unseal(sealed, resource.TokenAAD("sesn_other", id)); err == nil {
			t.Error("the token opens for another session")
		}
		return plain
	}
	if got := opened(); got != "ghp_first" {
		t.Errorf("token %q", got)
	}
	s.Call("POST", "/v1/sessions/"+one.ID+"/resources/"+id, `{"authorization_token":"ghp_second"}`)
	if got := opened(); got != "ghp_second" {
		t.Errorf("token %q", got)
	}
}

// Copies share the bytes of their source and outlive it; with the last record
// the bytes go.
func TestCopiesOutliveTheirSource(t *testing.T) {
	s := apitest.Start(t)
	agent, cloud, _ := stage(t, s)
	file := mustUpload(t, s, part("file", "rows.csv", "text/csv", "1,2")).ID
	one := create(t, s, agent, cloud, `[{"type":"file","file_id":"`+file+`"}]`)
	output(t, s, one.ID, "made.txt", "x")
	dup := one.Resources[0].FileID
	for query, want := range map[string]int{"": 2, "?scope_id=" + one.ID: 1, "?ids[]=" + dup: 1} {
		if got := apitest.JSON[wire.Page[wire.File]](t, s.Call("GET", "/v1/files"+query, "")); len(got.Data) != want {
			t.Errorf("%s lists %+v", query, got.Data)
		}
	}
	s.Call("DELETE", "/v1/files/"+file, "")
	if got := apitest.JSON[wire.File](t, s.Call("GET", "/v1/files/"+dup, "")); got.Scope == nil || got.Scope.ID != one.ID || got.Downloadable || got.Filename != "rows.csv" {
		t.Errorf("the copy is %+v", got)
	}
	if mime, data, err := s.Deps.Files.ReadFile(t.Context(), dup); err != nil || mime != "text/csv" || string(data) != "1,2" {
		t.Errorf("the copy reads %s %q, %v", mime, data, err)
	}
	if a := s.Call("DELETE", "/v1/sessions/"+one.ID, ""); a.Status != 200 {
		t.Fatal(a.Body)
	}
	s.Call("GET", "/v1/files/"+dup, "").Refused(t, 404, "not_found_error", "File")
	for info, err := range s.Deps.Files.Blobs().List(t.Context(), "") {
		t.Errorf("%s is left, %v", info.Key, err)
	}
	s.Call("GET", "/v1/sessions/"+one.ID+"/resources", "").Refused(t, 404, "not_found_error", "Session")
}

// The sandbox hears of every change, and of nothing else.
func TestChangesAreAnnounced(t *testing.T) {
	changed := 0
	s := apitest.Start(t, func(d *api.Deps) { d.Sessions.Changed = func(context.Context, string) { changed++ } })
	agent, cloud, _ := stage(t, s)
	file := mustUpload(t, s, part("file", "rows.csv", "text/csv", "1,2")).ID
	base := "/v1/sessions/" + create(t, s, agent, cloud, `[]`).ID + "/resources"
	id := apitest.JSON[wire.FileResource](t, s.Call("POST", base, `{"type":"file","file_id":"`+file+`"}`)).ID
	s.Call("POST", base, `{"type":"file","file_id":"`+file+`"}`) // collides
	s.Call("GET", base, "")
	if changed != 1 {
		t.Errorf("%d changes after one", changed)
	}
	s.Call("DELETE", base+"/"+id, "")
	if changed != 2 {
		t.Errorf("%d changes after two", changed)
	}
}

// Without the beta, resources don't exist; files do.
func TestResourcesNeedTheBeta(t *testing.T) {
	s := apitest.Start(t)
	s.Call("GET", "/v1/sessions/sesn_1/resources", "", "anthropic-beta:").Refused(t, 404, "not_found_error", "no endpoint at")
	if a := s.Call("GET", "/v1/files", "", "anthropic-beta:"); a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
