package skill

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

func TestFormsOfBothDialects(t *testing.T) {
	r := Record{ID: "skill_1", CreatedAt: 1e15, UpdatedAt: 2e15, Source: Custom, Latest: "skver_Ab", LatestAt: 2e15, Doc: Doc{"a", "A label"}}
	v := Version{ID: "skver_Ab", SkillID: "skill_1", CreatedAt: 2e15, Doc: VersionDoc{Name: "a", Description: "d", Directory: "dir"}}
	p := Version{ID: "20261124", SkillID: "xlsx", CreatedAt: 1e15, Doc: VersionDoc{Name: "xlsx", Description: "d", Directory: "xlsx"}}
	for got, want := range map[string]string{
		string(wire.Encode(r.Wire())): `{"id":"skill_1","type":"skill","display_name":"A label","latest_version_id":"skver_Ab","source":{"type":"custom"},"created_at":"2001-09-09T01:46:40.000000Z","updated_at":"2033-05-18T03:33:20.000000Z"}`,
		string(wire.Encode(r.Old())):  `{"id":"skill_1","type":"skill","display_title":"A label","latest_version":"2000000000000000","source":"custom","created_at":"2001-09-09T01:46:40.000000Z","updated_at":"2033-05-18T03:33:20.000000Z"}`,
		string(wire.Encode(v.Wire())): `{"id":"skver_Ab","type":"skill_version","skill_id":"skill_1","name":"a","description":"d","created_at":"2033-05-18T03:33:20.000000Z"}`,
		string(wire.Encode(v.Old())):  `{"id":"skillver_Ab","type":"skill_version","skill_id":"skill_1","version":"2000000000000000","directory":"dir","name":"a","description":"d","created_at":"2033-05-18T03:33:20.000000Z"}`,
		string(wire.Encode(p.Old())):  `{"id":"skillver_20261124","type":"skill_version","skill_id":"xlsx","version":"20261124","directory":"xlsx","name":"xlsx","description":"d","created_at":"2001-09-09T01:46:40.000000Z"}`,
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]struct {
		id string
		at int64
	}{
		"skver_Ab": {"skver_Ab", 0}, "skillver_Ab": {"skver_Ab", 0}, "1759178010641129": {"", 1759178010641129}, "-5": {"-5", 0},
		"0": {"0", 0}, "99999999999999999999": {"99999999999999999999", 0}, "latest": {"latest", 0}, "": {"", 0},
	} {
		if id, at := Address(text); id != want.id || at != want.at {
			t.Errorf("%q: %q, %d", text, id, at)
		}
	}
}

func TestDisplayName(t *testing.T) {
	for given, want := range map[string]string{
		"": "slug", "Ein Wort": "Ein Wort", strings.Repeat("ü", 255): strings.Repeat("ü", 255),
		strings.Repeat("ü", 256): "display_name: at most 255 characters", "two\nlines": "display_name: must be a single line without control characters",
		"a\x7f": "display_name: must be a single line", "\xff": "display_name: must be UTF-8",
	} {
		got, err := DisplayName("display_name", given, "slug")
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%.20q: %s", given, got)
		}
	}
}

func TestBrief(t *testing.T) {
	version := func(id, name, text string) Version {
		return Version{ID: id, Doc: VersionDoc{Name: name, Description: text}}
	}
	vs := []Version{version("skver_1", "a", "First."), version("skver_2", "b", "two\n  lines"), version("skver_3", "a", "Third.")}
	_, got, _ := strings.Cut(Brief(vs, "/workspace"), "\n\n")
	if want := "- a (/workspace/skills/a/SKILL.md): First.\n- b (/workspace/skills/b/SKILL.md): two lines\n- a (/workspace/skills/a-skver_3/SKILL.md): Third."; got != want {
		t.Errorf("got %s", got)
	}
	// The worker of a self-hosted environment keeps one skill of a name.
	got = Brief(vs, "")
	if want := "relative to your working directory.\n\n- b (skills/b/SKILL.md): two lines\n- a (skills/a/SKILL.md): Third."; !strings.HasSuffix(got, want) {
		t.Errorf("got %s", got)
	}
	if got := Places([]Version{version("1", "a", ""), version("1", "a-1", ""), version("1", "a", "")}); strings.Join(got, " ") != "a a-1 a-1-1" {
		t.Errorf("places %v", got)
	}
}
