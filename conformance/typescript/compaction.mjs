// A conversation that outgrows the model's context window.

import { all, check, equal, ids, message, newAgent, newSession, script, textOf, the, turn } from './checks.mjs';

/** A session with a model that refuses prompts of more than 4000 tokens. */
const small = async (client) => newSession(client, await newAgent(client, { model: 'small-window' }));

const wordy = (times) => message('There is no hurry. '.repeat(times) + '[script: hello]');

check(async function context_compacted(client) {
  const session = await small(client);
  await turn(client, session.id, [wordy(500)]);
  const events = await turn(client, session.id, [wordy(500)]);
  const compacted = the(events, 'agent.thread_context_compacted');
  equal(Object.keys(compacted).sort(), ['id', 'processed_at', 'type']);
  equal([textOf(events), events.at(-1).stop_reason.type], ['Hello, I am a scripted model.', 'end_turn']);
  const ends = events.filter((e) => e.type === 'span.model_request_end');
  equal(ends.map((e) => e.is_error), [true, false, false], 'the refused request, the summary, the answer');
  const stored = await all(client.beta.sessions.events.list(session.id, { types: ['agent.thread_context_compacted'] }));
  equal(ids(stored), [compacted.id]);
});

check(async function compaction_limit(client) {
  const session = await small(client);
  await turn(client, session.id, [script('hello')]);
  const events = await turn(client, session.id, [wordy(2000)]);
  const { error } = the(events, 'session.error');
  equal([error.type, error.retry_status.type], ['compaction_limit_reached_error', 'exhausted']);
  equal(events.at(-1).stop_reason.type, 'retries_exhausted');
  equal(textOf(await turn(client, session.id, [script('hello')])), 'Hello, I am a scripted model.', 'the session goes on');
});
