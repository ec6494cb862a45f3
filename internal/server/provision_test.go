package server

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/provision/provisiontest"
)

// The packages of an environment and the repositories of a session are there at
// its first command; what can't be had is told of and tried again; a push and a
// pull from inside work, with a token that is found nowhere.
func TestPackagesAndRepositories(t *testing.T) {
	if _, err := os.Stat("/usr/bin/npm"); err != nil {
		t.Skip("no npm on this machine")
	}
	// Not constants, which would be in the programs of the sandbox.
	token, rotated := "ghp_"+rand.Text(), "ghp_"+rand.Text()
	host, registry := provisiontest.NewGitHost(t), provisiontest.NewRegistry(t)
	host.Allow(token, "o/")
	head := host.Commit(t, "o/r", "main", "a=1")
	dir := t.TempDir()
	m := modeltest.New(t)
	c := config(dir, m.URL)
	c.GateCA = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(c.GateCA, host.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	c.GateHosts = host.Names() + "," + registry.Names()
	c.GitHosts = []string{"git.test"}
	c.Registries = registry.URLs()
	p := serveHere(t, c)

	env := p.create("/v1/environments", `{"name":"test","config":{"type":"cloud","networking":{"type":"limited","allowed_hosts":["git.test"],"allow_package_managers":true},
		"packages":{"npm":["ostler-try"],"pip":["ostler-none"]}}}`)
	agent := p.create("/v1/agents", `{"name":"test","model":"claude-opus-5-5","tools":[{"type":"agent_toolset_20260401"}]}`)
	newSession := func() string {
		return p.create("/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q,"resources":[
			{"type":"github_repository","url":%q,"authorization_token":%q},
			{"type":"github_repository","url":%q,"authorization_token":%q,"mount_path":"/workspace/deep/er/late"}]}`,
			agent, env, host.URL("o/r"), token, host.URL("o/late"), token))
	}
	session := newSession()
	// bash runs a command in a turn of its own and answers what it printed and
	// the kinds of errors that the turn met.
	bash := func(session, command string) (string, []string) {
		t.Helper()
		before := len(p.events(session))
		m.Queue(modeltest.ToolUse("bash", map[string]any{"command": command}), modeltest.Text("Done."))
		p.say(session, "go")
		var kinds []string
		out := ""
		for _, e := range p.idle(session)[before:] {
			switch e.Type {
			case "session.error":
				if e.Error.Retry.Type != "retrying" {
					t.Errorf("error %+v", e.Error)
				}
				kinds = append(kinds, strings.TrimSpace(e.Error.Type+" "+e.Error.URL))
			case "agent.tool_result":
				out = e.Content[0].Text
			}
		}
		return out, kinds
	}
	out, kinds := bash(session, `cd /workspace/r && git rev-parse HEAD && git status --short --branch && npm-try; env | grep -c ghp_`)
	if want := head + "\n## main...origin/main\nnpm\n0\n"; !strings.HasPrefix(out, want) {
		t.Errorf("got %q, want %q", out, want)
	}
	if want := "[unknown_error repository_not_found_error " + host.URL("o/late") + "]"; fmt.Sprint(kinds) != want {
		t.Errorf("errors %v, want %s", kinds, want)
	}
	// What an agent installs comes from the operator's registry, too.
	if _, err := os.Stat("/usr/bin/apt-get"); err == nil {
		if out, _ = bash(session, "cat /etc/apt/sources.list /etc/apt/sources.list.d/*"); !strings.HasPrefix(out, "deb [trusted=yes] http://registry.test/apt ./\ncat: ") {
			t.Errorf("apt's sources: %q", out)
		}
	}
	// A push goes through, with a token that nobody inside has.
	out, kinds = bash(session, `git -c user.name=n -c user.email=e@test commit -q --allow-empty -m pushed && git push -q 2>&1 && git config --list --show-origin; cat ~/.git-credentials ~/.netrc 2>&1`)
	if pushed := host.Git(t, "o/r", "log", "-1", "--format=%s", "main"); pushed != "pushed\n" || strings.Contains(out, "ghp_") {
		t.Errorf("pushed %q; %s", pushed, out)
	}
	if fmt.Sprint(kinds) != "[repository_not_found_error "+host.URL("o/late")+"]" {
		t.Errorf("errors of the second turn %v", kinds)
	}
	// What came into being meanwhile is there in the next turn, and a rotated
	// token counts at once.
	late := host.Commit(t, "o/late", "main", "a=late")
	if out, kinds = bash(session, `cat /workspace/deep/er/late/a; git -C /workspace/deep/er/late rev-parse HEAD; touch /workspace/deep/er/own`); !strings.HasPrefix(out, "late"+late) || len(kinds) > 0 {
		t.Errorf("got %q, errors %v", out, kinds)
	}
	host.Allow(token, "")
	host.Allow(rotated, "o/")
	if out, _ = bash(session, `cd /workspace/r; git pull -q 2>&1`); !strings.Contains(out, "Authentication failed") && !strings.Contains(out, "could not read Username") {
		t.Errorf("a pull with a token that is void: %q", out)
	}
	var resources struct {
		Data []struct{ ID, URL string }
	}
	if err := json.Unmarshal(p.call("GET", "/v1/sessions/"+session+"/resources", ""), &resources); err != nil {
		t.Fatal(err)
	}
	for _, r := range resources.Data {
		p.call("POST", "/v1/sessions/"+session+"/resources/"+r.ID, `{"authorization_token":"`+rotated+`"}`)
	}
	host.Commit(t, "o/r", "main", "b=pulled")
	if out, _ = bash(session, `git pull -q 2>&1; cat b`); out != "pulled\n" && out != "pulled" {
		t.Errorf("a pull with the new token: %q", out)
	}
	// Another session's token opens nothing that the first one's did.
	before := len(registry.Requests())
	if out, kinds = bash(newSession(), "ls /workspace"); out != "(no output)" || len(kinds) != 3 || !strings.HasPrefix(kinds[1], "repository_authentication_error") {
		t.Errorf("with a void token: %q, errors %v", out, kinds)
	}
	if n := len(registry.Requests()); n != before {
		t.Errorf("the second session asked the registry: %v", registry.Requests()[before:])
	}
	p.close()
	notKept(t, dir, token, rotated)
}
