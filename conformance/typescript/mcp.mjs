// MCP servers: the server calls their tools, with the tokens of the session's
// vaults.

import { check, equal, newAgent, newSession, script, textOf, the, turn } from './checks.mjs';

const url = process.env.CONFORMANCE_MCP_URL;

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

check(async function mcp_server_without_a_credential(client) {
  const session = await newSession(client, await shouter(client));
  const events = await turn(client, session.id, [script('hello')]);
  const { error } = the(events, 'session.error');
  equal([error.type, error.mcp_server_name, error.retry_status], ['mcp_authentication_failed_error', 'shouter', { type: 'retrying' }]);
  equal([textOf(events), events.at(-1).stop_reason.type], ['Hello, I am a scripted model.', 'end_turn']);
});
