"""Vaults: secrets go in and never come out."""

import anthropic
from checks import check, equal, new_agent, new_session, raises


@check
def vault_life(client):
    vault = client.beta.vaults.create(display_name="Keys", metadata={"a": "b"})
    equal(client.beta.vaults.retrieve(vault.id), vault)
    equal(client.beta.vaults.update(vault.id, display_name="More keys").metadata, {"a": "b"})
    assert vault.id in [v.id for v in client.beta.vaults.list(limit=1)]
    assert client.beta.vaults.archive(vault.id).archived_at is not None
    assert vault.id not in [v.id for v in client.beta.vaults.list()]
    gone = client.beta.vaults.create(display_name="Gone")
    equal(client.beta.vaults.delete(gone.id).type, "vault_deleted")
    raises(anthropic.NotFoundError, lambda: client.beta.vaults.retrieve(gone.id))


@check
def credential_life(client):
    vault = client.beta.vaults.create(display_name="Keys")
    auths = [
        {"type": "static_bearer", "mcp_server_url": "https://mcp.example.com/mcp", "token": "top-secret"},
        {
            "type": "environment_variable",
            "secret_name": "API_TOKEN",
            "secret_value": "top-secret",
            "networking": {"type": "limited", "allowed_hosts": ["api.example.com"]},
        },
    ]
    made = [client.beta.vaults.credentials.create(vault.id, auth=auth) for auth in auths]
    for credential, auth in zip(made, auths):
        got = client.beta.vaults.credentials.retrieve(credential.id, vault_id=vault.id)
        equal(got, credential)
        equal(got.auth.type, auth["type"])
        assert "top-secret" not in got.model_dump_json(), got
    listed = list(client.beta.vaults.credentials.list(vault.id, limit=1))
    equal([c.id for c in listed], [c.id for c in made][::-1], "newest first")
    renamed = client.beta.vaults.credentials.update(made[0].id, vault_id=vault.id, display_name="renamed")
    equal(renamed.display_name, "renamed")
    assert client.beta.vaults.credentials.archive(made[0].id, vault_id=vault.id).archived_at is not None
    equal(client.beta.vaults.credentials.delete(made[1].id, vault_id=vault.id).type, "vault_credential_deleted")


@check
def session_with_a_vault(client):
    vault = client.beta.vaults.create(display_name="Keys")
    session = new_session(client, new_agent(client), vault_ids=[vault.id])
    equal(client.beta.sessions.retrieve(session.id).vault_ids, [vault.id])
