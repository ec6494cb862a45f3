// Memory stores: by the API, and by an agent.

import Anthropic from '@anthropic-ai/sdk';
import { all, check, equal, ids, newSession, rejects, script, textOf, turn } from './checks.mjs';

function newStore(client) {
  return client.beta.memoryStores.create({ name: 'Team Notes', description: 'What the team knows.', metadata: { a: 'b' } });
}

check(async function memory_store_life(client) {
  const store = await newStore(client);
  equal(await client.beta.memoryStores.retrieve(store.id), store);
  equal((await client.beta.memoryStores.update(store.id, { description: '' })).description, '');
  equal(ids(await all(client.beta.memoryStores.list({ limit: 1 }))).includes(store.id), true);
  if (!(await client.beta.memoryStores.archive(store.id)).archived_at) throw new Error('archived_at');
  equal((await client.beta.memoryStores.delete(store.id)).type, 'memory_store_deleted');
  await rejects(Anthropic.NotFoundError, () => client.beta.memoryStores.retrieve(store.id));
});

check(async function memory_life(client) {
  const { id: memory_store_id } = await newStore(client);
  const { memories, memoryVersions } = client.beta.memoryStores;
  const memory = await memories.create(memory_store_id, { path: '/notes/a.md', content: 'alpha', view: 'full' });
  equal(await memories.retrieve(memory.id, { memory_store_id }), memory);
  const taken = await rejects(Anthropic.ConflictError, () => memories.create(memory_store_id, { path: '/notes', content: '' }));
  equal([taken.error.error.type, taken.error.error.conflicting_memory_id], ['memory_path_conflict_error', memory.id]);
  const precondition = { type: 'content_sha256', content_sha256: memory.content_sha256 };
  equal((await memories.update(memory.id, { memory_store_id, content: 'beta', precondition })).content_size_bytes, 4);
  const stale = await rejects(Anthropic.ConflictError, () =>
    memories.update(memory.id, { memory_store_id, content: 'gamma', precondition }),
  );
  equal(stale.error.error.type, 'memory_precondition_failed_error');
  await memories.create(memory_store_id, { path: '/top.md', content: '' });
  const items = await all(memories.list(memory_store_id, { depth: 1, limit: 1 }));
  equal(items.map((i) => `${i.type} ${i.path}`), ['memory_prefix /notes/', 'memory /top.md']);
  equal((await memories.delete(memory.id, { memory_store_id })).type, 'memory_deleted');
  const versions = await all(memoryVersions.list(memory_store_id, { memory_id: memory.id, limit: 2 }));
  equal(versions.map((v) => v.operation), ['deleted', 'modified', 'created']);
  equal((await memoryVersions.redact(versions[2].id, { memory_store_id })).path, null);
});

check(async function agent_remembers(client) {
  const { id: store } = await newStore(client);
  await client.beta.memoryStores.memories.create(store, { path: '/greeting.md', content: 'Hello from before.' });
  const resources = [{ type: 'memory_store', memory_store_id: store, instructions: 'Greet.' }];
  const session = await newSession(client, undefined, { resources });
  equal(session.resources[0].mount_path, '/mnt/memory/team-notes');
  equal(textOf(await turn(client, session.id, [script('remember')])).trim(), 'It says: Hello from before.');
  const versions = await all(client.beta.memoryStores.memoryVersions.list(store, { session_id: session.id, view: 'full' }));
  equal(versions.map((v) => [v.path, v.content, v.created_by.session_id]), [['/people/ann.md', 'likes tea\n', session.id]]);
});
