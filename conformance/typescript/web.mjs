// The web, and files that the model is shown.

import Anthropic, { toFile } from '@anthropic-ai/sdk';
import { WEATHER, check, equal, newAgent, newSession, rejects, script, textOf, the, turn } from './checks.mjs';

check(async function web_tools(client) {
  const events = await turn(client, (await newSession(client)).id, [script('web')]);
  const results = events.filter((e) => e.type === 'agent.tool_result');
  equal(results.map((e) => e.is_error), [false, false, false]);
  const blocks = results.flatMap((e) => e.content);
  equal(blocks.map((b) => b.type), ['search_result', 'text', 'text', 'document']);
  equal([blocks[0].source, blocks[0].title, blocks[0].content], ['http://pages.test/guide', 'The guide', [{ type: 'text', text: 'How to keep horses.' }]]);
  equal(blocks[1].text.includes('# Horses\n\nThey want hay.'), true, blocks[1].text);
  equal(blocks[3].source.media_type, 'application/pdf');
  equal(textOf(events), 'Read: URL: http://pages.test/guide.pdf');
});

check(async function files_by_id(client) {
  const file = await client.beta.files.upload({ file: await toFile(Buffer.from('The word is marigold.'), 'word.txt', { type: 'text/plain' }) });
  const session = await newSession(client);
  const ask = script('read-document');
  ask.content.push({ type: 'document', source: { type: 'file', file_id: file.id }, title: 'A word' });
  equal(textOf(await turn(client, session.id, [ask])), 'It says: The word is marigold.');
  ask.content[1] = { type: 'image', source: { type: 'file', file_id: file.id } };
  await rejects(Anthropic.BadRequestError, () => client.beta.sessions.events.send(session.id, { events: [ask] }), 'events[0].content[1].source.file_id');
  const image = await client.beta.files.upload({ file: await toFile(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), 'dot.png', { type: 'image/png' }) });
  ask.content[1].source.file_id = image.id;
  equal(textOf(await turn(client, session.id, [ask])), 'It says: ');
});

check(async function search_results_of_a_tool(client) {
  const session = await newSession(client, await newAgent(client, { tools: [WEATHER] }));
  const use = the(await turn(client, session.id, [script('weather')]), 'agent.custom_tool_use');
  const found = {
    type: 'search_result', source: 'https://weather.example/oslo', title: 'Oslo', content: [{ type: 'text', text: 'Rain.' }], citations: { enabled: true },
  };
  const events = await turn(client, session.id, [{ type: 'user.custom_tool_result', custom_tool_use_id: use.id, content: [found] }]);
  equal(the(events, 'user.custom_tool_result').content, [found]);
  equal(events.at(-1).stop_reason, { type: 'end_turn' });
});
