// MCP servers: the server calls their tools, with the tokens of the session's
// vaults.

import { check, equal, newAgent, newSession, script, textOf, the, turn } from './checks.mjs';

const url = process.env.CHECK_MCP_URL;

function shouter(client) {
  return newAgent(client, {
    mcp_servers: [{ type: 'url', name: 'shouter', url }],
    tools: [{ type: 'mcp_toolset', mcp_server_name: 'shouter' }],
  });
}

check(async function mcp_tool(client) {
  const vault = await client.beta.vaults.create({ display_name: 'Keys' });
  const auth = { type: 'static_bearer', mcp_server_url: `${url}/`, token: 'conformance-mcp-token' };
  await client.beta.vaults.credentials.create(vault.id, { auth });
  const session = await newSession(client, await shouter(client), { vault_ids: [vault.id] });
  let events = await turn(client, session.id, [script('shout')]);
  const use = the(events, 'agent.mcp_tool_use');
  equal([use.mcp_server_name, use.name, use.input, use.evaluated_permission], ['shouter', 'shout', { text: 'hello' }, 'ask']);
  equal(events.at(-1).stop_reason, { type: 'requires_action', event_ids: [use.id] });
  events = await turn(client, session.id, [{ type: 'user.tool_confirmation', tool_use_id: use.id, result: 'allow' }]);
  const result = the(events, 'agent.mcp_tool_result');
  equal([result.mcp_tool_use_id, result.is_error, result.content], [use.id, false, [{ type: 'text', text: 'HELLO' }]]);
  equal(textOf(events), 'The server says: HELLO');
});

// Three calls wait for each other. Their results come in whatever order; the
// model has them in the order of its calls.
check(async function mcp_tools_side_by_side(client) {
  const vault = await client.beta.vaults.create({ display_name: 'Keys' });
  const auth = { type: 'static_bearer', mcp_server_url: url, token: 'conformance-mcp-token' };
  await client.beta.vaults.credentials.create(vault.id, { auth });
  const agent = await newAgent(client, {
    mcp_servers: [{ type: 'url', name: 'shouter', url }],
    tools: [{ type: 'mcp_toolset', mcp_server_name: 'shouter', default_config: { permission_policy: { type: 'always_allow' } } }],
  });
  const session = await newSession(client, agent, { vault_ids: [vault.id] });
  const events = await turn(client, session.id, [script('choir')]);
  const results = events.filter((e) => e.type === 'agent.mcp_tool_result');
  for (const use of events.filter((e) => e.type === 'agent.mcp_tool_use')) {
    const [result] = results.filter((e) => e.mcp_tool_use_id === use.id);
    equal([result.is_error, result.content[0].text], [false, use.input.text.toUpperCase()]);
  }
  equal([results.length, textOf(events)], [3, 'The server says: DO | RE | MI']);
});

check(async function mcp_server_without_a_credential(client) {
  const session = await newSession(client, await shouter(client));
  const events = await turn(client, session.id, [script('hello')]);
  const { error } = the(events, 'session.error');
  equal([error.type, error.mcp_server_name, error.retry_status], ['mcp_authentication_failed_error', 'shouter', { type: 'retrying' }]);
  equal([textOf(events), events.at(-1).stop_reason.type], ['Hello, I am a scripted model.', 'end_turn']);
});

// Programs of the MCP SDK's own, over streamable HTTP and over SSE.
check(async function example_servers(client) {
  const servers = { everything: process.env.CHECK_EVERYTHING_URL, greeter: process.env.CHECK_GREETER_URL };
  const default_config = { permission_policy: { type: 'always_allow' } };
  const agent = await newAgent(client, {
    mcp_servers: Object.entries(servers).map(([name, url]) => ({ type: 'url', name, url })),
    tools: Object.keys(servers).map((mcp_server_name) => ({ type: 'mcp_toolset', mcp_server_name, default_config })),
  });
  const session = await newSession(client, agent);
  const events = await turn(client, session.id, [script('greet')]);
  const texts = events.filter((e) => e.type === 'agent.mcp_tool_result').map((e) => e.content[0].text);
  equal([texts[0], texts[1], texts[3]], ['Hi Ada', '{"message":"Hi Bob"}', 'Hi Dee']);
  equal(texts[2].includes('data:text/plain,Hi%20Cy'), true);
});
