package gov2

import (
	"os"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
)

// shouter is an agent with an MCP server whose calls are asked for, unless
// another policy is the default.
func shouter(t testing.TB, c *anthropic.Client, policy anthropic.BetaManagedAgentsMCPToolsetDefaultConfigParams) *anthropic.BetaManagedAgentsAgent {
	t.Helper()
	return must(c.Beta.Agents.New(ctx(t), anthropic.BetaAgentNewParams{
		Name: "checker", Model: anthropic.BetaManagedAgentsModelConfigParams{ID: "claude-opus-5-5"},
		MCPServers: []anthropic.BetaManagedAgentsURLMCPServerParams{{Type: "url", Name: "shouter", URL: os.Getenv("CHECK_MCP_URL")}},
		Tools: []anthropic.BetaAgentNewParamsToolUnion{{
			OfMCPToolset: &anthropic.BetaManagedAgentsMCPToolsetParams{Type: "mcp_toolset", MCPServerName: "shouter", DefaultConfig: policy},
		}},
	}))(t)
}

var (
	byDefault anthropic.BetaManagedAgentsMCPToolsetDefaultConfigParams
	allowed   = anthropic.BetaManagedAgentsMCPToolsetDefaultConfigParams{
		PermissionPolicy: anthropic.BetaManagedAgentsMCPToolsetDefaultConfigParamsPermissionPolicyUnion{
			OfAlwaysAllow: &anthropic.BetaManagedAgentsAlwaysAllowPolicyParam{Type: "always_allow"}},
	}
)

// withKey is a session of an agent with a token for the server.
func withKey(t testing.TB, c *anthropic.Client, agent *anthropic.BetaManagedAgentsAgent) string {
	t.Helper()
	vault := newVault(t, c)
	must(c.Beta.Vaults.Credentials.New(ctx(t), vault.ID, anthropic.BetaVaultCredentialNewParams{
		Auth: anthropic.BetaVaultCredentialNewParamsAuthUnion{OfStaticBearer: &anthropic.BetaManagedAgentsStaticBearerCreateParams{
			Type: "static_bearer", MCPServerURL: os.Getenv("CHECK_MCP_URL") + "/", Token: "conformance-mcp-token",
		}},
	}))(t)
	return must(c.Beta.Sessions.New(ctx(t), anthropic.BetaSessionNewParams{
		Agent:         anthropic.BetaSessionNewParamsAgentUnion{OfString: anthropic.String(agent.ID)},
		EnvironmentID: newEnvironment(t, c, "check").ID,
		VaultIDs:      []string{vault.ID},
	}))(t).ID
}

func mcpTool(t testing.TB, c *anthropic.Client) {
	session := withKey(t, c, shouter(t, c, byDefault))
	events := turn(t, c, session, "", script("shout"))
	use := the(t, events, "agent.mcp_tool_use").AsAgentMCPToolUse()
	equal(t, "server and tool", use.MCPServerName+" "+use.Name, "shouter shout")
	equal(t, "input", use.Input, map[string]any{"text": "hello"})
	equal(t, "permission", string(use.EvaluatedPermission), "ask")
	equal(t, "waits for", last(events).StopReason.AsRequiresAction().EventIDs, []string{use.ID})
	events = turn(t, c, session, "", confirm(use.ID, ""))
	result := the(t, events, "agent.mcp_tool_result").AsAgentMCPToolResult()
	equal(t, "mcp_tool_use_id", result.MCPToolUseID, use.ID)
	equal(t, "result", result.Content[0].Text, "HELLO")
	equal(t, "said", said(events), "The server says: HELLO")
}

// mcpSideBySide makes three calls that wait for each other. Their results come
// in whatever order; the model has them in the order of its calls.
func mcpSideBySide(t testing.TB, c *anthropic.Client) {
	events := turn(t, c, withKey(t, c, shouter(t, c, allowed)), "", script("choir"))
	uses, results := map[string]any{}, map[string]string{}
	for _, e := range events {
		switch e.Type {
		case "agent.mcp_tool_use":
			use := e.AsAgentMCPToolUse()
			uses[use.ID] = use.Input["text"]
		case "agent.mcp_tool_result":
			result := e.AsAgentMCPToolResult()
			results[result.MCPToolUseID] = result.Content[0].Text
		}
	}
	equal(t, "calls", len(uses), 3)
	for id, text := range uses {
		equal(t, "result of a call", results[id], strings.ToUpper(text.(string)))
	}
	equal(t, "said", said(events), "The server says: DO | RE | MI")
}

func mcpWithoutCredential(t testing.TB, c *anthropic.Client) {
	events := turn(t, c, newSession(t, c, shouter(t, c, byDefault)), "", script("hello"))
	e := the(t, events, "session.error").AsSessionError().Error.AsMCPAuthenticationFailedError()
	equal(t, "server", e.MCPServerName, "shouter")
	equal(t, "retry status", string(e.RetryStatus.Type), "retrying")
	equal(t, "said", said(events), "Hello, I am a scripted model.")
}

// exampleServers uses programs of the MCP SDK's own, over streamable HTTP and
// over SSE.
func exampleServers(t testing.TB, c *anthropic.Client) {
	agent := must(c.Beta.Agents.New(ctx(t), anthropic.BetaAgentNewParams{
		Name: "checker", Model: anthropic.BetaManagedAgentsModelConfigParams{ID: "claude-opus-5-5"},
		MCPServers: []anthropic.BetaManagedAgentsURLMCPServerParams{
			{Type: "url", Name: "everything", URL: os.Getenv("CHECK_EVERYTHING_URL")},
			{Type: "url", Name: "greeter", URL: os.Getenv("CHECK_GREETER_URL")},
		},
		Tools: []anthropic.BetaAgentNewParamsToolUnion{
			{OfMCPToolset: &anthropic.BetaManagedAgentsMCPToolsetParams{Type: "mcp_toolset", MCPServerName: "everything", DefaultConfig: allowed}},
			{OfMCPToolset: &anthropic.BetaManagedAgentsMCPToolsetParams{Type: "mcp_toolset", MCPServerName: "greeter", DefaultConfig: allowed}},
		},
	}))(t)
	events := turn(t, c, newSession(t, c, agent), "", script("greet"))
	var got []string
	for _, e := range events {
		switch e.Type {
		case "agent.mcp_tool_use":
			use := e.AsAgentMCPToolUse()
			got = append(got, use.MCPServerName+": "+use.Name)
		case "agent.mcp_tool_result":
			got = append(got, e.AsAgentMCPToolResult().Content[0].Text)
		}
	}
	equal(t, "calls and results", got, []string{
		"everything: greet", "Hi Ada",
		"everything: greet (structured)", `{"message":"Hi Bob"}`,
		"everything: greet (content with ResourceLink)", got[5],
		"greeter: greet1", "Hi Dee",
	})
	if !strings.Contains(got[5], "data:text/plain,Hi%20Cy") {
		t.Errorf("a link to a resource: %q", got[5])
	}
}
