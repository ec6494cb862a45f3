"""MCP servers: the server calls their tools, with the tokens of the session's vaults."""

import os

from checks import check, equal, new_agent, new_session, script, text_of, the, turn

URL = os.environ["CHECK_MCP_URL"]


def shouter(client):
    return new_agent(
        client,
        mcp_servers=[{"type": "url", "name": "shouter", "url": URL}],
        tools=[{"type": "mcp_toolset", "mcp_server_name": "shouter"}],
    )


@check
def mcp_tool(client):
    vault = client.beta.vaults.create(display_name="Keys")
    auth = {"type": "static_bearer", "mcp_server_url": URL + "/", "token": "conformance-mcp-token"}
    client.beta.vaults.credentials.create(vault.id, auth=auth)
    session = new_session(client, shouter(client), vault_ids=[vault.id])
    events = turn(client, session.id, script("shout"))
    use, idle = the(events, "agent.mcp_tool_use"), events[-1]
    equal((use.mcp_server_name, use.name, use.input), ("shouter", "shout", {"text": "hello"}))
    equal(use.evaluated_permission, "ask")
    equal((idle.stop_reason.type, idle.stop_reason.event_ids), ("requires_action", [use.id]))
    events = turn(client, session.id, {"type": "user.tool_confirmation", "tool_use_id": use.id, "result": "allow"})
    result = the(events, "agent.mcp_tool_result")
    equal((result.mcp_tool_use_id, result.is_error, result.content[0].text), (use.id, False, "HELLO"))
    equal(text_of(events), "The server says: HELLO")


@check
def mcp_tool_denied(client):
    vault = client.beta.vaults.create(display_name="Keys")
    auth = {"type": "static_bearer", "mcp_server_url": URL, "token": "conformance-mcp-token"}
    client.beta.vaults.credentials.create(vault.id, auth=auth)
    session = new_session(client, shouter(client), vault_ids=[vault.id])
    use = the(turn(client, session.id, script("shout")), "agent.mcp_tool_use")
    deny = {"type": "user.tool_confirmation", "tool_use_id": use.id, "result": "deny", "deny_message": "Too loud."}
    events = turn(client, session.id, deny)
    equal(the(events, "agent.mcp_tool_result").is_error, True)
    equal(text_of(events), "The server says: Too loud.")


@check
def mcp_server_without_a_credential(client):
    session = new_session(client, shouter(client))
    events = turn(client, session.id, script("hello"))
    error = the(events, "session.error").error
    equal((error.type, error.mcp_server_name, error.retry_status.type), ("mcp_authentication_failed_error", "shouter", "retrying"))
    equal(text_of(events), "Hello, I am a scripted model.")
    equal(events[-1].stop_reason.type, "end_turn")


@check
def example_servers(client):
    """Programs of the MCP SDK's own, over streamable HTTP and over SSE."""
    servers = {"everything": os.environ["CHECK_EVERYTHING_URL"], "greeter": os.environ["CHECK_GREETER_URL"]}
    allow = {"permission_policy": {"type": "always_allow"}}
    agent = new_agent(
        client,
        mcp_servers=[{"type": "url", "name": name, "url": url} for name, url in servers.items()],
        tools=[{"type": "mcp_toolset", "mcp_server_name": name, "default_config": allow} for name in servers],
    )
    events = turn(client, new_session(client, agent).id, script("greet"))
    uses = [(e.mcp_server_name, e.name) for e in events if e.type == "agent.mcp_tool_use"]
    equal([name for name, _ in uses], ["everything", "everything", "everything", "greeter"])
    texts = [e.content[0].text for e in events if e.type == "agent.mcp_tool_result"]
    equal([texts[0], texts[1], texts[3]], ["Hi Ada", '{"message":"Hi Bob"}', "Hi Dee"])
    equal("data:text/plain,Hi%20Cy" in texts[2], True)
