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


def with_key(client, agent):
    """A session of the agent with a token for the server."""
    vault = client.beta.vaults.create(display_name="Keys")
    auth = {"type": "static_bearer", "mcp_server_url": URL + "/", "token": "conformance-mcp-token"}
    client.beta.vaults.credentials.create(vault.id, auth=auth)
    return new_session(client, agent, vault_ids=[vault.id])


@check
def mcp_tool(client):
    session = with_key(client, shouter(client))
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
    session = with_key(client, shouter(client))
    use = the(turn(client, session.id, script("shout")), "agent.mcp_tool_use")
    deny = {"type": "user.tool_confirmation", "tool_use_id": use.id, "result": "deny", "deny_message": "Too loud."}
    events = turn(client, session.id, deny)
    equal(the(events, "agent.mcp_tool_result").is_error, True)
    equal(text_of(events), "The server says: Too loud.")


def choir(client, joining):
    """An agent whose server answers three calls together, one of them under a policy of its own."""
    return new_agent(
        client,
        mcp_servers=[{"type": "url", "name": "shouter", "url": URL}],
        tools=[
            {
                "type": "mcp_toolset",
                "mcp_server_name": "shouter",
                "default_config": {"permission_policy": {"type": "always_allow"}},
                "configs": [{"name": "join", "permission_policy": {"type": joining}}],
            }
        ],
    )


def sung(events):
    """Each call has its own result, in whatever order; the model has them in the order of its calls."""
    uses = {e.id: e.input["text"] for e in events if e.type == "agent.mcp_tool_use"}
    results = {e.mcp_tool_use_id: (e.content[0].text, e.is_error) for e in events if e.type == "agent.mcp_tool_result"}
    equal(results, {id: (text.upper(), False) for id, text in uses.items()})
    equal((text_of(events), events[-1].stop_reason.type), ("The server says: DO | RE | MI", "end_turn"))


@check
def mcp_tools_side_by_side(client):
    sung(turn(client, with_key(client, choir(client, "always_allow")).id, script("choir")))


@check
def mcp_tool_allowed_while_others_run(client):
    """The two others wait for the one that is asked for: the session has no time to be idle."""
    session = with_key(client, choir(client, "always_ask"))
    seen = []
    with client.beta.sessions.events.stream(session.id) as stream:
        client.beta.sessions.events.send(session.id, events=[script("choir")])
        for event in stream:
            seen.append(event)
            if event.type == "span.model_request_end" and len([e for e in seen if e.type == event.type]) == 1:
                asked = [e.id for e in seen if e.type == "agent.mcp_tool_use" and e.evaluated_permission == "ask"]
                allow = {"type": "user.tool_confirmation", "tool_use_id": asked[0], "result": "allow"}
                client.beta.sessions.events.send(session.id, events=[allow])
            if event.type == "session.status_idle":
                break
    sung(seen)


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
