// Agents, environments and sessions as objects.

import Anthropic from '@anthropic-ai/sdk';
import { MODEL, TOOLSET, WEATHER, all, check, equal, ids, newAgent, newSession, rejects, unique } from './checks.mjs';

check(async function agent_round_trip(client) {
  const ask = { ...TOOLSET, configs: [{ name: 'bash', permission_policy: { type: 'always_ask' } }] };
  const created = await client.beta.agents.create({
    name: 'Round trip',
    model: MODEL,
    description: 'What it does.',
    system: 'You are terse.',
    metadata: { team: 'a' },
    tools: [ask, WEATHER],
  });
  const got = await client.beta.agents.retrieve(created.id);
  equal(got, created, 'retrieve');
  equal([got.version, got.name, got.system, got.metadata], [1, 'Round trip', 'You are terse.', { team: 'a' }]);
  equal(got.model.id, MODEL);
  equal(got.tools[0].configs[0].permission_policy, { type: 'always_ask' });
  equal(got.tools[1], WEATHER);
  equal([got.archived_at, got.multiagent, got.skills, got.mcp_servers], [null, null, [], []]);
});

check(async function agent_versions(client) {
  const agent = await newAgent(client, { system: 'one', metadata: { keep: '1', drop: '2' } });
  const second = await client.beta.agents.update(agent.id, { version: 1, system: 'two', metadata: { drop: null } });
  equal([second.version, second.system, second.metadata], [2, 'two', { keep: '1' }]);
  equal((await client.beta.agents.update(agent.id, { version: 2, system: 'two' })).version, 2, 'an update that changes nothing');
  equal((await client.beta.agents.retrieve(agent.id, { version: 1 })).system, 'one');
  equal((await all(client.beta.agents.versions.list(agent.id, { limit: 1 }))).map((a) => a.version), [2, 1]);
  await rejects(Anthropic.ConflictError, () => client.beta.agents.update(agent.id, { version: 1, system: 'three' }));
});

check(async function agent_archive(client) {
  const agent = await newAgent(client);
  const archived = await client.beta.agents.archive(agent.id);
  if (!archived.archived_at) throw new Error('archived_at');
  equal(ids(await all(client.beta.agents.list())).includes(agent.id), false);
  equal(ids(await all(client.beta.agents.list({ include_archived: true }))).includes(agent.id), true);
  await rejects(Anthropic.BadRequestError, () => client.beta.agents.update(agent.id, { version: 1, name: 'x' }));
});

check(async function environment_life(client) {
  const networking = { type: 'limited', allowed_hosts: ['api.example.com'] };
  const env = await client.beta.environments.create({
    name: unique('life'),
    description: 'd',
    metadata: { a: 'b' },
    config: { type: 'cloud', networking },
  });
  equal(await client.beta.environments.retrieve(env.id), env);
  equal(env.config.networking.allowed_hosts, ['api.example.com']);
  const updated = await client.beta.environments.update(env.id, { metadata: { a: null, c: 'd' } });
  equal([updated.metadata, updated.description], [{ c: 'd' }, 'd']);
  if (!(await client.beta.environments.archive(env.id)).archived_at) throw new Error('archived_at');
  const gone = await client.beta.environments.create({ name: unique('gone') });
  await rejects(Anthropic.ConflictError, () => client.beta.environments.create({ name: gone.name }));
  equal((await client.beta.environments.delete(gone.id)).type, 'environment_deleted');
  await rejects(Anthropic.NotFoundError, () => client.beta.environments.retrieve(gone.id));
});

check(async function session_round_trip(client) {
  const agent = await newAgent(client, { system: 'pinned', tools: [TOOLSET] });
  const session = await newSession(client, agent, { title: 'A title', metadata: { k: 'v' } });
  const withoutStats = ({ stats, ...rest }) => rest; // time goes by in them
  equal(withoutStats(await client.beta.sessions.retrieve(session.id)), withoutStats(session));
  equal([session.status, session.title, session.metadata], ['idle', 'A title', { k: 'v' }]);
  equal([session.agent.id, session.agent.version, session.agent.system], [agent.id, 1, 'pinned']);
  const updated = await client.beta.sessions.update(session.id, { title: 'Another', metadata: { k: null, n: 'm' } });
  equal([updated.title, updated.metadata], ['Another', { n: 'm' }]);
});

check(async function session_archive_and_delete(client) {
  const session = await newSession(client);
  if (!(await client.beta.sessions.archive(session.id)).archived_at) throw new Error('archived_at');
  equal((await client.beta.sessions.delete(session.id)).type, 'session_deleted');
  await rejects(Anthropic.NotFoundError, () => client.beta.sessions.retrieve(session.id));
});

check(async function lists_page_through(client) {
  const agent = await newAgent(client);
  const environment = await client.beta.environments.create({ name: unique('pages') });
  const sessions = [];
  for (let i = 0; i < 5; i++) {
    sessions.push((await client.beta.sessions.create({ agent: agent.id, environment_id: environment.id })).id);
  }
  equal(ids(await all(client.beta.sessions.list({ agent_id: agent.id, limit: 2, order: 'asc' }))), sessions);
  equal(ids(await all(client.beta.sessions.list({ agent_id: agent.id, limit: 2 }))), sessions.reverse());
  for (const pages of [
    client.beta.agents.list({ limit: 2 }),
    client.beta.environments.list({ limit: 2 }),
    client.models.list({ limit: 1 }),
  ]) {
    const listed = ids(await all(pages));
    equal(new Set(listed).size, listed.length);
    if (!listed.length) throw new Error('an empty list');
  }
});
