package skillstore

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Skills in repositories are found one level below .claude/skills, and nothing
// that a hostile repository holds leads elsewhere or blocks.
func TestSkillsInRepositories(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "SKILL.md")
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, "workspace", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("r/.claude/skills/b/SKILL.md", md)
	write("r/.claude/skills/a/SKILL.md", "---\ndescription: Named by\n  its directory.\n---\n")
	write("r/.claude/skills/bad/SKILL.md", "# no frontmatter")
	write("r/.claude/skills/SKILL.md", md)
	write("r/.claude/skills/deep/er/SKILL.md", md)
	write("r/.claude/skills/new\nline/SKILL.md", md)
	write("r/.claude/skills/huge/SKILL.md", "---\nname: huge\ndescription: Long.\n---\n"+strings.Repeat("x", 1<<20))
	write("r/sub/.claude/skills/c/SKILL.md", md)
	write("deep/er/r2/.claude/skills/d/SKILL.md", md)
	write("pipe/.claude/f", "")
	if err := syscall.Mkfifo(filepath.Join(dir, "workspace/pipe/.claude/skills"), 0o644); err != nil {
		t.Fatal(err)
	}
	write("other/.claude/skills/e/SKILL.md", md) // no repository
	if err := os.WriteFile(secret, []byte(md), 0o600); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "workspace", "r", ".claude", "skills")
	for name, make := range map[string]func(string) error{
		"fifo": func(d string) error { return syscall.Mkfifo(filepath.Join(d, "SKILL.md"), 0o644) },
		"link": func(d string) error { return os.Symlink(secret, filepath.Join(d, "SKILL.md")) },
		"dir":  func(d string) error { return os.Mkdir(filepath.Join(d, "SKILL.md"), 0o755) },
	} {
		if err := os.Mkdir(filepath.Join(at, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := make(filepath.Join(at, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Dir(secret), filepath.Join(at, "out")); err != nil {
		t.Fatal(err)
	}
	session := func(id string, tools ...wire.Tool) {
		r.update(func(tx store.Tx) error {
			doc := store.SessionDoc{Agent: wire.SessionAgent{AgentSpec: wire.AgentSpec{Tools: tools}}}
			if err := store.InsertSession(tx, &store.Session{ID: id}, doc); err != nil {
				return err
			}
			plan := resource.Plan{SessionID: id}
			for _, path := range []string{"/workspace/r", "/workspace/deep/er/r2", "/workspace/none", "/workspace/pipe"} {
				plan.Items = append(plan.Items, resource.Item{ID: id + path, Type: wire.ResourceGitHubRepository, MountPath: path})
			}
			return store.InsertResources(tx, plan, 1)
		})
	}
	session("sesn_1", wire.Tool{Agent: &wire.AgentToolset{Type: wire.TypeAgentToolset, DefaultConfig: wire.ToolDefault{Enabled: true}}})
	session("sesn_2", wire.Tool{Agent: &wire.AgentToolset{Type: wire.TypeAgentToolset}})
	got, err := r.InRepositories(t.Context(), "sesn_1", dir)
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(got, "\n\n")
	if want := "- a (/workspace/r/.claude/skills/a/SKILL.md): Named by its directory.\n- kit (/workspace/r/.claude/skills/b/SKILL.md): A kit.\n" +
		"- huge (/workspace/r/.claude/skills/huge/SKILL.md): Long.\n- kit (/workspace/deep/er/r2/.claude/skills/d/SKILL.md): A kit.]"; list != want {
		t.Errorf("got %s\nwant %s", list, want)
	}
	if got, err := r.InRepositories(t.Context(), "sesn_2", dir); err != nil || got != "" {
		t.Errorf("an agent that can't read is told %q, %v", got, err)
	}
}
