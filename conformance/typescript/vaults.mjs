// Vaults: secrets go in and never come out.

import Anthropic from '@anthropic-ai/sdk';
import { all, check, equal, ids, rejects } from './checks.mjs';

check(async function vault_life(client) {
  const vault = await client.beta.vaults.create({ display_name: 'Keys', metadata: { a: 'b' } });
  equal(await client.beta.vaults.retrieve(vault.id), vault);
  equal((await client.beta.vaults.update(vault.id, { display_name: 'More keys' })).metadata, { a: 'b' });
  equal(ids(await all(client.beta.vaults.list({ limit: 1 }))).includes(vault.id), true);
  if (!(await client.beta.vaults.archive(vault.id)).archived_at) throw new Error('archived_at');
  const gone = await client.beta.vaults.create({ display_name: 'Gone' });
  equal((await client.beta.vaults.delete(gone.id)).type, 'vault_deleted');
  await rejects(Anthropic.NotFoundError, () => client.beta.vaults.retrieve(gone.id));
});

check(async function credential_life(client) {
  const vault = await client.beta.vaults.create({ display_name: 'Keys' });
  const made = [];
  for (const n of [1, 2]) {
    const auth = { type: 'static_bearer', mcp_server_url: `https://mcp${n}.example.com/mcp`, token: 'top-secret' };
    made.push(await client.beta.vaults.credentials.create(vault.id, { auth }));
  }
  const got = await client.beta.vaults.credentials.retrieve(made[0].id, { vault_id: vault.id });
  equal(got, made[0]);
  equal(JSON.stringify(got).includes('top-secret'), false);
  equal(ids(await all(client.beta.vaults.credentials.list(vault.id, { limit: 1 }))), ids(made).reverse());
  const gone = await client.beta.vaults.credentials.delete(made[1].id, { vault_id: vault.id });
  equal(gone.type, 'vault_credential_deleted');
});
