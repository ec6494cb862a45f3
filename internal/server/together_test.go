package server

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

// A suspended sandbox goes on with its skills, its memory stores and its
// placeholders, though a client wrote to a store meanwhile, be it one of its
// own or one of the warm pool.
func TestSuspendWithSkillsMemoriesAndSecrets(t *testing.T) {
	for name, pool := range map[string]int{"its own": 0, "warm pool": 1} {
		t.Run(name, func(t *testing.T) { everything(t, pool) })
	}
}

// everything has a session use skills, memory stores and placeholders in a
// sandbox that is suspended twice.
func everything(t *testing.T, pool int) {
	m := modeltest.New(t)
	dir := t.TempDir()
	c := config(dir, m.URL)
	c.SuspendAfter, c.WarmPool = 300*time.Millisecond, pool
	p := serveHere(t, c)
	r := p.remembering(m)
	skill := p.upload("/v1/skills", "magic/SKILL.md", "---\nname: magic\ndescription: Tells a word.\n---\nRun run.sh.\n", "magic/run.sh", "#!/bin/sh\necho abracadabra\n")
	agent := p.create("/v1/agents", fmt.Sprintf(`{"name":"test","model":"claude-opus-5-5","tools":[{"type":"agent_toolset_20260401"}],"skills":[{"type":"custom","skill_id":%q}]}`, skill))
	vault := p.create("/v1/vaults", `{"display_name":"v"}`)
	p.create("/v1/vaults/"+vault+"/credentials", `{"auth":{"type":"environment_variable","secret_name":"KEY","secret_value":"x","networking":{"type":"unrestricted"}}}`)
	rules := p.create("/v1/memory_stores", `{"name":"Rules"}`)
	var s, first string
	for try := 1; ; try++ {
		s = p.create("/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q,"vault_ids":[%q],"resources":[
			{"type":"memory_store","memory_store_id":%q},{"type":"memory_store","memory_store_id":%q,"access":"read_only"}]}`,
			agent, r.env, vault, r.store, rules))
		first = r.bash(s, `X=kept; exec 5</mnt/memory/team-notes/style.md; echo mine > /mnt/memory/team-notes/a.md
			skills/magic/run.sh; cat /mnt/memory/team-notes/style.md; echo $KEY`)[0]
		adopted, err := filepath.Glob(filepath.Join(dir, "sandboxes", "sbx_*", "shelf", "ro", "copies", "0", "magic", "run.sh"))
		if err != nil || len(adopted) > pool {
			t.Fatalf("of a pool: %v, %v", adopted, err)
		}
		if len(adopted) == pool {
			break
		}
		// A session that comes while the spare sandbox is being started doesn't
		// get it, so the next one does.
		if try == 5 {
			t.Fatal("no session gets the spare sandbox")
		}
		p.call("DELETE", "/v1/sessions/"+s, "")
		waitForNo(t, filepath.Join(dir, "sandboxes", "sbx_*"))
	}
	words := strings.Split(strings.TrimSpace(first), "\n")
	if len(words) != 3 || words[0] != "abracadabra" || words[1] != "Be short." || !strings.HasPrefix(words[2], "CMA_PLACEHOLDER_") {
		t.Fatalf("%q", first)
	}
	for i := range 2 {
		waitForFile(t, filepath.Join(dir, "sandboxes", "sbx_*", "suspended"))
		p.create("/v1/memory_stores/"+r.store+"/memories", fmt.Sprintf(`{"path":"/b%d.md","content":"from a client %d\n"}`, i, i))
		got := r.bash(s, fmt.Sprintf(`echo $X $KEY; cat /mnt/memory/team-notes/b%d.md /mnt/memory/team-notes/a.md; skills/magic/run.sh; cat <&5`, i))[0]
		want := fmt.Sprintf("kept %s\nfrom a client %d\nmine\nabracadabra\n", words[2], i)
		if i == 0 {
			want += "Be short.\n"
		}
		if strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("resumed %d: %q, want %q", i, got, want)
		}
	}
}
