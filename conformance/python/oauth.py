"""OAuth credentials: tried out and refreshed."""

import json
import os
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import anthropic
from checks import check, equal, new_agent, new_session, raises, script, text_of, turn

SITE = os.environ["CHECK_OAUTH_URL"]


def new_credential(client, state=""):
    """A vault with a credential of a new grant, and the auth it was made of."""
    with urllib.request.urlopen(f"{SITE}/grant?token={state}", data=b"") as answer:
        auth = json.load(answer)
    vault = client.beta.vaults.create(display_name="Keys")
    return client.beta.vaults.credentials.create(vault.id, auth=auth), auth


def validate(client, credential):
    return client.beta.vaults.credentials.mcp_oauth_validate(credential.id, vault_id=credential.vault_id)


@check
def validate_a_good_token(client):
    credential, _ = new_credential(client)
    got = validate(client, credential)
    equal((got.status, got.mcp_probe, got.refresh, got.has_refresh_token), ("valid", None, None, True))
    equal((got.credential_id, got.vault_id), (credential.id, credential.vault_id))


@check
def validate_refreshes_an_expired_token(client):
    credential, _ = new_credential(client, "expired")
    got = validate(client, credential)
    equal((got.status, got.mcp_probe, got.refresh.status, got.refresh.http_response), ("valid", None, "succeeded", None))
    after = client.beta.vaults.credentials.retrieve(credential.id, vault_id=credential.vault_id)
    assert after.auth.expires_at is not None, after
    equal(validate(client, credential).refresh, None)


@check
def validate_a_revoked_token(client):
    credential, auth = new_credential(client, "revoked")
    got = validate(client, credential)
    equal((got.status, got.mcp_probe.method, got.mcp_probe.http_response.status_code), ("invalid", "initialize", 401))
    equal((got.refresh.status, got.refresh.http_response.status_code), ("failed", 400))
    for secret in [auth["access_token"], auth["refresh"]["refresh_token"]]:
        assert secret not in got.model_dump_json(), got


@check
def validate_another_type(client):
    vault = client.beta.vaults.create(display_name="Keys")
    auth = {"type": "static_bearer", "mcp_server_url": "https://mcp.example.com/mcp", "token": "top-secret"}
    credential = client.beta.vaults.credentials.create(vault.id, auth=auth)
    raises(anthropic.BadRequestError, lambda: validate(client, credential), "mcp_oauth")


def refreshes(token):
    with urllib.request.urlopen(f"{SITE}/refreshes?token={urllib.parse.quote_plus(token)}") as answer:
        return json.load(answer)


@check
def ten_sessions_refresh_an_expired_token_once(client):
    credential, auth = new_credential(client, "expired")
    agent = new_agent(
        client,
        mcp_servers=[{"type": "url", "name": "desk", "url": auth["mcp_server_url"]}],
        tools=[
            {
                "type": "mcp_toolset",
                "mcp_server_name": "desk",
                "default_config": {"permission_policy": {"type": "always_allow"}},
            }
        ],
    )
    sessions = [new_session(client, agent, vault_ids=[credential.vault_id]).id for _ in range(10)]
    with ThreadPoolExecutor(10) as together:
        turns = list(together.map(lambda s: turn(client, s, script("whoami")), sessions))
    for events in turns:
        assert [e for e in events if e.type == "session.error"] == [], events
        assert "The server says: token of" in text_of(events), events
    equal(refreshes(auth["access_token"]), 1, "refreshes")
