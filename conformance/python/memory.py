"""Memory stores: by the API, and by an agent."""

import anthropic
from checks import check, equal, new_session, raises, script, text_of, turn


def new_store(client):
    return client.beta.memory_stores.create(name="Team Notes", description="What the team knows.", metadata={"a": "b"})


@check
def memory_store_life(client):
    store = new_store(client)
    equal(client.beta.memory_stores.retrieve(store.id), store)
    updated = client.beta.memory_stores.update(store.id, description="", metadata={"c": "d"})
    equal((updated.description, updated.metadata), ("", {"a": "b", "c": "d"}))
    assert store.id in [s.id for s in client.beta.memory_stores.list(limit=1)]
    assert client.beta.memory_stores.archive(store.id).archived_at is not None
    assert store.id not in [s.id for s in client.beta.memory_stores.list()]
    equal(client.beta.memory_stores.delete(store.id).type, "memory_store_deleted")
    raises(anthropic.NotFoundError, lambda: client.beta.memory_stores.retrieve(store.id))


@check
def memory_life(client):
    store = new_store(client).id
    memories = client.beta.memory_stores.memories
    memory = memories.create(store, path="/notes/a.md", content="alpha", view="full")
    equal(memories.retrieve(memory.id, memory_store_id=store), memory)
    e = raises(anthropic.ConflictError, lambda: memories.create(store, path="/notes", content=""))
    equal((e.body["error"]["type"], e.body["error"]["conflicting_path"]), ("memory_path_conflict_error", "/notes/a.md"))
    expected = {"type": "content_sha256", "content_sha256": memory.content_sha256}
    for _ in range(2):  # repeated after a lost answer
        equal(memories.update(memory.id, memory_store_id=store, content="beta", precondition=expected).content_size_bytes, 4)
    e = raises(anthropic.ConflictError, lambda: memories.update(memory.id, memory_store_id=store, content="gamma", precondition=expected))
    equal(e.body["error"]["type"], "memory_precondition_failed_error")
    equal(memories.update(memory.id, memory_store_id=store, path="/moved/b.md").id, memory.id)
    memories.create(store, path="/top.md", content="")
    equal([(i.type, i.path) for i in memories.list(store, depth=1, limit=1)], [("memory_prefix", "/moved/"), ("memory", "/top.md")])
    equal([i.content for i in memories.list(store, path_prefix="/moved/", view="full")], ["beta"])
    equal(memories.delete(memory.id, memory_store_id=store).type, "memory_deleted")
    versions = list(client.beta.memory_stores.memory_versions.list(store, memory_id=memory.id, limit=3))
    equal([v.operation for v in versions], ["deleted", "modified", "modified", "created"])
    equal(versions[-1].created_by.type, "api_actor")
    redacted = client.beta.memory_stores.memory_versions.redact(versions[-1].id, memory_store_id=store)
    equal((redacted.path, redacted.content, redacted.redacted_at is None), (None, None, False))


@check
def agent_remembers(client):
    store = new_store(client).id
    client.beta.memory_stores.memories.create(store, path="/greeting.md", content="Hello from before.")
    session = new_session(client, resources=[{"type": "memory_store", "memory_store_id": store, "instructions": "Greet."}])
    equal((session.resources[0].mount_path, session.resources[0].access), ("/mnt/memory/team-notes", "read_write"))
    equal(text_of(turn(client, session.id, script("remember"))).strip(), "It says: Hello from before.")
    versions = list(client.beta.memory_stores.memory_versions.list(store, session_id=session.id, view="full"))
    equal([(v.path, v.content, v.created_by.session_id) for v in versions], [("/people/ann.md", "likes tea\n", session.id)])
    equal([s.id for s in client.beta.sessions.list(memory_store_id=store)], [session.id])
