package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

type numbers struct{ n int }

func (s *numbers) New(prefix string) string { s.n++; return fmt.Sprint(prefix, s.n) }

type noSeal struct{}

func (noSeal) Seal(plain, _ string) (string, error) { return "sealed " + plain, nil }

func plan(t *testing.T, session string, ids *numbers, items string) resource.Plan {
	t.Helper()
	var params []wire.ResourceParams
	if err := wire.Decode([]byte(items), &params); err != nil {
		t.Fatal(err)
	}
	p, err := resource.Check(params, resource.Environment{ID: "env_1"}, resource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Bind(session, ids, noSeal{}); err != nil {
		t.Fatal(err)
	}
	return p
}

func resources(t *testing.T, db store.DB) {
	ids := &numbers{n: 10}
	insertFiles(t, db, upload("file_1", 100))
	p := plan(t, "sesn_1", ids, `[{"type":"file","file_id":"file_1","mount_path":"/a"},
		{"type":"github_repository","url":"https://github.com/o/r","authorization_token":"ghp"},{"type":"file","file_id":"file_1"}]`)
	update(t, db, func(tx store.Tx) error { return store.InsertResources(tx, p, 1000) })
	more := plan(t, "sesn_1", ids, `[{"type":"file","file_id":"file_1","mount_path":"/b"}]`)
	other := plan(t, "sesn_2", ids, `[{"type":"file","file_id":"file_1","mount_path":"/b"}]`)
	update(t, db, func(tx store.Tx) error {
		return errors.Join(store.InsertResources(tx, more, 2000), store.InsertResources(tx, other, 3000), store.InsertResources(tx, resource.Plan{}, 1))
	})
	view(t, db, func(tx store.Tx) error {
		all, err := store.ResourcesOf(tx, "sesn_1")
		if err != nil {
			return err
		}
		if got := describe(all); got != "sesrsc_11 /a, sesrsc_13 /workspace/r, sesrsc_14 /mnt/session/uploads/file_1, sesrsc_16 /b" {
			t.Errorf("resources: %s", got)
		}
		if none, err := store.ResourcesOf(tx, "sesn_9"); err != nil || none == nil || len(none) != 0 {
			t.Errorf("none: %v, %v", none, err)
		}
		f := all[0].(*wire.FileResource)
		if dup, err := store.FileRecord(tx, f.FileID); err != nil || f.FileID == "file_1" || dup.Blob != "files/file_1" || dup.SessionID != "sesn_1" {
			t.Errorf("copy: %+v, %v", dup, err)
		}
		if secret, err := store.ResourceSecret(tx, "sesrsc_13"); err != nil || secret != "sealed ghp" {
			t.Errorf("secret %q, %v", secret, err)
		}
		if secret, err := store.ResourceSecret(tx, "sesrsc_11"); err != nil || secret != "" {
			t.Errorf("secret of a file %q, %v", secret, err)
		}
		if _, err := store.GetResource(tx, "sesn_2", "sesrsc_11"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a resource of another session: %v", err)
		}
		mounted, err := store.MountedFiles(tx, "sesn_1")
		if len(mounted) != 3 || mounted[2].Resource.MountPath != "/b" || mounted[2].File.Blob != "files/file_1" {
			t.Errorf("mounted: %+v", mounted)
		}
		return err
	})
	resourcePages(t, db)
	changeResources(t, db)
}

func describe(all []wire.Resource) string {
	var out []string
	for _, r := range all {
		out = append(out, r.ResourceID()+" "+r.ResourceMountPath())
	}
	return strings.Join(out, ", ")
}

func resourcePages(t *testing.T, db store.DB) {
	var seen []string
	req := page.Request{List: "resources", Order: page.Asc, Limit: 3}
	for {
		var res page.Result[store.Placed]
		view(t, db, func(tx store.Tx) (err error) {
			res, err = page.Read(req, store.PlacedKey, func(r page.Range) ([]store.Placed, error) { return store.ListResources(tx, "sesn_1", r) })
			return err
		})
		for _, p := range res.Rows {
			seen = append(seen, p.Resource.ResourceID())
		}
		if res.Next == nil {
			break
		}
		c, err := page.Parse(*res.Next, "resources", page.Asc)
		if err != nil {
			t.Fatal(err)
		}
		req.Cursor = &c
	}
	if got := strings.Join(seen, " "); got != "sesrsc_11 sesrsc_13 sesrsc_14 sesrsc_16" {
		t.Errorf("walked %s", got)
	}
}

func changeResources(t *testing.T, db store.DB) {
	update(t, db, func(tx store.Tx) error {
		r, err := store.GetResource(tx, "sesn_1", "sesrsc_13")
		if err != nil {
			return err
		}
		repo := r.(*wire.GitHubRepositoryResource)
		repo.UpdatedAt = wire.Micros(5000)
		if err := store.SaveResource(tx, repo, "sealed new", 5000); err != nil {
			return err
		}
		again, err := store.GetResource(tx, "sesn_1", "sesrsc_13")
		secret, e := store.ResourceSecret(tx, "sesrsc_13")
		if err != nil || e != nil || secret != "sealed new" || again.(*wire.GitHubRepositoryResource).UpdatedAt.Micros() != 5000 {
			t.Errorf("after SaveResource: %+v %q, %v", again, secret, err)
		}
		f, err := store.GetResource(tx, "sesn_1", "sesrsc_11")
		if err != nil {
			return err
		}
		unused, err := store.DeleteFileResource(tx, f.(*wire.FileResource))
		if err != nil || unused != "" {
			t.Errorf("bytes in use are unused: %q, %v", unused, err)
		}
		if _, err := store.FileRecord(tx, f.(*wire.FileResource).FileID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the copy is still there: %v", err)
		}
		return nil
	})
	// A plan that is refused in its middle leaves nothing.
	missing := plan(t, "sesn_1", &numbers{n: 100}, `[{"type":"file","file_id":"file_1","mount_path":"/c"},{"type":"file","file_id":"file_none"}]`)
	err := db.Update(t.Context(), func(tx store.Tx) error { return store.InsertResources(tx, missing, 1) })
	if fault.KindOf(err) != fault.Invalid || err.Error() != "resources[1].file_id: File `file_none` not found." {
		t.Errorf("got %v", err)
	}
	view(t, db, func(tx store.Tx) error {
		all, err := store.ResourcesOf(tx, "sesn_1")
		if got := describe(all); got != "sesrsc_13 /workspace/r, sesrsc_14 /mnt/session/uploads/file_1, sesrsc_16 /b" {
			t.Errorf("after a refused plan: %s", got)
		}
		return err
	})
}
