"""Turns: messages, tools that the client runs, confirmations, interrupts."""

import anthropic
from checks import (
    TOOLSET, WEATHER, check, equal, message, new_agent, new_session, raises, script, text_of, the, turn, types,
)


@check
def plain_turn(client):
    session = new_session(client)
    events = turn(client, session.id, script("hello"))
    equal(text_of(events), "Hello, I am a scripted model.")
    equal(events[-1].stop_reason.type, "end_turn")
    for kind in ["user.message", "session.status_running", "span.model_request_start", "agent.message", "span.model_request_end"]:
        the(events, kind)
    stored = list(client.beta.sessions.events.list(session.id))
    equal([e.id for e in stored if e.id in {s.id for s in events}], [e.id for e in events], "the list has what was streamed")
    times = [e.processed_at for e in stored]
    equal(times, sorted(times), "processed_at")
    after = client.beta.sessions.retrieve(session.id)
    equal(after.status, "idle")
    assert after.usage.output_tokens > 0, after.usage


@check
def events_page_through(client):
    session = new_session(client)
    turn(client, session.id, script("think"))
    everything = [e.id for e in client.beta.sessions.events.list(session.id)]
    assert len(everything) > 4 and len(set(everything)) == len(everything), everything
    equal([e.id for e in client.beta.sessions.events.list(session.id, limit=2)], everything, "two to a page")
    equal([e.id for e in client.beta.sessions.events.list(session.id, limit=3, order="desc")], everything[::-1])
    only = list(client.beta.sessions.events.list(session.id, types=["agent.message", "agent.thinking"]))
    equal(types(only), ["agent.thinking", "agent.message"])


@check
def second_turn_remembers(client):
    session = new_session(client)
    turn(client, session.id, script("hello"))
    events = turn(client, session.id, message("And now?"))
    equal(text_of(events), "The script hello is over.", "the model saw the first turn")


@check
def server_runs_bash(client):
    session = new_session(client)
    events = turn(client, session.id, script("bash"))
    use, result = the(events, "agent.tool_use"), the(events, "agent.tool_result")
    equal((use.name, result.tool_use_id), ("bash", use.id))
    equal(text_of(events), "The command printed: out-42")


@check
def custom_tool(client):
    session = new_session(client, new_agent(client, tools=[WEATHER]))
    events = turn(client, session.id, script("weather"))
    use, idle = the(events, "agent.custom_tool_use"), events[-1]
    equal((use.name, use.input), ("get_weather", {"city": "Oslo"}))
    equal((idle.stop_reason.type, idle.stop_reason.event_ids), ("requires_action", [use.id]))
    raises(anthropic.BadRequestError, lambda: client.beta.sessions.events.send(session.id, events=[message("hurry")]))
    result = {"type": "user.custom_tool_result", "custom_tool_use_id": use.id, "content": [{"type": "text", "text": "rain"}]}
    events = turn(client, session.id, result)
    equal((text_of(events), events[-1].stop_reason.type), ("The tool says: rain", "end_turn"))
    raises(anthropic.BadRequestError, lambda: client.beta.sessions.events.send(session.id, events=[result]))


@check
def two_custom_tools(client):
    session = new_session(client, new_agent(client, tools=[WEATHER]))
    events = turn(client, session.id, script("two-weathers"))
    uses = [e for e in events if e.type == "agent.custom_tool_use"]
    equal([u.input["city"] for u in uses], ["Oslo", "Rome"])
    equal(set(events[-1].stop_reason.event_ids), {u.id for u in uses})
    answers = [
        {"type": "user.custom_tool_result", "custom_tool_use_id": u.id, "content": [{"type": "text", "text": u.input["city"]}]}
        for u in uses
    ]
    events = turn(client, session.id, *answers)
    equal(text_of(events), "Both tools say: Oslo | Rome")


def asking(client):
    policy = {"enabled": True, "permission_policy": {"type": "always_ask"}}
    return new_session(client, new_agent(client, tools=[{**TOOLSET, "default_config": policy}]))


@check
def confirmation_allows(client):
    session = asking(client)
    events = turn(client, session.id, script("bash"))
    use = the(events, "agent.tool_use")
    equal((use.evaluated_permission, events[-1].stop_reason.type), ("ask", "requires_action"))
    equal(events[-1].stop_reason.event_ids, [use.id])
    events = turn(client, session.id, {"type": "user.tool_confirmation", "tool_use_id": use.id, "result": "allow"})
    equal((text_of(events), events[-1].stop_reason.type), ("The command printed: out-42", "end_turn"))


@check
def confirmation_denies(client):
    session = asking(client)
    use = the(turn(client, session.id, script("bash")), "agent.tool_use")
    events = turn(
        client, session.id,
        {"type": "user.tool_confirmation", "tool_use_id": use.id, "result": "deny", "deny_message": "Not on a Friday."},
    )
    equal(the(events, "agent.tool_result").is_error, True)
    assert "Not on a Friday." in text_of(events), text_of(events)


@check
def interrupt(client):
    session = new_session(client)
    turn(client, session.id, script("hang"), stop=lambda e: e.type == "span.model_request_start")
    events = turn(client, session.id, {"type": "user.interrupt"})
    assert "user.interrupt" in types(events), types(events)
    equal(events[-1].stop_reason.type, "end_turn")
    events = turn(client, session.id, script("hello"))
    equal(text_of(events), "Hello, I am a scripted model.", "the session goes on")


@check
def model_error(client):
    session = new_session(client)
    events = turn(client, session.id, script("error"))
    equal(the(events, "session.error").error.type, "model_request_failed_error")
    equal(events[-1].stop_reason.type, "retries_exhausted")


@check
def previews(client):
    from anthropic.lib.sessions import accumulate_managed_agents_event

    session = new_session(client)
    events = turn(client, session.id, script("long"), event_deltas=["agent.message"])
    snapshot, longest, deltas = None, "", 0
    for event in events:
        deltas += event.type == "event_delta"
        snapshot = accumulate_managed_agents_event(snapshot, event)
        if event.type == "event_delta":
            longest = snapshot.content[0].text
    final = the(events, "agent.message")
    assert deltas >= 1, f"{deltas} deltas"
    assert final.content[0].text.startswith(longest) and longest, longest
    equal(snapshot, final)


@check
def threads_of_a_session(client):
    session = new_session(client)
    turn(client, session.id, script("hello"))
    threads = list(client.beta.sessions.threads.list(session.id))
    equal(len(threads), 1)
    again = client.beta.sessions.threads.retrieve(threads[0].id, session_id=session.id)
    equal(again.model_dump(exclude={"stats"}), threads[0].model_dump(exclude={"stats"}))
    equal(
        [e.type for e in client.beta.sessions.threads.events.list(threads[0].id, session_id=session.id, limit=2)].count("agent.message"), 1
    )
