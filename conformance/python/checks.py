"""What the checks share: a client, a little bookkeeping, one turn.

A check is a function that takes a Python SDK client and raises when something is not as
a program of the hosted service expects. Each prints one line of JSON.
"""

import json
import sys
import time
import traceback

from anthropic import Anthropic

TOOLSET = {"type": "agent_toolset_20260401"}
MODEL = "claude-opus-5-5"
WEATHER = {
    "type": "custom",
    "name": "get_weather",
    "description": "Says how the weather is in a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}

CHECKS = []


def check(function):
    """Registers a check under the function's name."""
    CHECKS.append(function)
    return function


def new_client(cls=Anthropic, **options):
    """A client that fails on every answer its types do not describe."""
    return cls(_strict_response_validation=True, max_retries=0, timeout=60, **options)


def report(name, error=None, seconds=0.0):
    print(json.dumps({"check": name, "error": error, "seconds": round(seconds, 3)}), flush=True)


def run(function, *args):
    began = time.monotonic()
    error = None
    try:
        function(*args)
    except Exception:
        error = traceback.format_exc(limit=-6)
    report(function.__name__, error, time.monotonic() - began)


def equal(got, want, what=""):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def raises(cls, call, *parts):
    """Calls and wants exactly this class, with these parts in the message."""
    try:
        call()
    except Exception as e:
        if type(e) is not cls:
            raise AssertionError(f"raised {type(e).__name__}: {e}, want {cls.__name__}") from e
        for part in parts:
            if part not in str(e):
                raise AssertionError(f"{part!r} is not in: {e}") from e
        return e
    raise AssertionError(f"raised nothing, want {cls.__name__}")


def new_agent(client, **fields):
    return client.beta.agents.create(**{"name": "checker", "model": MODEL, **fields})


def unique(name):
    """A name no other run uses: those of environments may exist once."""
    return f"{name}-{time.time_ns()}"


def new_session(client, agent=None, **fields):
    environment = client.beta.environments.create(name=unique("check"))
    agent = agent or new_agent(client, tools=[TOOLSET])
    return client.beta.sessions.create(agent=agent.id, environment_id=environment.id, **fields)


def message(text):
    return {"type": "user.message", "content": [{"type": "text", "text": text}]}


def script(name, text="Please go ahead."):
    """A message that tells the model double what to do."""
    return message(f"{text} [script: {name}]")


def turn(client, session_id, *events, stop=lambda e: e.type == "session.status_idle", **options):
    """Opens the stream, sends events, and returns what comes until stop."""
    seen = []
    with client.beta.sessions.events.stream(session_id, **options) as stream:
        client.beta.sessions.events.send(session_id, events=list(events))
        for event in stream:
            seen.append(event)
            if stop(event):
                return seen
    raise AssertionError(f"the stream ended after {[e.type for e in seen]}")


def types(events):
    return [e.type for e in events]


def text_of(events):
    """All text the agent said."""
    return "".join(b.text for e in events if e.type == "agent.message" for b in e.content if b.type == "text")


def the(events, kind):
    """The one event of a type."""
    found = [e for e in events if e.type == kind]
    equal(len(found), 1, f"events of type {kind} in {types(events)}")
    return found[0]


def main():
    import anthropic

    print(json.dumps({"client": "python anthropic", "version": anthropic.__version__}), flush=True)
    client = new_client()
    for function in CHECKS:
        run(function, client)
    sys.exit(0)
