package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/provision/provisiontest"
)

// upload makes a skill, or a version of one, of names and contents in turn.
func (p *process) upload(path string, files ...string) (id string) {
	p.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for pair := range slices.Chunk(files, 2) {
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name="files[]"; filename="%s"`, pair[0])}})
		if err != nil {
			p.t.Fatal(err)
		}
		if _, err := io.WriteString(part, pair[1]); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequest("POST", p.url+path, &b)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("x-api-key", "key")
	req.Header.Set("Content-Type", w.FormDataContentType())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s %v", res.Status, body, err)
	}
	var v struct{ ID string }
	if err := json.Unmarshal(body, &v); err != nil {
		p.t.Fatal(err)
	}
	return v.ID
}

// An agent uses a skill with a script: the model sees its name and description
// from the first request on, and its body when the agent has read it.
func TestAnAgentUsesASkill(t *testing.T) {
	const body = "Say the magic word: xyzzy."
	m := modeltest.New(t)
	p := serveHere(t, config(t.TempDir(), m.URL))
	md := "---\nname: magic\ndescription: Does magic. Use it when asked for magic.\n---\n\n" + body + "\n"
	id := p.upload("/v1/skills", "magic/SKILL.md", md, "magic/scripts/run.sh", "#!/bin/sh\necho ran $((6*7)) in $(dirname \"$0\")\n")
	env := p.create("/v1/environments", `{"name":"test"}`)
	agent := p.create("/v1/agents", fmt.Sprintf(`{"name":"test","model":"claude-opus-5-5","system":"Be brief.","tools":[{"type":"agent_toolset_20260401"}],
		"skills":[{"type":"custom","skill_id":%q},{"type":"anthropic","skill_id":"xlsx"}]}`, id))
	newSession := func() string {
		return p.create("/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q}`, agent, env))
	}
	session := newSession()
	// A version that comes after the session, and the delete of all, change
	// nothing for it.
	p.upload("/v1/skills/"+id+"/versions", "magic/SKILL.md", strings.Replace(md, "xyzzy", "plugh", 1))
	late := newSession()
	p.call("DELETE", "/v1/skills/"+id, "")

	bash := func(command string) modeltest.Reply {
		return modeltest.ToolUse("bash", map[string]any{"command": command})
	}
	m.Queue(
		modeltest.ToolUse("read", map[string]any{"file_path": "/workspace/skills/magic/SKILL.md"}),
		bash("/workspace/skills/magic/scripts/run.sh"),
		bash("cat skills/xlsx/SKILL.md | head -2 | tail -1; stat -c %a skills/xlsx/scripts/*.py skills/magic/SKILL.md; echo x > skills/magic/SKILL.md; rm -r skills/magic"),
		modeltest.Text("Done."))
	p.say(session, "magic, please")
	var results []string
	log := p.idle(session)
	for _, e := range log {
		if e.Type == "agent.tool_result" {
			results = append(results, e.Content[0].Text)
		}
	}
	checkLog(t, log)
	if len(results) != 3 || !strings.Contains(results[0], body) || strings.TrimSpace(results[1]) != "ran 42 in /workspace/skills/magic/scripts" {
		t.Fatalf("results %q", results)
	}
	if got := results[2]; !strings.HasPrefix(got, "name: xlsx\n755\n755\n644\n") || strings.Count(got, "Read-only file system") < 2 {
		t.Errorf("the skills are not read-only: %s", got)
	}
	requests := m.Requests()
	for i, r := range requests {
		if got := strings.Contains(string(r.Raw), "xyzzy"); got != (i > 0) {
			t.Errorf("request %d has the body: %v", i, got)
		}
		if !strings.Contains(string(r.Raw), `\n- magic (/workspace/skills/magic/SKILL.md): Does magic. Use it when asked for magic.\n- xlsx (/workspace/skills/xlsx/SKILL.md): Reads, makes`) {
			t.Errorf("request %d doesn't tell of the skills: %.3000s", i, r.Raw)
		}
	}
	m.Queue(bash("tail -1 skills/magic/SKILL.md"), modeltest.Text("Done."))
	p.say(late, "magic, please")
	if log := p.idle(late); !slices.ContainsFunc(log, func(e event) bool {
		return e.Type == "agent.tool_result" && strings.Contains(e.Content[0].Text, "plugh")
	}) {
		t.Errorf("the second session doesn't see the second version: %+v", log)
	}
}

// Skills that lie in a repository are told of once, behind the result of the
// call that found it cloned, and are used like others.
func TestAnAgentHearsOfSkillsInItsRepository(t *testing.T) {
	host := provisiontest.NewGitHost(t)
	host.Allow("ghp_x", "o/")
	host.Commit(t, "o/r", "main", ".claude/skills/lint/SKILL.md=---\nname: lint\ndescription: Lints code.\n---\nSay xyzzy.\n", "a=1")
	m := modeltest.New(t)
	c := config(t.TempDir(), m.URL)
	c.GateCA = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(c.GateCA, host.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	c.GateHosts, c.GitHosts = host.Names(), []string{"git.test"}
	p := serveHere(t, c)
	env := p.create("/v1/environments", `{"name":"test"}`)
	agent := p.create("/v1/agents", `{"name":"test","model":"claude-opus-5-5","tools":[{"type":"agent_toolset_20260401"}]}`)
	session := p.create("/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q,"resources":[{"type":"github_repository","url":%q,"authorization_token":"ghp_x"}]}`,
		agent, env, host.URL("o/r")))
	m.Queue(modeltest.ToolUse("bash", map[string]any{"command": "ls r"}),
		modeltest.ToolUse("read", map[string]any{"file_path": "/workspace/r/.claude/skills/lint/SKILL.md"}), modeltest.Text("Done."))
	p.say(session, "go")
	var results []string
	for _, e := range p.idle(session) {
		if e.Type == "agent.tool_result" {
			text := ""
			for _, c := range e.Content {
				text += c.Text + "|"
			}
			results = append(results, text)
		}
	}
	if len(results) != 2 || !strings.Contains(results[0], "|[The session's repositories bring skills") || !strings.HasSuffix(results[0], "- lint (/workspace/r/.claude/skills/lint/SKILL.md): Lints code.]|") ||
		strings.Contains(results[0], "xyzzy") || !strings.Contains(results[1], "xyzzy") || strings.Contains(results[1], "bring skills") {
		t.Errorf("results %q", results)
	}
}
