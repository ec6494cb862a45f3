package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

func memoryStore(id string, at int64) wire.MemoryStore {
	return wire.MemoryStore{ID: id, Type: "memory_store", Name: "of " + id, Metadata: wire.Metadata{"k": "v"}, CreatedAt: wire.Micros(at), UpdatedAt: wire.Micros(at)}
}

func memoryStores(t *testing.T, db store.DB) {
	one, two := memoryStore("memstore_1", 1), memoryStore("memstore_2", 5)
	update(t, db, func(tx store.Tx) error {
		return errors.Join(store.InsertMemoryStore(tx, one), store.InsertMemoryStore(tx, two))
	})
	at := wire.Micros(9)
	one.Name, one.Description, one.UpdatedAt, one.ArchivedAt = "uno", "the first", at, &at
	update(t, db, func(tx store.Tx) error { return store.SaveMemoryStore(tx, one) })
	list := func(archived bool, w page.Window) (ids string) {
		view(t, db, func(tx store.Tx) error {
			rows, err := store.ListMemoryStores(tx, page.Range{Order: page.Desc, Limit: 5}, archived, w)
			for _, s := range rows {
				ids += s.ID[len("memstore_"):]
			}
			return err
		})
		return ids
	}
	if a, b, c := list(false, page.Everything), list(true, page.Everything), list(true, page.Window{Min: 0, Max: 4}); a != "2" || b != "21" || c != "1" {
		t.Errorf("lists %s %s %s", a, b, c)
	}
	view(t, db, func(tx store.Tx) error {
		got, err := store.GetMemoryStore(tx, one.ID)
		if err != nil || string(wire.Encode(got)) != string(wire.Encode(one)) {
			t.Errorf("got %s, %v\nwant %s", wire.Encode(got), err, wire.Encode(one))
		}
		if _, err := store.GetMemoryStore(tx, "memstore_9"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("none: %v", err)
		}
		return nil
	})
	addMemory(t, db, one.ID, "mem_1", "/a", "x", 1)
	addMemory(t, db, two.ID, "mem_2", "/a", "y", 1)
	update(t, db, func(tx store.Tx) error { return store.DeleteMemoryStore(tx, one.ID) })
	view(t, db, func(tx store.Tx) error {
		_, gone := store.GetMemory(tx, one.ID, "mem_1")
		_, version := store.GetMemoryVersion(tx, one.ID, "memver_mem_1_1")
		other, err := store.GetMemory(tx, two.ID, "mem_2")
		if !errors.Is(gone, store.ErrNotFound) || !errors.Is(version, store.ErrNotFound) || err != nil || *other.Content != "y" {
			t.Errorf("after a delete: %v, %v, %v, %v", gone, version, other, err)
		}
		return nil
	})
}

// addMemory writes a memory and its first version.
func addMemory(t *testing.T, db store.DB, storeID, id, path, content string, at int64) wire.Memory {
	t.Helper()
	m := wire.Memory{ID: id, Type: "memory", MemoryStoreID: storeID, Path: path, CreatedAt: wire.Micros(at)}
	update(t, db, func(tx store.Tx) error {
		m = addVersion(tx, t, m, wire.MemoryCreated, content, at, wire.APIActor("apikey_1"))
		return store.InsertMemory(tx, m)
	})
	return m
}

func addVersion(tx store.Tx, t *testing.T, m wire.Memory, operation, content string, at int64, by wire.Actor) wire.Memory {
	t.Helper()
	m.Content, m.ContentSHA256, m.ContentSizeBytes, m.UpdatedAt = &content, fmt.Sprintf("sum of %s", content), int64(len(content)), wire.Micros(at)
	m.MemoryVersionID = fmt.Sprintf("memver_%s_%d", m.ID, at)
	v := wire.MemoryVersion{ID: m.MemoryVersionID, Type: "memory_version", MemoryStoreID: m.MemoryStoreID, MemoryID: m.ID, Operation: operation,
		CreatedAt: m.UpdatedAt, CreatedBy: &by, Path: &m.Path, Content: m.Content, ContentSHA256: &m.ContentSHA256, ContentSizeBytes: &m.ContentSizeBytes}
	if operation == wire.MemoryDeleted {
		v.Content, v.ContentSHA256, v.ContentSizeBytes = nil, nil, nil
	}
	if err := store.InsertMemoryVersion(tx, v); err != nil {
		t.Error(err)
	}
	return m
}

func memories(t *testing.T, db store.DB) {
	const id = "memstore_1"
	update(t, db, func(tx store.Tx) error { return store.InsertMemoryStore(tx, memoryStore(id, 1)) })
	paths := []string{"/a", "/a.b", "/a/b", "/a/c/d", "/a0", "/Z", "/é", "/a-b/c"}
	for i, p := range paths {
		addMemory(t, db, id, fmt.Sprint("mem_", i), p, "text of "+p, int64(i+1))
	}
	slices.Sort(paths) // by bytes
	list := func(prefix, from string, limit int) (out string) {
		view(t, db, func(tx store.Tx) error {
			rows, err := store.MemoriesIn(tx, id, prefix, from, true, limit)
			for _, m := range rows {
				if *m.Content != "text of "+m.Path {
					t.Errorf("%s has %q", m.Path, *m.Content)
				}
				out += m.Path + " "
			}
			return err
		})
		return strings.TrimSpace(out)
	}
	for _, c := range []struct {
		prefix, from string
		limit        int
		want         string
	}{
		{"", "", 0, strings.Join(paths, " ")},
		{"/", "", 3, strings.Join(paths[:3], " ")},
		{"", "/a", 2, "/a-b/c /a.b"},
		{"/a/", "", 0, "/a/b /a/c/d"},
		{"/a/", "/a/b", 0, "/a/c/d"},
		{"/a/c/", "/a/", 0, "/a/c/d"},
		{"/none/", "", 0, ""},
	} {
		if got := list(c.prefix, c.from, c.limit); got != c.want {
			t.Errorf("below %q after %q: %s, want %s", c.prefix, c.from, got, c.want)
		}
	}
	view(t, db, func(tx store.Tx) error {
		below, err := store.MemoryBelow(tx, id, "/a", "")
		other, err2 := store.MemoryBelow(tx, id, "/a", below.ID)
		_, none := store.MemoryBelow(tx, id, "/a/b", "")
		if err != nil || err2 != nil || below.Path != "/a/b" || other.Path != "/a/c/d" || !errors.Is(none, store.ErrNotFound) {
			t.Errorf("below /a: %s %s %v %v %v", below.Path, other.Path, err, err2, none)
		}
		basic, err := store.MemoriesIn(tx, id, "", "", false, 1)
		n, err2 := store.CountMemories(tx, id)
		texts, err3 := store.MemoryContents(tx, []string{"memver_mem_0_1", "memver_none"})
		if err := errors.Join(err, err2, err3); err != nil || basic[0].Content != nil || n != len(paths) || len(texts) != 1 || texts["memver_mem_0_1"] != "text of /a" {
			t.Errorf("%v, %d, %v, %v", basic, n, texts, err)
		}
		return nil
	})
	if err := db.Update(t.Context(), func(tx store.Tx) error {
		m := wire.Memory{ID: "mem_x", MemoryStoreID: id, Path: "/a", MemoryVersionID: "memver_x"}
		return store.InsertMemory(tx, m)
	}); err == nil {
		t.Error("two memories have one path")
	}
}

func memoryVersions(t *testing.T, db store.DB) {
	const id = "memstore_1"
	update(t, db, func(tx store.Tx) error { return store.InsertMemoryStore(tx, memoryStore(id, 1)) })
	m := addMemory(t, db, id, "mem_1", "/a", "first", 1)
	quiet := addMemory(t, db, id, "mem_2", "/b", "quiet", 1)
	agent := wire.SessionActor("sesn_1")
	update(t, db, func(tx store.Tx) error {
		for at := int64(2); at <= 6; at++ {
			m = addVersion(tx, t, m, wire.MemoryModified, fmt.Sprint("text ", at), at, agent)
			if err := store.SaveMemory(tx, m); err != nil {
				return err
			}
		}
		addVersion(tx, t, m, wire.MemoryDeleted, "", 7, agent)
		return store.DeleteMemory(tx, m.ID)
	})
	list := func(f store.VersionFilter) (out string) {
		f.Created = page.Everything
		view(t, db, func(tx store.Tx) error {
			rows, err := store.ListMemoryVersions(tx, id, f, page.Range{Order: page.Desc, Limit: 50})
			for _, v := range rows {
				out += fmt.Sprint(v.CreatedAt.Micros(), " ")
				if (v.Content != nil) != (f.Full && v.Operation != wire.MemoryDeleted) {
					t.Errorf("content of %s: %v", v.ID, v.Content)
				}
			}
			return err
		})
		return strings.TrimSpace(out)
	}
	key := wire.APIActor("apikey_1")
	for want, f := range map[string]store.VersionFilter{
		"7 6 5 4 3 2 1 1": {Full: true},
		"7 6 5 4 3 2 1":   {MemoryID: "mem_1"},
		"7 6 5 4 3 2":     {Actor: &agent},
		"1 1":             {Actor: &key, Full: true},
		"7":               {Operation: wire.MemoryDeleted, Full: true},
	} {
		if got := list(f); got != want {
			t.Errorf("%+v: %s, want %s", f, got, want)
		}
	}
	update(t, db, func(tx store.Tx) error {
		v, err := store.GetMemoryVersion(tx, id, "memver_mem_1_3")
		if err != nil || *v.CreatedBy != agent || *v.Content != "text 3" {
			t.Errorf("%s, %v", wire.Encode(v), err)
		}
		at := wire.Micros(20)
		v.RedactedAt, v.RedactedBy = &at, &key
		return store.SaveRedaction(tx, v)
	})
	view(t, db, func(tx store.Tx) error {
		v, err := store.GetMemoryVersion(tx, id, "memver_mem_1_3")
		if err != nil || v.Path != nil || v.Content != nil || v.ContentSHA256 != nil || v.ContentSizeBytes != nil || *v.RedactedBy != key || *v.CreatedBy != agent {
			t.Errorf("%s, %v", wire.Encode(v), err)
		}
		live, err := store.IsHead(tx, quiet.MemoryVersionID)
		dead, err2 := store.IsHead(tx, "memver_mem_1_7")
		if err := errors.Join(err, err2); err != nil || !live || dead {
			t.Errorf("heads %v %v, %v", live, dead, err)
		}
		return nil
	})
	prune := func(before int64, kept, limit int, want string) {
		t.Helper()
		update(t, db, func(tx store.Tx) error {
			_, err := store.PruneMemoryVersions(tx, before, kept, limit)
			return err
		})
		if got := list(store.VersionFilter{}); got != want {
			t.Errorf("pruned: %s, want %s", got, want)
		}
	}
	prune(1, 0, 50, "7 6 5 4 3 2 1 1")
	prune(50, 6, 50, "7 6 5 4 3 2 1") // of mem_1 the newest six, and the quiet one
	prune(4, 2, 50, "7 6 5 4 1")
	prune(50, 2, 1, "7 6 5 1")
	prune(50, 0, 50, "1")
}
