-- +goose Up
CREATE TABLE vaults (
    id          TEXT PRIMARY KEY,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    archived_at BIGINT,
    doc         TEXT NOT NULL              -- display_name, metadata
);
CREATE INDEX vaults_by_age ON vaults (created_at, id);

CREATE TABLE credentials (
    id          TEXT PRIMARY KEY,
    vault_id    TEXT NOT NULL REFERENCES vaults (id),
    lookup      TEXT NOT NULL,             -- vault.Lookup: what sessions find it by
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    archived_at BIGINT,
    doc         TEXT NOT NULL              -- display_name, metadata, auth
);
CREATE INDEX credentials_by_age ON credentials (vault_id, created_at, id);
CREATE UNIQUE INDEX credentials_active ON credentials (vault_id, lookup) WHERE archived_at IS NULL;

-- Secrets of active credentials; archiving deletes them.
CREATE TABLE credential_secrets (
    credential_id TEXT NOT NULL REFERENCES credentials (id),
    name          TEXT NOT NULL,           -- the request's field, such as access_token
    sealed        TEXT NOT NULL,           -- encrypted, see package secret
    PRIMARY KEY (credential_id, name)
);

-- +goose Down
DROP TABLE credential_secrets;
DROP TABLE credentials;
DROP TABLE vaults;
