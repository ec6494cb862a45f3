package server

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/provision/provisiontest"
)

// An agent installs software as on any machine, from where the operator says.
func TestAgentInstalls(t *testing.T) {
	for _, program := range []string{"apt-get", "dpkg-deb", "pip"} {
		if _, err := os.Stat("/usr/bin/" + program); err != nil {
			t.Skipf("no %s on this machine", program)
		}
	}
	registry := provisiontest.NewRegistry(t)
	m := modeltest.New(t)
	c := config(t.TempDir(), m.URL)
	c.GateHosts, c.Registries = registry.Names(), registry.URLs()
	p := serveHere(t, c)
	env := p.create("/v1/environments", `{"name":"test","config":{"type":"cloud","networking":{"type":"unrestricted"}}}`)
	agent := p.create("/v1/agents", `{"name":"test","model":"claude-opus-5-5","tools":[{"type":"agent_toolset_20260401"}]}`)
	session := p.create("/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q}`, agent, env))
	m.Queue(modeltest.ToolUse("bash", map[string]any{"command": "{ apt-get update && apt-get install -y ostler-try && " +
		"pip install --index-url http://registry.test/pip/ --trusted-host registry.test ostler-try; } >/tmp/said 2>&1 || cat /tmp/said; apt-try; pip-try"}),
		modeltest.Text("Done."))
	p.say(session, "go")
	var out string
	for _, e := range p.idle(session) {
		if e.Type == "agent.tool_result" {
			out = e.Content[0].Text
		}
	}
	if strings.TrimSpace(out) != "apt\npip" {
		t.Errorf("got %q", out)
	}
}
