// Files: into a session, out of a session.

import Anthropic, { toFile } from '@anthropic-ai/sdk';
import { all, check, equal, ids, newSession, rejects, script, textOf, turn } from './checks.mjs';

// Newer SDKs have a class of their own for some error codes.
const NotDownloadable = Anthropic.FileNotDownloadableError ?? Anthropic.BadRequestError;

const CSV = 'a,b\n1,2\n3,4\n';

const upload = async (client) =>
  client.beta.files.upload({ file: await toFile(Buffer.from(CSV), 'table.csv', { type: 'text/csv' }) });

check(async function file_life(client) {
  const file = await upload(client);
  equal([file.filename, file.mime_type, file.size_bytes, file.downloadable], ['table.csv', 'text/csv', CSV.length, false]);
  equal(await client.beta.files.retrieveMetadata(file.id), file);
  equal(ids(await all(client.beta.files.list({ limit: 1 }))).includes(file.id), true);
  await rejects(NotDownloadable, () => client.beta.files.download(file.id));
  equal((await client.beta.files.delete(file.id)).type, 'file_deleted');
  await rejects(Anthropic.NotFoundError, () => client.beta.files.retrieveMetadata(file.id));
});

check(async function mount_and_outputs(client) {
  const file = await upload(client);
  const mount = { type: 'file', file_id: file.id, mount_path: '/workspace/input.csv' };
  const session = await newSession(client, undefined, { resources: [mount] });
  equal(session.resources[0].mount_path, '/workspace/input.csv');
  const events = await turn(client, session.id, [script('count-lines')]);
  equal(textOf(events), 'Counted: done');
  const outputs = Object.fromEntries((await all(client.beta.files.list({ scope_id: session.id }))).map((f) => [f.filename, f]));
  equal(Object.keys(outputs).sort(), ['copy.csv', 'count.txt']);
  equal(await (await client.beta.files.download(outputs['copy.csv'].id)).text(), CSV);
  equal((await (await client.beta.files.download(outputs['count.txt'].id)).text()).trim(), '3');
});

check(async function session_resources(client) {
  const file = await upload(client);
  const session = await newSession(client);
  const added = await client.beta.sessions.resources.add(session.id, { type: 'file', file_id: file.id });
  const listed = await all(client.beta.sessions.resources.list(session.id));
  equal(ids(listed), [added.id]);
  equal(await client.beta.sessions.resources.retrieve(added.id, { session_id: session.id }), listed[0]);
  equal((await client.beta.sessions.resources.delete(added.id, { session_id: session.id })).id, added.id);
  equal(await all(client.beta.sessions.resources.list(session.id)), []);
});
