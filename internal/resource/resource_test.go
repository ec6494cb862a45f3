package resource

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/file"
	"github.com/ostlerdev/ostler/internal/wire"
)

var cloud = Environment{ID: "env_1"}

func params(t *testing.T, items ...string) []wire.ResourceParams {
	t.Helper()
	var out []wire.ResourceParams
	if err := wire.Decode([]byte("["+strings.Join(items, ",")+"]"), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func checkOne(t *testing.T, item string) (Item, error) {
	t.Helper()
	plan, err := Check(params(t, item), cloud, Options{})
	if err != nil {
		return Item{}, err
	}
	return plan.Items[0], nil
}

const repo = `{"type":"github_repository","url":"https://github.com/o/r.git"`

func TestCheck(t *testing.T) {
	plan, err := Check(params(t,
		`{"type":"file","file_id":"file_1"}`,
		`{"type":"file","file_id":"file_2","mount_path":null}`,
		`{"type":"file","file_id":"file_1","mount_path":"/data.csv"}`,
		repo+`}`,
		`{"type":"github_repository","url":"https://github.com/o/r2","mount_path":"/workspace/deep/er/"}`,
	), cloud, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range plan.Items {
		got = append(got, i.Path+" "+i.Type+" "+i.FileID+i.URL+" "+i.MountPath)
	}
	want := `resources[0] file file_1 /mnt/session/uploads/file_1
resources[1] file file_2 /mnt/session/uploads/file_2
resources[2] file file_1 /data.csv
resources[3] github_repository https://github.com/o/r.git /workspace/r
resources[4] github_repository https://github.com/o/r2 /workspace/deep/er/`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestCheckRefuses(t *testing.T) {
	file1 := `{"type":"file","file_id":"file_1"}`
	for _, c := range []struct {
		items []string
		want  string
	}{
		{[]string{`{"type":"file"}`}, "resources[0].file_id: field required"},
		{[]string{`{"type":"file","file_id":null}`}, "resources[0].file_id: expected a string"},
		{[]string{`{"type":"file","file_id":""}`}, "resources[0].file_id: must have 1 to 128 characters"},
		{[]string{`{"type":"file","file_id":"../../etc/x"}`}, "resources[0].file_id: File `../../etc/x` not found."},
		{[]string{`{"type":"file","file_id":"a/"}`}, "resources[0].file_id: File `a/` not found."},
		{[]string{`{"type":"file","file_id":"file_1","mount_path":""}`}, "resources[0].mount_path: must have 1 to 4000 bytes"},
		{[]string{file1, `{"type":"file","file_id":"file_1","mount_path":"/etc/x"}`}, "resources[1].mount_path: `/etc/x` is inside /etc"},
		{[]string{file1, file1}, "resources[1].mount_path: `/mnt/session/uploads/file_1` collides"},
		{[]string{`{"type":"github_repository"}`}, "resources[0].url: field required"},
		{[]string{`{"type":"github_repository","url":"https://example.com/a/b"}`}, "resources[0].url: expected https://github.com"},
		{[]string{repo + `,"mount_path":"/srv/r"}`}, "resources[0].mount_path: must lie below /workspace"},
		{[]string{repo + `,"mount_path":"/workspace"}`}, "resources[0].mount_path: must lie below /workspace"},
		{[]string{repo + `,"mount_path":"/workspace/"}`}, "resources[0].mount_path: must lie below /workspace"},
		{[]string{repo + `,"mount_path":"/workspace/../x"}`}, "resources[0].mount_path: must not have `..`"},
		{[]string{repo + `,"mount_path":"r"}`}, "resources[0].mount_path: must lie below /workspace"},
		{[]string{repo + `,"authorization_token":""}`}, "resources[0].authorization_token: must have 1 to 4096 characters"},
		{[]string{repo + `,"authorization_token":"a b"}`}, "resources[0].authorization_token: must have visible ASCII"},
		{[]string{repo + `,"authorization_token":"a\nb"}`}, "resources[0].authorization_token: must have visible ASCII"},
		{[]string{repo + `}`, repo + `}`}, "resources[1].mount_path: `/workspace/r` collides"},
		{[]string{file1, `{"type":"memory_store"}`}, "resources[1].memory_store_id: field required"},
		{[]string{store1 + `}`, file1, store1 + `,"access":"read_only"}`}, "resources[2].memory_store_id: memory store `memstore_1` is attached at resources[0] already"},
		{[]string{store1 + `,"access":"write"}`}, "resources[0].access: `write` is not one of"},
	} {
		if _, err := Check(params(t, c.items...), cloud, Options{}); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v\ngot  %v\nwant %s", c.items, err, c.want)
		}
	}
}

func TestSelfHostedEnvironmentsHaveNoResources(t *testing.T) {
	env := Environment{ID: "env_9", SelfHosted: true}
	const text = "Environment env_9 is a self-hosted environment. `resources` are not supported with self-hosted environments."
	for item, want := range map[string]string{
		`{"type":"file","file_id":"file_1"}`: text,
		repo + `}`:                           text,
		`{"type":"file"}`:                    text,
	} {
		if _, err := Check(params(t, item), env, Options{}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", item, err)
		}
	}
	if _, err := CheckAdd(&params(t, `{"type":"file","file_id":"file_1"}`)[0], nil, env, Options{}); err == nil || err.Error() != text {
		t.Errorf("add: %v", err)
	}
	if plan, err := Check(params(t, store1+`}`), env, Options{}); err != nil || len(plan.Items) != 1 {
		t.Errorf("a memory store: %v, %v", plan, err)
	}
	if plan, err := Check(nil, env, Options{}); err != nil || len(plan.Items) != 0 {
		t.Errorf("none: %v, %v", plan, err)
	}
}

func TestLimits(t *testing.T) {
	files := make([]string, MaxFiles+1)
	for i := range files {
		files[i] = fmt.Sprintf(`{"type":"file","file_id":"file_%d"}`, i)
	}
	if _, err := Check(params(t, files[1:]...), cloud, Options{}); err != nil {
		t.Errorf("%d files: %v", MaxFiles, err)
	}
	if _, err := Check(params(t, files...), cloud, Options{}); err == nil || err.Error() != "resources: a session may have at most 500 resources of type `file`" {
		t.Errorf("%d files: %v", MaxFiles+1, err)
	}
}

func TestCheckAdd(t *testing.T) {
	have := []wire.Resource{
		&wire.FileResource{ID: "sesrsc_1", Type: wire.ResourceFile, MountPath: "/a"},
		&wire.GitHubRepositoryResource{ID: "sesrsc_2", Type: wire.ResourceGitHubRepository, MountPath: "/workspace/r"},
	}
	for item, want := range map[string]string{
		`{"type":"file","file_id":"file_1","mount_path":"/b"}`:           "",
		`{"type":"file","file_id":"file_1"}`:                             "",
		`{"type":"file","file_id":"file_1","mount_path":"a"}`:            "mount_path: `a` collides with another resource of the session, at `/a`",
		`{"type":"file","file_id":"file_1","mount_path":"/workspace/r"}`: "mount_path: `/workspace/r` collides",
		`{"type":"file","mount_path":"/b"}`:                              "file_id: field required",
		`{"type":"memory_store","memory_store_id":"x"}`:                  "type: only a `file` can be added",
		repo + `}`: "type: only a `file` can be added",
	} {
		plan, err := CheckAdd(&params(t, item)[0], have, cloud, Options{})
		if want == "" && (err != nil || len(plan.Items) != 1) || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", item, err, want)
		}
	}
	full := make([]wire.Resource, MaxFiles)
	for i := range full {
		full[i] = &wire.FileResource{Type: wire.ResourceFile, MountPath: fmt.Sprint("/f", i)}
	}
	if _, err := CheckAdd(&params(t, `{"type":"file","file_id":"file_1"}`)[0], full, cloud, Options{}); err == nil || !strings.Contains(err.Error(), "has 500 file resources") {
		t.Errorf("one too many: %v", err)
	}
}

type counter struct{ n int }

func (c *counter) New(prefix string) string { c.n++; return fmt.Sprint(prefix, c.n) }

type reverser struct{ err error }

func (r reverser) Seal(plain, aad string) (string, error) {
	return "sealed:" + plain + ":" + aad, r.err
}

func TestBind(t *testing.T) {
	plan, err := Check(params(t, `{"type":"file","file_id":"file_x"}`, repo+`,"authorization_token":"ghp_1"}`), cloud, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Bind("sesn_1", new(counter), reverser{}); err != nil {
		t.Fatal(err)
	}
	a, b := plan.Items[0], plan.Items[1]
	if plan.SessionID != "sesn_1" || a.ID != "sesrsc_1" || a.CopyID != "file_2" || a.Secret != "" || b.ID != "sesrsc_3" || b.CopyID != "" {
		t.Errorf("got %+v", plan)
	}
	if want := "sealed:ghp_1:session_resource/sesn_1/sesrsc_3/authorization_token"; b.Secret != want || b.token != "" {
		t.Errorf("token %q, secret %q", b.token, b.Secret)
	}
	got := string(wire.Encode(b.Wire(0)))
	if strings.Contains(got, "ghp_1") || !strings.Contains(got, `"checkout":null`) {
		t.Errorf("wire form %s", got)
	}
	src := file.Record{ID: "file_x", Size: 7, Blob: "files/x", Origin: file.Output, SessionID: "sesn_0", Path: "p", ExpiresAt: new(int64),
		Doc: file.Doc{Filename: "x.csv", MimeType: "text/csv", SHA256: "aa", Stamp: &file.Stamp{}}}
	dup := plan.Copy(&a, &src, 5)
	want := file.Record{ID: "file_2", CreatedAt: 5, SessionID: "sesn_1", Origin: file.Copy, Size: 7, Blob: "files/x",
		Doc: file.Doc{Filename: "x.csv", MimeType: "text/csv", SHA256: "aa"}}
	if dup != want {
		t.Errorf("copy %+v", dup)
	}
	broken, err := Check(params(t, repo+`,"authorization_token":"ghp_1"}`), cloud, Options{})
	if err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	if err := broken.Bind("s", new(counter), reverser{boom}); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}

func TestCheckSource(t *testing.T) {
	at := int64(10)
	item := Item{Path: "resources[3]", FileID: "file_x"}
	for name, c := range map[string]struct {
		src  *file.Record
		want string
	}{
		"there":     {&file.Record{Blob: "b"}, ""},
		"later":     {&file.Record{Blob: "b", ExpiresAt: new(int64(100))}, ""},
		"none":      {nil, "resources[3].file_id: File `file_x` not found."},
		"deleted":   {&file.Record{Origin: file.Removed}, "resources[3].file_id: File `file_x` not found."},
		"expired":   {&file.Record{Blob: "b", ExpiresAt: &at}, "resources[3].file_id: the content of file `file_x` has expired"},
		"bytesless": {&file.Record{}, "resources[3].file_id: the content of file `file_x` has expired"},
	} {
		err := item.CheckSource(c.src, 50)
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want || fault.KindOf(err) != fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckUpdateAndDelete(t *testing.T) {
	f := &wire.FileResource{ID: "sesrsc_1", Type: wire.ResourceFile}
	r := &wire.GitHubRepositoryResource{ID: "sesrsc_2", Type: wire.ResourceGitHubRepository}
	for body, want := range map[string]string{
		`{"authorization_token":"new"}`: "",
		`{}`:                            "authorization_token: field required",
		`{"authorization_token":null}`:  "authorization_token: expected a string",
		`{"authorization_token":""}`:    "authorization_token: must have 1 to 4096 characters",
	} {
		var p wire.UpdateResourceParams
		if err := wire.Decode([]byte(body), &p); err != nil {
			t.Fatal(err)
		}
		repo, token, err := CheckUpdate(&p, r)
		if want == "" && (err != nil || repo != r || token != "new") || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s: %v", body, err)
		}
		if _, _, err := CheckUpdate(&p, f); err == nil {
			t.Errorf("%s: a file was updated", body)
		}
	}
	if got, err := CheckDelete(f); err != nil || got != f {
		t.Errorf("file: %v, %v", got, err)
	}
	if _, err := CheckDelete(r); err == nil || fault.KindOf(err) != fault.Invalid {
		t.Errorf("repository: %v", err)
	}
}
