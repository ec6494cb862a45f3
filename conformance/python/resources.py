"""Agents, environments and sessions as objects."""

import anthropic
from checks import MODEL, TOOLSET, WEATHER, check, equal, new_agent, new_session, raises, unique


@check
def agent_round_trip(client):
    created = client.beta.agents.create(
        name="Round trip",
        model=MODEL,
        description="What it does.",
        system="You are terse.",
        metadata={"team": "a"},
        tools=[{**TOOLSET, "configs": [{"name": "bash", "permission_policy": {"type": "always_ask"}}]}, WEATHER],
    )
    got = client.beta.agents.retrieve(created.id)
    equal(got, created, "retrieve")
    equal((got.version, got.name, got.system, got.metadata), (1, "Round trip", "You are terse.", {"team": "a"}))
    equal(got.model.id, MODEL)
    equal([t.type for t in got.tools], ["agent_toolset_20260401", "custom"])
    equal(got.tools[0].configs[0].permission_policy.type, "always_ask")
    equal(got.tools[1].input_schema.properties, WEATHER["input_schema"]["properties"])
    equal((got.archived_at, got.multiagent, got.skills, got.mcp_servers), (None, None, [], []))


@check
def agent_versions(client):
    agent = new_agent(client, system="one", metadata={"keep": "1", "drop": "2"})
    second = client.beta.agents.update(agent.id, version=1, system="two", metadata={"drop": None})
    equal((second.version, second.system, second.metadata), (2, "two", {"keep": "1"}))
    equal(client.beta.agents.update(agent.id, version=2, system="two").version, 2, "an update that changes nothing")
    equal(client.beta.agents.retrieve(agent.id, version=1).system, "one")
    equal([v.version for v in client.beta.agents.versions.list(agent.id)], [2, 1])
    raises(anthropic.ConflictError, lambda: client.beta.agents.update(agent.id, version=1, system="three"))


@check
def agent_sent_back(client):
    """What the server answers is also a request: that of an update that changes nothing."""
    web = {"name": "web_fetch", "allowed_domains": ["example.com"], "url_sources": {"user_input": "none"}}
    agent = new_agent(client, tools=[{**TOOLSET, "configs": [web, {"name": "web_search"}]}, WEATHER])
    answer = agent.to_dict(mode="json")
    names = ("name", "description", "model", "system", "tools", "mcp_servers", "skills", "metadata")
    fields = {name: answer[name] for name in names}
    equal(client.beta.agents.update(agent.id, version=1, **fields), agent)
    equal(client.beta.agents.create(**fields).tools, agent.tools)


@check
def agent_archive(client):
    agent = new_agent(client)
    archived = client.beta.agents.archive(agent.id)
    assert archived.archived_at is not None
    equal(client.beta.agents.retrieve(agent.id).archived_at, archived.archived_at)
    assert agent.id not in [a.id for a in client.beta.agents.list()]
    assert agent.id in [a.id for a in client.beta.agents.list(include_archived=True)]
    raises(anthropic.BadRequestError, lambda: client.beta.agents.update(agent.id, version=1, name="x"))


@check
def environment_life(client):
    env = client.beta.environments.create(
        name=unique("life"),
        description="d",
        metadata={"a": "b"},
        config={"type": "cloud", "networking": {"type": "limited", "allowed_hosts": ["api.example.com"]}},
    )
    equal(client.beta.environments.retrieve(env.id), env)
    equal(env.config.networking.allowed_hosts, ["api.example.com"])
    name = unique("renamed")
    updated = client.beta.environments.update(env.id, name=name, metadata={"a": None, "c": "d"})
    equal((updated.name, updated.metadata, updated.description), (name, {"c": "d"}, "d"))
    assert client.beta.environments.archive(env.id).archived_at is not None
    gone = client.beta.environments.create(name=unique("gone"))
    raises(anthropic.ConflictError, lambda: client.beta.environments.create(name=gone.name))
    equal(client.beta.environments.delete(gone.id).type, "environment_deleted")
    raises(anthropic.NotFoundError, lambda: client.beta.environments.retrieve(gone.id))


def same_session(session):
    """A session without what changes as time goes by."""
    return session.model_dump(exclude={"stats"})


@check
def session_round_trip(client):
    agent = new_agent(client, system="pinned", tools=[TOOLSET])
    session = new_session(client, agent, title="A title", metadata={"k": "v"})
    equal(same_session(client.beta.sessions.retrieve(session.id)), same_session(session))
    equal((session.status, session.title, session.metadata), ("idle", "A title", {"k": "v"}))
    equal((session.agent.id, session.agent.version, session.agent.system), (agent.id, 1, "pinned"))
    client.beta.agents.update(agent.id, version=1, system="newer")
    equal(client.beta.sessions.retrieve(session.id).agent.system, "pinned", "a session keeps its agent's version")
    updated = client.beta.sessions.update(session.id, title="Another", metadata={"k": None, "n": "m"})
    equal((updated.title, updated.metadata), ("Another", {"n": "m"}))


@check
def session_pins_old_version(client):
    agent = new_agent(client, system="one")
    client.beta.agents.update(agent.id, version=1, system="two")
    environment = client.beta.environments.create(name=unique("pin"))
    session = client.beta.sessions.create(
        agent={"type": "agent", "id": agent.id, "version": 1}, environment_id=environment.id
    )
    equal((session.agent.version, session.agent.system), (1, "one"))


@check
def session_archive_and_delete(client):
    session = new_session(client)
    archived = client.beta.sessions.archive(session.id)
    assert archived.archived_at is not None
    equal(client.beta.sessions.delete(session.id).type, "session_deleted")
    raises(anthropic.NotFoundError, lambda: client.beta.sessions.retrieve(session.id))


@check
def lists_page_through(client):
    agent = new_agent(client)
    environment = client.beta.environments.create(name=unique("pages"))
    sessions = [client.beta.sessions.create(agent=agent.id, environment_id=environment.id).id for _ in range(5)]
    listed = [s.id for s in client.beta.sessions.list(agent_id=agent.id, limit=2)]
    equal(listed, sessions[::-1], "sessions, newest first, two to a page")
    listed = [s.id for s in client.beta.sessions.list(agent_id=agent.id, limit=2, order="asc")]
    equal(listed, sessions, "sessions, oldest first")
    for name, pages in {
        "agents": client.beta.agents.list(limit=2),
        "environments": client.beta.environments.list(limit=2),
        "models": client.models.list(limit=1),
    }.items():
        ids = [item.id for item in pages]
        assert len(ids) == len(set(ids)) and len(ids) >= 1, f"{name}: {ids}"
    assert agent.id in [a.id for a in client.beta.agents.list(limit=1)]
    assert environment.id in [e.id for e in client.beta.environments.list(limit=1)]
