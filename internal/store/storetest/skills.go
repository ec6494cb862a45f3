package storetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/store"
)

func skills(t *testing.T, db store.DB) {
	first := skill.Record{ID: "skill_1", CreatedAt: 1, UpdatedAt: 2, Source: skill.Custom, Latest: "skver_1", LatestAt: 1, Doc: skill.Doc{Name: "a", DisplayName: "A"}}
	second := skill.Record{ID: "skill_2", CreatedAt: 5, UpdatedAt: 5, Source: skill.Custom, Latest: "skver_2", LatestAt: 5, Doc: skill.Doc{Name: "b", DisplayName: "B"}}
	update(t, db, func(tx store.Tx) error {
		return errors.Join(store.InsertSkill(tx, first), store.InsertSkill(tx, second))
	})
	first.UpdatedAt, first.Latest, first.LatestAt = 9, "skver_9", 9
	update(t, db, func(tx store.Tx) error { return store.SaveSkill(tx, first) })
	view(t, db, func(tx store.Tx) error {
		for _, want := range []skill.Record{first, second} {
			if got, err := store.GetSkill(tx, want.ID); err != nil || got != want {
				t.Errorf("got %+v, %v\nwant %+v", got, err, want)
			}
		}
		from := store.SkillKey(second)
		for want, r := range map[string]page.Range{
			"skill_2 skill_1": {Order: page.Desc, Limit: 5}, "skill_2": {Order: page.Desc, Limit: 1}, "skill_1": {Order: page.Desc, From: &from, Limit: 5},
		} {
			rows, err := store.ListSkills(tx, r)
			var got []string
			for _, k := range rows {
				got = append(got, k.ID)
			}
			if err != nil || strings.Join(got, " ") != want {
				t.Errorf("list %+v: %v, %v", r, got, err)
			}
		}
		_, err := store.GetSkill(tx, "skill_none")
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("no skill: %v", err)
		}
		return nil
	})
}

func skillVersions(t *testing.T, db store.DB) {
	version := func(id, of string, at int64) skill.Version {
		return skill.Version{ID: id, SkillID: of, CreatedAt: at, Blob: "skills/" + id, Doc: skill.VersionDoc{Name: "a", Description: "d", Directory: "x", SHA256: "0"}}
	}
	all := []skill.Version{version("skver_1", "skill_1", 10), version("skver_2", "skill_1", 20), version("skver_3", "skill_1", 30), version("skver_4", "skill_2", 10)}
	update(t, db, func(tx store.Tx) error {
		var errs []error
		for _, v := range all {
			errs = append(errs, store.InsertSkillVersion(tx, v))
		}
		for _, id := range []string{"sesn_1", "sesn_2"} {
			errs = append(errs, store.InsertSession(tx, &store.Session{ID: id}, store.SessionDoc{}))
		}
		errs = append(errs, store.UseSkills(tx, "sesn_1", []string{"skver_1", "skver_3"}), store.UseSkills(tx, "sesn_2", []string{"skver_3"}), store.UseSkills(tx, "sesn_2", nil))
		return errors.Join(errs...)
	})
	err := db.Update(t.Context(), func(tx store.Tx) error { return store.InsertSkillVersion(tx, version("skver_5", "skill_1", 30)) })
	if err == nil {
		t.Error("two versions of a skill have one number")
	}
	look := func(what string, want skill.Version, get func(store.Tx) (skill.Version, error)) {
		t.Helper()
		view(t, db, func(tx store.Tx) error {
			got, err := get(tx)
			if want.ID == "" && !errors.Is(err, store.ErrNotFound) || want.ID != "" && (err != nil || got != want) {
				t.Errorf("%s: %+v, %v", what, got, err)
			}
			return nil
		})
	}
	at := func(of, address string) func(store.Tx) (skill.Version, error) {
		return func(tx store.Tx) (skill.Version, error) { return store.GetSkillVersion(tx, of, address) }
	}
	newest := func(tx store.Tx) (skill.Version, error) { return store.NewestSkillVersion(tx, "skill_1") }
	used := func(id string) func(store.Tx) (skill.Version, error) {
		return func(tx store.Tx) (skill.Version, error) { return store.UsedSkillVersion(tx, id) }
	}
	look("by id", all[1], at("skill_1", "skver_2"))
	look("by its old id", all[1], at("skill_1", "skillver_2"))
	look("by number", all[1], at("skill_1", "20"))
	look("of another skill", skill.Version{}, at("skill_2", "skver_2"))
	look("newest", all[2], newest)
	list := func() string {
		var got []string
		view(t, db, func(tx store.Tx) error {
			rows, err := store.ListSkillVersions(tx, "skill_1", page.Range{Order: page.Desc, Limit: 5})
			for _, v := range rows {
				got = append(got, v.ID)
			}
			return err
		})
		return strings.Join(got, " ")
	}
	if got := list(); got != "skver_3 skver_2 skver_1" {
		t.Errorf("list %s", got)
	}
	unused := func(want string, change func(store.Tx) ([]string, error)) {
		t.Helper()
		update(t, db, func(tx store.Tx) error {
			got, err := change(tx)
			if strings.Join(got, " ") != want {
				t.Errorf("unused %v, want %s", got, want)
			}
			return err
		})
	}
	remove := func(id string) func(store.Tx) ([]string, error) {
		return func(tx store.Tx) ([]string, error) { return store.DeleteSkillVersion(tx, id) }
	}
	release := func(session string) func(store.Tx) ([]string, error) {
		return func(tx store.Tx) ([]string, error) { return store.ReleaseSkills(tx, session) }
	}
	unused("", remove("skver_3")) // in use
	look("deleted", skill.Version{}, at("skill_1", "skver_3"))
	look("newest after a delete", all[1], newest)
	look("deleted and in use", all[2], used("skver_3"))
	unused("", release("sesn_1")) // the other session uses it too
	unused("skills/skver_3", release("sesn_2"))
	look("gone", skill.Version{}, used("skver_3"))
	unused("", release("sesn_2"))
	unused("skills/skver_2", remove("skver_2"))
	update(t, db, func(tx store.Tx) error { return store.UseSkills(tx, "sesn_1", []string{"skver_4"}) })
	unused("skills/skver_1", func(tx store.Tx) ([]string, error) { return store.DeleteSkill(tx, "skill_1") })
	unused("", func(tx store.Tx) ([]string, error) { return store.DeleteSkill(tx, "skill_2") })
	view(t, db, func(tx store.Tx) error {
		got, err := store.UnknownSkillVersions(tx, []string{"skver_1", "skver_4", "skver_x"})
		if strings.Join(got, " ") != "skver_1 skver_x" {
			t.Errorf("unknown %v", got)
		}
		return err
	})
	update(t, db, func(tx store.Tx) error {
		_, err := store.ReleaseSkills(tx, "sesn_1")
		return errors.Join(err, store.DeleteSession(tx, "sesn_1"))
	})
}
