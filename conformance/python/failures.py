"""Refusals become the SDK's exceptions."""

import anthropic
from checks import MODEL, check, equal, message, new_client, new_session, raises


@check
def not_found(client):
    for call in [
        lambda: client.beta.agents.retrieve("agent_01nothing"),
        lambda: client.beta.environments.retrieve("env_01nothing"),
        lambda: client.beta.sessions.retrieve("sesn_01nothing"),
        lambda: client.beta.sessions.events.send("sesn_01nothing", events=[message("x")]),
        lambda: list(client.beta.sessions.events.list("sesn_01nothing")),
        lambda: client.beta.files.retrieve_metadata("file_01nothing"),
        lambda: client.models.retrieve("no-such-model-anywhere"),
    ]:
        error = raises(anthropic.NotFoundError, call)
        equal(error.body["error"]["type"], "not_found_error")
        equal(error.body["request_id"], error.request_id)


@check
def not_found_stream(client):
    def call():
        with client.beta.sessions.events.stream("sesn_01nothing") as stream:
            list(stream)

    raises(anthropic.NotFoundError, call)


@check
def bad_request(client):
    session = new_session(client)
    for call, part in [
        (lambda: client.beta.agents.create(name="x", model=MODEL, extra_body={"colour": "red"}), "colour"),
        (lambda: client.beta.agents.create(name="", model=MODEL), "name"),
        (lambda: client.beta.agents.create(name="x", model=MODEL, tools=[{"type": "magic"}]), "tools[0]"),
        (lambda: client.beta.sessions.create(agent="agent_01nothing", environment_id=session.environment_id), "agent"),
        (lambda: client.beta.sessions.events.send(session.id, events=[{"type": "agent.message", "content": []}]), "events[0]"),
        (lambda: client.beta.sessions.events.send(session.id, events=[{"type": "user.message", "content": []}]), "events[0].content"),
        (lambda: client.beta.sessions.list(limit=0), "limit"),
        (lambda: client.beta.sessions.list(page="garbage"), "page"),
    ]:
        error = raises(anthropic.BadRequestError, call, part)
        equal(error.body["error"]["type"], "invalid_request_error")


@check
def wrong_key(client):
    stranger = new_client(api_key="wrong")
    error = raises(anthropic.AuthenticationError, lambda: stranger.beta.agents.list())
    equal(error.body["error"]["type"], "authentication_error")


@check
def either_credential(client):
    """An API key is taken as a bearer token and as x-api-key."""
    token = new_client(api_key=None, auth_token=client.api_key)
    equal(token.beta.agents.list(limit=1).data[0].type, "agent")


@check
def archived_session_takes_nothing(client):
    session = new_session(client)
    client.beta.sessions.archive(session.id)
    raises(anthropic.BadRequestError, lambda: client.beta.sessions.events.send(session.id, events=[message("x")]))
    raises(anthropic.BadRequestError, lambda: client.beta.sessions.update(session.id, title="x"))
