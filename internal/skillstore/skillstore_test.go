package skillstore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/skill/prebuilt"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestVersions(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	k := r.create("kit/SKILL.md", md)
	first := k.Latest
	second, err := r.AddVersion(ctx, k.ID, r.staged("other/SKILL.md", md, "other/x", ""))
	if err != nil || second.CreatedAt <= k.CreatedAt { // in the same microsecond of the clock
		t.Fatalf("%+v, %v", second, err)
	}
	third, err := r.AddVersion(ctx, k.ID, r.staged("kit/SKILL.md", md))
	if err != nil || third.CreatedAt <= second.CreatedAt {
		t.Fatalf("%+v, %v", third, err)
	}
	for address, want := range map[string]string{
		skill.Latest: third.ID, first: first, strings.Replace(first, "skver_", "skillver_", 1): first, second.Number(): second.ID,
	} {
		if v, err := r.Version(ctx, k.ID, address); err != nil || v.ID != want {
			t.Errorf("%s: %+v, %v", address, v, err)
		}
	}
	_, err = r.AddVersion(ctx, k.ID, r.staged("kit/SKILL.md", strings.Replace(md, "name: kit", "name: kat", 1)))
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "must be `kit` as in the skill's other versions, not `kat`") {
		t.Errorf("another slug: %v", err)
	}
	if _, err := r.AddVersion(ctx, "skill_none", r.staged("kit/SKILL.md", md)); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no skill: %v", err)
	}
	if _, err := r.AddVersion(ctx, "xlsx", r.staged("kit/SKILL.md", md)); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("prebuilt: %v", err)
	}
	if keys := r.keys(); keys != "skills/"+first+" skills/"+second.ID+" skills/"+third.ID {
		t.Errorf("kept %s", keys)
	}
	if v, err := r.DeleteVersion(ctx, k.ID, third.Number()); err != nil || v.ID != third.ID {
		t.Errorf("%+v, %v", v, err)
	}
	if k, err := r.Get(ctx, k.ID); err != nil || k.Latest != second.ID || k.LatestAt != second.CreatedAt {
		t.Errorf("latest after a delete: %+v, %v", k, err)
	}
	// A number is never used again.
	if fourth, err := r.AddVersion(ctx, k.ID, r.staged("kit/SKILL.md", md)); err != nil || fourth.CreatedAt <= third.CreatedAt {
		t.Errorf("%+v, %v", fourth, err)
	}
	for _, version := range []string{third.ID, "skver_none", ""} {
		if _, err := r.DeleteVersion(ctx, k.ID, version); fault.KindOf(err) != fault.NotFound {
			t.Errorf("delete of %q: %v", version, err)
		}
	}
	if _, err := r.DeleteVersion(ctx, k.ID, second.ID); err != nil {
		t.Error(err)
	}
	if _, err := r.DeleteVersion(ctx, k.ID, first); err != nil {
		t.Error(err)
	}
	if _, err := r.DeleteVersion(ctx, k.ID, skill.Latest); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the alias: %v", err)
	}
	k, err = r.Get(ctx, k.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.DeleteVersion(ctx, k.ID, k.Latest); fault.KindOf(err) != fault.Invalid {
		t.Errorf("the only one: %v", err)
	}
	if _, err := r.Version(ctx, k.ID, k.Latest); err != nil || r.keys() != "skills/"+k.Latest {
		t.Errorf("after the refusal: %v, kept %s", err, r.keys())
	}
	last, err := r.Version(ctx, k.ID, skill.Latest)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Delete(ctx, k.ID); err != nil || r.keys() != "" {
		t.Errorf("%v, kept %s", err, r.keys())
	}
	if _, err := r.Open(ctx, last); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a download that comes too late: %v", err)
	}
	if err := r.Delete(ctx, k.ID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestListsHavePrebuiltSkillsInTheirPlace(t *testing.T) {
	r := newRig(t)
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	var want []string
	for _, at := range []time.Time{day.Add(time.Hour), day.Add(-time.Hour)} {
		r.clock = at
		want = append(want, r.create("kit/SKILL.md", md).ID)
	}
	want = []string{want[0], "xlsx", "pptx", "pdf", "docx", want[1]}
	for limit := 1; limit <= 7; limit++ {
		for source, want := range map[string][]string{"": want, skill.Custom: {want[0], want[5]}, skill.Anthropic: want[1:5], "plugin": nil} {
			req := page.Request{List: "skills", Order: page.Desc, Limit: limit}
			var got []string
			for {
				res, err := r.List(t.Context(), source, req)
				if err != nil {
					t.Fatal(err)
				}
				for _, k := range res.Rows {
					got = append(got, k.ID)
				}
				if res.Next == nil {
					break
				}
				c, err := page.Parse(*res.Next, "skills", page.Desc)
				if err != nil {
					t.Fatal(err)
				}
				req.Cursor = &c
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("source %q, limit %d: %v", source, limit, got)
			}
		}
	}
	v, err := r.Version(t.Context(), "xlsx", skill.Latest)
	if err != nil || v.ID != prebuilt.Version {
		t.Fatalf("%+v, %v", v, err)
	}
	versions, err := r.Versions(t.Context(), "xlsx", page.Request{List: "v", Order: page.Desc, Limit: 1})
	if err != nil || len(versions.Rows) != 1 || versions.Next != nil {
		t.Errorf("%+v, %v", versions, err)
	}
	in, err := r.Open(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	dir, err := r.unpacked(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "scripts", "read_xlsx.py")); err != nil || info.Mode() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := r.Version(t.Context(), "xlsx", "20251013"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another version: %v", err)
	}
	if err := r.Delete(t.Context(), "xlsx"); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("delete: %v", err)
	}
}

func TestPin(t *testing.T) {
	r := newRig(t)
	k := r.create("kit/SKILL.md", md)
	v, err := r.Version(t.Context(), k.ID, skill.Latest)
	if err != nil {
		t.Fatal(err)
	}
	ref := func(typ, id, version string) wire.AgentSkill {
		return wire.AgentSkill{Type: typ, SkillID: id, Version: version}
	}
	pinned := ref("custom", k.ID, v.ID)
	for _, c := range []struct {
		in   []wire.AgentSkill
		want []wire.AgentSkill
		err  string
	}{
		{nil, []wire.AgentSkill{}, ""},
		{[]wire.AgentSkill{ref("custom", k.ID, "latest"), ref("anthropic", "pdf", "latest")}, []wire.AgentSkill{pinned, ref("anthropic", "pdf", prebuilt.Version)}, ""},
		{[]wire.AgentSkill{ref("custom", k.ID, v.Number()), pinned, ref("custom", k.ID, "latest"), ref("anthropic", "pdf", prebuilt.Version), ref("anthropic", "docx", "latest")},
			[]wire.AgentSkill{pinned, ref("anthropic", "pdf", prebuilt.Version), ref("anthropic", "docx", prebuilt.Version)}, ""},
		{[]wire.AgentSkill{pinned, ref("custom", "skill_none", "latest")}, nil, "s[1].skill_id: skill `skill_none` not found"},
		{[]wire.AgentSkill{ref("custom", k.ID, "skver_none")}, nil, "s[0].version: skill `" + k.ID + "` has no version `skver_none`"},
		{[]wire.AgentSkill{ref("custom", "pdf", "latest")}, nil, "s[0].type: skill `pdf` is prebuilt: its type is `anthropic`"},
		{[]wire.AgentSkill{ref("anthropic", k.ID, "latest")}, nil, "s[0].skill_id: no prebuilt skill `" + k.ID + "`; this server has `docx`, `pdf`, `pptx`, `xlsx`"},
		{[]wire.AgentSkill{ref("anthropic", "pdf", "20251013")}, nil, "s[0].version: skill `pdf` has no version `20251013`"},
	} {
		var got []wire.AgentSkill
		err := r.c.DB.View(t.Context(), func(tx store.Tx) (err error) {
			got, err = Pin(tx, "s", c.in)
			return err
		})
		if c.err != "" {
			if err == nil || err.Error() != c.err || fault.KindOf(err) != fault.Invalid {
				t.Errorf("%v: %v", c.in, err)
			}
			continue
		}
		if err != nil || string(wire.Encode(got)) != string(wire.Encode(c.want)) {
			t.Errorf("%v: %v, %v", c.in, got, err)
		}
	}
}

// What a session uses stays, whatever is deleted, and goes when the session
// does.
func TestSessionsKeepTheirSkills(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	k := r.create("kit/SKILL.md", md, "kit/a", "1")
	spare := r.create("kit/SKILL.md", strings.Replace(md, "A kit.", "Another.", 1))
	r.session("sesn_1", wire.AgentSkill{Type: "custom", SkillID: k.ID, Version: "latest"},
		wire.AgentSkill{Type: "anthropic", SkillID: "pdf", Version: "latest"}, wire.AgentSkill{Type: "custom", SkillID: spare.ID, Version: "latest"})
	if _, err := r.AddVersion(ctx, k.ID, r.staged("kit/SKILL.md", md, "kit/a", "2")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.DeleteVersion(ctx, k.ID, k.Latest); err != nil {
		t.Fatal(err)
	}
	if err := r.Delete(ctx, spare.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Version(ctx, k.ID, k.Latest); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the deleted version still shows: %v", err)
	}
	mounts, err := r.Mounts(ctx, "sesn_1", "")
	if err != nil || len(mounts) != 1 || mounts[0].Path != "/workspace/skills" || !mounts[0].ReadOnly {
		t.Fatalf("%v, %v", mounts, err)
	}
	if again, err := r.Mounts(ctx, "sesn_1", ""); err != nil || again[0] != mounts[0] {
		t.Errorf("%v, %v", again, err)
	}
	shown := tree(t, mounts[0].Source)
	for _, want := range []string{". drwxr-xr-x\n", "\nkit drwxr-xr-x\n", "\nkit/SKILL.md -rw-r--r-- ", "\nkit/a -rw-r--r-- \"1\"\n", "\npdf/scripts/read_pdf.py -rwxr-xr-x ",
		"\nkit-" + spare.Latest + "/SKILL.md -rw-r--r-- "} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not in\n%s", want, shown)
		}
	}
	brief := func(environment string) string {
		var out []string
		r.update(func(tx store.Tx) error {
			row, err := store.GetSession(tx, "sesn_1")
			if err != nil {
				return err
			}
			doc, err := row.Doc()
			if err != nil {
				return err
			}
			doc.Environment = environment
			out, err = Brief(tx, row, doc)
			return err
		})
		if len(out) != 1 || strings.Contains(out[0], "Body.") {
			t.Errorf("brief %q", out)
		}
		return out[0]
	}
	if got := brief("cloud"); !strings.Contains(got, "\n- kit (/workspace/skills/kit/SKILL.md): A kit.\n- pdf (/workspace/skills/pdf/SKILL.md): Reads") ||
		!strings.HasSuffix(got, "- kit (/workspace/skills/kit-"+spare.Latest+"/SKILL.md): Another.") {
		t.Errorf("brief %s", got)
	}
	if got := brief(wire.TypeSelfHosted); strings.Contains(got, "/workspace") || !strings.HasSuffix(got, "- kit (skills/kit/SKILL.md): Another.") {
		t.Errorf("self-hosted brief %s", got)
	}
	set := filepath.Base(filepath.Dir(mounts[0].Source))
	if err := r.Sweep(ctx); err != nil || r.left() != "pdf-"+prebuilt.Version+" "+set+" "+k.Latest+" "+spare.Latest {
		t.Errorf("%v, left %s", err, r.left())
	}
	var unused []string
	r.update(func(tx store.Tx) (err error) {
		unused, err = store.ReleaseSkills(tx, "sesn_1")
		return err
	})
	if strings.Join(unused, " ") != "skills/"+k.Latest+" skills/"+spare.Latest {
		t.Errorf("unused %v", unused)
	}
	if err := r.Sweep(ctx); err != nil || r.left() != "pdf-"+prebuilt.Version {
		t.Errorf("%v, left %s", err, r.left())
	}
}

func TestCrashesLeaveNothingForever(t *testing.T) {
	r := newRig(t)
	k := r.create("kit/SKILL.md", md)
	r.staged("kit/SKILL.md", md) // no record was written
	for _, name := range []string{partial + "1", "skver_gone", setPrefix + "half-removed"} {
		if err := os.MkdirAll(filepath.Join(r.c.Dir, name, "deep"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Sweep(t.Context()); err != nil || r.keys() != "skills/skver_1 skills/skver_3" || r.left() != partial+"1" {
		t.Errorf("%v, kept %s, left %s", err, r.keys(), r.left())
	}
	r.clock = r.clock.Add(grace + time.Minute)
	if err := r.Sweep(t.Context()); err != nil || r.keys() != "skills/"+k.Latest {
		t.Errorf("%v, kept %s", err, r.keys())
	}
	if _, err := New(r.c); err != nil || r.left() != "" {
		t.Errorf("%v, left %s", err, r.left())
	}
}

func TestUnpackingSideBySide(t *testing.T) {
	r := newRig(t)
	k := r.create("kit/SKILL.md", md)
	v, err := r.Version(t.Context(), k.ID, skill.Latest)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for range 8 {
		wg.Go(func() {
			_, err := r.unpacked(t.Context(), v)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil || r.left() != v.ID {
		t.Errorf("%v, left %s", err, r.left())
	}
	// A lost archive is an error that says so, and leaves no half of a copy.
	v.ID, v.Blob = "skver_lost", "skills/skver_lost"
	if _, err := r.unpacked(t.Context(), v); err == nil || !strings.Contains(err.Error(), "unpack version skver_lost of skill "+k.ID) || strings.Contains(r.left(), "lost") {
		t.Errorf("%v, left %s", err, r.left())
	}
}
