"""Skills: directories of instructions and scripts, and the agents that use them."""

import io
import os
import tempfile
import zipfile

import anthropic
from anthropic.lib import files_from_dir
from checks import TOOLSET, WEATHER, check, equal, new_agent, new_session, raises, script, text_of, turn, unique

MD = b"---\nname: greeting\ndescription: Greets people. Use it when someone says hello.\n---\n\nRun scripts/greet.sh.\n"
SH = b"#!/bin/sh\necho greetings-$((6*7))\n"

# Releases before 1 speak the first dialect of the Skills API and know no other.
OLD = anthropic.__version__.startswith("0.")
LABEL = "display_title" if OLD else "display_name"


def version_of(skill):
    """What addresses the newest version of a skill."""
    return skill.latest_version if OLD else skill.latest_version_id


def address(version):
    return version.version if OLD else version.id


def new_skill(client, label="Greeting"):
    """Uploads a directory with the SDK's own helper."""
    with tempfile.TemporaryDirectory() as tmp:
        top = os.path.join(tmp, "greeting")
        os.makedirs(os.path.join(top, "scripts"))
        for name, content in {"SKILL.md": MD, "scripts/greet.sh": SH}.items():
            with open(os.path.join(top, name), "wb") as f:
                f.write(content)
        return client.beta.skills.create(**{LABEL: label}, files=files_from_dir(top))


@check
def skill_life(client):
    skill = new_skill(client)
    equal(getattr(skill, LABEL), "Greeting")
    equal(skill.source if OLD else skill.source.type, "custom")
    equal(client.beta.skills.retrieve(skill.id).to_dict(), skill.to_dict())
    listed = {s.id: s for s in client.beta.skills.list(limit=2)}
    equal({skill.id, "xlsx", "docx", "pptx", "pdf"} - set(listed), set())
    assert all(s.id != "pdf" for s in client.beta.skills.list(source="custom"))
    version = client.beta.skills.versions.create(skill.id, files=[("greeting/SKILL.md", MD, "text/markdown"), ("greeting/x.txt", b"x")])
    equal(version.name, "greeting")
    equal(client.beta.skills.versions.retrieve("latest", skill_id=skill.id).to_dict(), version.to_dict())
    listed = [address(v) for v in client.beta.skills.versions.list(skill.id, limit=1)]
    equal(listed, [address(version), version_of(skill)])
    equal(client.beta.skills.versions.delete(address(version), skill_id=skill.id).id, address(version))
    equal(version_of(client.beta.skills.retrieve(skill.id)), version_of(skill))
    raises(anthropic.PermissionDeniedError, lambda: client.beta.skills.delete("pdf"))
    equal(client.beta.skills.delete(skill.id).type, "skill_deleted")
    raises(anthropic.NotFoundError, lambda: client.beta.skills.retrieve(skill.id))


@check
def skill_as_an_archive(client):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as z:
        z.writestr("greeting/SKILL.md", MD)
        z.writestr("greeting/scripts/greet.sh", SH)
    skill = client.beta.skills.create(files=[("greeting.zip", packed.getvalue(), "application/zip")])
    for skill_id, names in {skill.id: ["greeting/SKILL.md", "greeting/scripts/greet.sh"], "xlsx": ["xlsx/SKILL.md"]}.items():
        version = client.beta.skills.versions.retrieve("latest", skill_id=skill_id)
        content = client.beta.skills.versions.download(address(version), skill_id=skill_id).read()
        with zipfile.ZipFile(io.BytesIO(content)) as z:
            equal(z.namelist()[: len(names)], names)
            equal(z.testzip(), None)


@check
def skill_refusals(client):
    for files, part in [
        ([("README.md", MD)], "top-level directory"),
        ([("greeting/README.md", MD)], "SKILL.md"),
        ([("greeting/SKILL.md", b"Hello")], "frontmatter"),
        ([("greeting/SKILL.md", MD), ("greeting/../../x", b"")], ".."),
    ]:
        raises(anthropic.BadRequestError, lambda: client.beta.skills.create(files=files), part)
    raises(anthropic.BadRequestError, lambda: new_agent(client, tools=[TOOLSET], skills=[{"type": "custom", "skill_id": "skill_none"}]), "skills[0].skill_id")


@check
def agent_uses_a_skill(client):
    skill = new_skill(client)
    agent = new_agent(client, tools=[TOOLSET], skills=[{"type": "custom", "skill_id": skill.id}])
    equal(agent.skills[0].version, "latest")
    session = new_session(client, agent)
    assert session.agent.skills[0].version != "latest", session
    equal(text_of(turn(client, session.id, script("greeting"))), "The skill printed: greetings-42")


@check
def everything_at_once(client):
    """A vault, a skill, an MCP server and a custom tool; the agent gets its skills as version 2."""
    environment = client.beta.environments.create(name=unique("everything"))
    vault = client.beta.vaults.create(display_name="everything")
    client.beta.vaults.credentials.create(
        vault.id,
        display_name="github-mcp",
        auth={"type": "static_bearer", "mcp_server_url": os.environ["CHECK_MCP_URL"], "token": "conformance-mcp-token"},
    )
    skill = client.beta.skills.create(**{LABEL: unique("greeting")}, files=[("greeting/SKILL.md", io.BytesIO(MD), "text/markdown")])
    first = new_agent(
        client,
        system="You are a helpful assistant.",
        mcp_servers=[{"type": "url", "name": "github", "url": os.environ["CHECK_MCP_URL"]}],
        tools=[TOOLSET, {"type": "mcp_toolset", "mcp_server_name": "github"}, WEATHER],
    )
    agent = client.beta.agents.update(
        first.id,
        version=first.version,
        skills=[{"type": "custom", "skill_id": skill.id}, {"type": "anthropic", "skill_id": "xlsx"}],
    )
    equal(agent.version, 2)
    equal([s.version for s in agent.skills], ["latest", "latest"])
    equal([v.version for v in client.beta.agents.versions.list(agent.id)], [2, 1])
    session = client.beta.sessions.create(
        environment_id=environment.id,
        agent={"type": "agent", "id": agent.id, "version": agent.version},
        vault_ids=[vault.id],
    )
    said = []

    def done(event):
        said.append(event)
        if event.type == "agent.custom_tool_use":
            result = {"type": "user.custom_tool_result", "custom_tool_use_id": event.id, "content": [{"type": "text", "text": "rain"}]}
            client.beta.sessions.events.send(session.id, events=[result])
        return event.type == "session.status_idle" and event.stop_reason.type == "end_turn"

    equal(text_of(turn(client, session.id, script("weather"), stop=done)), "The tool says: rain")
    equal([e.error.message for e in said if e.type == "session.error"], [])
