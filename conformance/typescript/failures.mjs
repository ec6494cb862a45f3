// Refusals become the SDK's exceptions.

import Anthropic from '@anthropic-ai/sdk';
import { MODEL, all, check, equal, message, newClient, newSession, rejects } from './checks.mjs';

check(async function not_found(client) {
  for (const call of [
    () => client.beta.agents.retrieve('agent_01nothing'),
    () => client.beta.environments.retrieve('env_01nothing'),
    () => client.beta.sessions.retrieve('sesn_01nothing'),
    () => client.beta.sessions.events.send('sesn_01nothing', { events: [message('x')] }),
    () => client.beta.sessions.events.stream('sesn_01nothing'),
    () => all(client.beta.sessions.events.list('sesn_01nothing')),
    () => client.beta.files.retrieveMetadata('file_01nothing'),
    () => client.models.retrieve('no-such-model-anywhere'),
  ]) {
    const error = await rejects(Anthropic.NotFoundError, call);
    equal(error.error.error.type, 'not_found_error');
    equal(error.error.request_id, error.requestID);
  }
});

check(async function bad_request(client) {
  const session = await newSession(client);
  const send = (event) => () => client.beta.sessions.events.send(session.id, { events: [event] });
  for (const [call, part] of [
    [() => client.beta.agents.create({ name: 'x', model: MODEL, colour: 'red' }), 'colour'],
    [() => client.beta.agents.create({ name: '', model: MODEL }), 'name'],
    [() => client.beta.agents.create({ name: 'x', model: MODEL, tools: [{ type: 'magic' }] }), 'tools[0]'],
    [send({ type: 'agent.message', content: [] }), 'events[0]'],
    [send({ type: 'user.message', content: [] }), 'events[0].content'],
    [() => client.beta.sessions.list({ limit: 0 }), 'limit'],
    [() => client.beta.sessions.list({ page: 'garbage' }), 'page'],
  ]) {
    const error = await rejects(Anthropic.BadRequestError, call, part);
    equal(error.error.error.type, 'invalid_request_error');
  }
});

check(async function wrong_key() {
  const error = await rejects(Anthropic.AuthenticationError, () => newClient({ apiKey: 'wrong' }).beta.agents.list());
  equal(error.error.error.type, 'authentication_error');
});

check(async function either_credential(client) {
  const token = newClient({ apiKey: null, authToken: client.apiKey });
  equal((await token.beta.agents.list({ limit: 1 })).data[0].type, 'agent');
});

check(async function archived_session_takes_nothing(client) {
  const session = await newSession(client);
  await client.beta.sessions.archive(session.id);
  await rejects(Anthropic.BadRequestError, () => client.beta.sessions.events.send(session.id, { events: [message('x')] }));
});
