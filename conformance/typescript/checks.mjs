// What the checks share: a client, a little bookkeeping, one turn.
//
// A check is an async function that takes a client and throws when something
// is not as a program of the hosted service expects. Each prints one line of
// JSON.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isDeepStrictEqual, inspect } from 'node:util';
import Anthropic from '@anthropic-ai/sdk';

export const TOOLSET = { type: 'agent_toolset_20260401' };
export const MODEL = 'claude-opus-5-5';
export const WEATHER = {
  type: 'custom',
  name: 'get_weather',
  description: 'Says how the weather is in a city.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

const checks = [];

/** Registers a check under its function's name. */
export function check(fn) {
  checks.push(fn);
}

export function newClient(options = {}) {
  return new Anthropic({ maxRetries: 0, timeout: 60_000, ...options });
}

export function equal(got, want, what = '') {
  if (!isDeepStrictEqual(plain(got), plain(want))) {
    throw new Error(`${what}: got ${inspect(got, { depth: 6 })}, want ${inspect(want, { depth: 6 })}`);
  }
}

function plain(value) {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** Calls and wants exactly this class, with these parts in the message. */
export async function rejects(cls, call, ...parts) {
  let error;
  try {
    await call();
  } catch (e) {
    error = e;
  }
  if (!error) throw new Error(`raised nothing, want ${cls.name}`);
  if (error.constructor !== cls) throw new Error(`raised ${error.constructor.name}: ${error.message}, want ${cls.name}`);
  for (const part of parts) {
    if (!error.message.includes(part)) throw new Error(`${part} is not in: ${error.message}`);
  }
  return error;
}

let serial = 0;

/** A name no other run uses: those of environments may exist once. */
export function unique(name) {
  return `${name}-${Date.now()}-${serial++}`;
}

export function newAgent(client, fields = {}) {
  return client.beta.agents.create({ name: 'checker', model: MODEL, ...fields });
}

export async function newSession(client, agent, fields = {}) {
  const environment = await client.beta.environments.create({ name: unique('check') });
  agent ??= await newAgent(client, { tools: [TOOLSET] });
  return client.beta.sessions.create({ agent: agent.id, environment_id: environment.id, ...fields });
}

export function message(text) {
  return { type: 'user.message', content: [{ type: 'text', text }] };
}

/** A message that tells the model double what to do. */
export function script(name) {
  return message(`Please go ahead. [script: ${name}]`);
}

/** Opens the stream, sends events, and returns what comes until stop. */
export async function turn(client, sessionID, events, { stop = (e) => e.type === 'session.status_idle', params } = {}) {
  const stream = await client.beta.sessions.events.stream(sessionID, params);
  await client.beta.sessions.events.send(sessionID, { events });
  const seen = [];
  for await (const event of stream) {
    seen.push(event);
    if (stop(event)) return seen;
  }
  throw new Error(`the stream ended after ${types(seen)}`);
}

export async function all(pages) {
  const out = [];
  for await (const item of pages) out.push(item);
  return out;
}

export const types = (events) => events.map((e) => e.type);
export const ids = (items) => items.map((i) => i.id);

/** All text the agent said. */
export function textOf(events) {
  return events
    .filter((e) => e.type === 'agent.message')
    .flatMap((e) => e.content)
    .map((b) => b.text)
    .join('');
}

/** The one event of a type. */
export function the(events, type) {
  const found = events.filter((e) => e.type === type);
  equal(found.length, 1, `events of type ${type} in ${types(events)}`);
  return found[0];
}

async function version() {
  const entry = createRequire(import.meta.url).resolve('@anthropic-ai/sdk');
  return JSON.parse(await readFile(path.join(path.dirname(entry), 'package.json'), 'utf8')).version;
}

export async function main() {
  console.log(JSON.stringify({ client: 'typescript @anthropic-ai/sdk', version: await version() }));
  const client = newClient();
  for (const fn of checks) {
    const began = performance.now();
    let error = null;
    try {
      await fn(client);
    } catch (e) {
      error = e.stack;
    }
    console.log(JSON.stringify({ check: fn.name, error, seconds: (performance.now() - began) / 1000 }));
  }
}
