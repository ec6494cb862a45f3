package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v2 "github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/lib/environments"

	"github.com/ostlerdev/ostler/internal/apitest"
)

// worker is the official library that keeps the memory stores of a session of
// a self-hosted environment on a machine of the customer's.
type worker struct {
	*environments.SessionMemoryStores
	dir string
}

func newWorker(t *testing.T, s *apitest.Server, env string) *worker {
	t.Helper()
	ctx, c := t.Context(), s.V2()
	made := apitest.JSON[struct{ ID string }](t, s.Call("POST", "/v1/sessions", fmt.Sprintf(
		`{"agent":%q,"environment_id":%q,"resources":[{"type":"memory_store","memory_store_id":"memstore_000000000000000000000001"}]}`, agent1, env)))
	got, err := c.Beta.Sessions.Get(ctx, made.ID, v2.BetaSessionGetParams{})
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{dir: filepath.Join(t.TempDir(), "notes")}
	var session v2.BetaManagedAgentsSession // with a mount path that this machine has
	if err := json.Unmarshal([]byte(strings.ReplaceAll(got.RawJSON(), "/mnt/memory/notes", w.dir)), &session); err != nil {
		t.Fatal(err)
	}
	w.SessionMemoryStores, err = environments.NewSessionMemoryStores(c, environments.SessionMemoryStoresOptions{
		Workdir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err == nil {
		err = w.Download(ctx, &session)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *worker) files(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(w.dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == environments.MarkerPath {
			return err
		}
		data, err := os.ReadFile(p)
		out[p[len(w.dir):]] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (w *worker) write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(w.dir+path), 0o755), os.WriteFile(w.dir+path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestTheWorkersLibraryKeepsMemories(t *testing.T) {
	s := apitest.Start(t)
	s.Call("POST", "/v1/agents", `{"name":"a","model":"claude-opus-5-5"}`)
	env := apitest.JSON[struct{ ID string }](t, s.Call("POST", "/v1/environments", `{"name":"e","config":{"type":"self_hosted"}}`)).ID
	s.Call("POST", "/v1/memory_stores", `{"name":"Notes"}`)
	for i := range 23 { // more than a page with contents holds
		s.Call("POST", memstore1+"/memories", fmt.Sprintf(`{"path":"/many/%02d","content":"text %d"}`, i, i))
	}
	a, b := newWorker(t, s, env), newWorker(t, s, env)
	if files := a.files(t); len(files) != 23 || files["/many/22"] != "text 22" {
		t.Fatalf("%d files: %v", len(files), files)
	}
	ctx := t.Context()
	a.write(t, "/new/a", "by a")
	a.write(t, "/many/00", "changed by a")
	if err := os.Remove(a.dir + "/many/01"); err != nil {
		t.Fatal(err)
	}
	a.Finish(ctx)
	b.write(t, "/many/00", "changed by b, too late")
	b.write(t, "/new/b", "by b")
	b.Finish(ctx)

	want := a.files(t)
	want["/new/b"] = "by b"
	if fresh := newWorker(t, s, env).files(t); !maps.Equal(fresh, want) {
		t.Errorf("the store holds\n%v\nwant\n%v", fresh, want)
	}
	a.Dispose()
	b.Dispose()
}
