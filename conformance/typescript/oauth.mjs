// OAuth credentials: tried out and refreshed.

import Anthropic from '@anthropic-ai/sdk';
import { check, equal, newAgent, newSession, rejects, script, textOf, turn } from './checks.mjs';

/** A vault with a credential of a new grant, and the auth it was made of. */
async function newCredential(client, state = '') {
  const auth = await (await fetch(`${process.env.CHECK_OAUTH_URL}/grant?token=${state}`, { method: 'POST' })).json();
  const vault = await client.beta.vaults.create({ display_name: 'Keys' });
  return [await client.beta.vaults.credentials.create(vault.id, { auth }), auth];
}

function validate(client, credential) {
  return client.beta.vaults.credentials.mcpOAuthValidate(credential.id, { vault_id: credential.vault_id });
}

check(async function validate_a_good_token(client) {
  const [credential] = await newCredential(client);
  const { validated_at, ...got } = await validate(client, credential);
  equal(got, {
    type: 'vault_credential_validation', credential_id: credential.id, vault_id: credential.vault_id,
    has_refresh_token: true, status: 'valid', mcp_probe: null, refresh: null,
  });
  equal(Number.isNaN(Date.parse(validated_at)), false);
});

check(async function validate_refreshes_an_expired_token(client) {
  const [credential] = await newCredential(client, 'expired');
  const got = await validate(client, credential);
  equal([got.status, got.mcp_probe, got.refresh], ['valid', null, { status: 'succeeded', http_response: null }]);
  const after = await client.beta.vaults.credentials.retrieve(credential.id, { vault_id: credential.vault_id });
  if (!after.auth.expires_at) throw new Error('expires_at');
  equal((await validate(client, credential)).refresh, null);
});

check(async function validate_a_revoked_token(client) {
  const [credential, auth] = await newCredential(client, 'revoked');
  const got = await validate(client, credential);
  equal([got.status, got.mcp_probe.method, got.mcp_probe.http_response.status_code], ['invalid', 'initialize', 401]);
  equal([got.refresh.status, got.refresh.http_response.status_code], ['failed', 400]);
  for (const secret of [auth.access_token, auth.refresh.refresh_token]) equal(JSON.stringify(got).includes(secret), false);
});

check(async function validate_another_type(client) {
  const vault = await client.beta.vaults.create({ display_name: 'Keys' });
  const auth = { type: 'static_bearer', mcp_server_url: 'https://mcp.example.com/mcp', token: 'top-secret' };
  const credential = await client.beta.vaults.credentials.create(vault.id, { auth });
  await rejects(Anthropic.BadRequestError, () => validate(client, credential), 'mcp_oauth');
});

check(async function ten_sessions_refresh_an_expired_token_once(client) {
  const [credential, auth] = await newCredential(client, 'expired');
  const agent = await newAgent(client, {
    mcp_servers: [{ type: 'url', name: 'desk', url: auth.mcp_server_url }],
    tools: [{ type: 'mcp_toolset', mcp_server_name: 'desk', default_config: { permission_policy: { type: 'always_allow' } } }],
  });
  const one = async () => {
    const session = await newSession(client, agent, { vault_ids: [credential.vault_id] });
    return turn(client, session.id, [script('whoami')]);
  };
  for (const events of await Promise.all(Array.from({ length: 10 }, one))) {
    equal(events.filter((e) => e.type === 'session.error'), []);
    equal(textOf(events).includes('The server says: token of'), true);
  }
  const url = `${process.env.CHECK_OAUTH_URL}/refreshes?token=${encodeURIComponent(auth.access_token)}`;
  equal(await (await fetch(url)).json(), 1, 'refreshes');
});
