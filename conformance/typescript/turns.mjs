// Turns: messages, tools that the client runs, confirmations, interrupts.

import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import {
  TOOLSET, WEATHER, all, check, equal, ids, message, newAgent, newSession, rejects, script, textOf, the, turn, types,
} from './checks.mjs';

check(async function plain_turn(client) {
  const session = await newSession(client);
  const events = await turn(client, session.id, [script('hello')]);
  equal(textOf(events), 'Hello, I am a scripted model.');
  equal(events.at(-1).stop_reason, { type: 'end_turn' });
  for (const type of ['user.message', 'session.status_running', 'span.model_request_start', 'span.model_request_end']) the(events, type);
  const stored = await all(client.beta.sessions.events.list(session.id, { limit: 2 }));
  const streamed = ids(events);
  equal(ids(stored).filter((id) => streamed.includes(id)), streamed, 'the list has what was streamed');
  const times = stored.map((e) => e.processed_at);
  equal(times, [...times].sort(), 'processed_at');
  equal((await client.beta.sessions.retrieve(session.id)).status, 'idle');
});

check(async function events_page_through(client) {
  const session = await newSession(client);
  await turn(client, session.id, [script('think')]);
  const everything = ids(await all(client.beta.sessions.events.list(session.id)));
  equal(ids(await all(client.beta.sessions.events.list(session.id, { limit: 2 }))), everything);
  equal(ids(await all(client.beta.sessions.events.list(session.id, { limit: 3, order: 'desc' }))), everything.reverse());
  const only = await all(client.beta.sessions.events.list(session.id, { types: ['agent.message', 'agent.thinking'] }));
  equal(types(only), ['agent.thinking', 'agent.message']);
});

check(async function server_runs_bash(client) {
  const session = await newSession(client);
  const events = await turn(client, session.id, [script('bash')]);
  equal(the(events, 'agent.tool_result').tool_use_id, the(events, 'agent.tool_use').id);
  equal(textOf(events), 'The command printed: out-42');
});

check(async function custom_tool(client) {
  const session = await newSession(client, await newAgent(client, { tools: [WEATHER] }));
  let events = await turn(client, session.id, [script('weather')]);
  const use = the(events, 'agent.custom_tool_use');
  equal([use.name, use.input], ['get_weather', { city: 'Oslo' }]);
  equal(events.at(-1).stop_reason, { type: 'requires_action', event_ids: [use.id] });
  await rejects(Anthropic.BadRequestError, () => client.beta.sessions.events.send(session.id, { events: [message('hurry')] }));
  const result = { type: 'user.custom_tool_result', custom_tool_use_id: use.id, content: [{ type: 'text', text: 'rain' }] };
  events = await turn(client, session.id, [result]);
  equal([textOf(events), events.at(-1).stop_reason.type], ['The tool says: rain', 'end_turn']);
  await rejects(Anthropic.BadRequestError, () => client.beta.sessions.events.send(session.id, { events: [result] }));
});

async function asking(client) {
  const policy = { enabled: true, permission_policy: { type: 'always_ask' } };
  return newSession(client, await newAgent(client, { tools: [{ ...TOOLSET, default_config: policy }] }));
}

check(async function confirmation_allows(client) {
  const session = await asking(client);
  let events = await turn(client, session.id, [script('bash')]);
  const use = the(events, 'agent.tool_use');
  equal([use.evaluated_permission, events.at(-1).stop_reason.event_ids], ['ask', [use.id]]);
  events = await turn(client, session.id, [{ type: 'user.tool_confirmation', tool_use_id: use.id, result: 'allow' }]);
  equal(textOf(events), 'The command printed: out-42');
});

check(async function confirmation_denies(client) {
  const session = await asking(client);
  const use = the(await turn(client, session.id, [script('bash')]), 'agent.tool_use');
  const deny = { type: 'user.tool_confirmation', tool_use_id: use.id, result: 'deny', deny_message: 'Not on a Friday.' };
  const events = await turn(client, session.id, [deny]);
  equal(the(events, 'agent.tool_result').is_error, true);
  equal(textOf(events).includes('Not on a Friday.'), true);
});

check(async function interrupt(client) {
  const session = await newSession(client);
  await turn(client, session.id, [script('hang')], { stop: (e) => e.type === 'span.model_request_start' });
  let events = await turn(client, session.id, [{ type: 'user.interrupt' }]);
  the(events, 'user.interrupt');
  equal(events.at(-1).stop_reason.type, 'end_turn');
  events = await turn(client, session.id, [script('hello')]);
  equal(textOf(events), 'Hello, I am a scripted model.');
});

check(async function model_error(client) {
  const session = await newSession(client);
  const events = await turn(client, session.id, [script('error')]);
  equal(the(events, 'session.error').error.type, 'model_request_failed_error');
  equal(events.at(-1).stop_reason.type, 'retries_exhausted');
});

check(async function previews(client) {
  const session = await newSession(client);
  const events = await turn(client, session.id, [script('long')], { params: { event_deltas: ['agent.message'] } });
  const deltas = events.filter((e) => e.type === 'event_delta');
  const preview = deltas.map((e) => e.delta.content.text).join('');
  const final = the(events, 'agent.message');
  equal(the(events, 'event_start').event, { id: final.id, type: 'agent.message' });
  equal(deltas.every((d) => d.event_id === final.id), true, 'event_id');
  if (!preview || !final.content[0].text.startsWith(preview)) throw new Error(`preview ${preview}`);
});

check(async function tool_runner(client) {
  const session = await newSession(client, await newAgent(client, { tools: [WEATHER] }));
  const weather = betaTool({
    name: 'get_weather',
    description: WEATHER.description,
    inputSchema: WEATHER.input_schema,
    run: ({ city }) => `sun in ${city}`,
  });
  await client.beta.sessions.events.send(session.id, { events: [script('two-weathers')] });
  const calls = await all(client.beta.sessions.events.toolRunner(session.id, { tools: [weather], maxIdleMs: 200 }));
  equal(calls.map((c) => [c.name, c.isError]), [['get_weather', false], ['get_weather', false]]);
  const said = await all(client.beta.sessions.events.list(session.id, { types: ['agent.message'] }));
  equal(textOf(said.slice(-1)), 'Both tools say: sun in Oslo | sun in Rome');
});

check(async function threads_of_a_session(client) {
  const session = await newSession(client);
  await turn(client, session.id, [script('hello')]);
  const threads = await all(client.beta.sessions.threads.list(session.id));
  equal(threads.length, 1);
  const again = await client.beta.sessions.threads.retrieve(threads[0].id, { session_id: session.id });
  equal([again.id, again.status, again.parent_thread_id], [threads[0].id, 'idle', null]);
  const events = await all(client.beta.sessions.threads.events.list(threads[0].id, { session_id: session.id, limit: 2 }));
  equal(textOf(events), 'Hello, I am a scripted model.');
});
