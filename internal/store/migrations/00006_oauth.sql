-- +goose Up
-- The refresh of a credential's access token: a row for each refresh token,
-- which goes with it.
CREATE TABLE oauth_refreshes (
    credential_id TEXT PRIMARY KEY,
    secret        TEXT NOT NULL,           -- refresh_token
    due           BIGINT,                  -- when it is refreshed without being asked for; NULL: never
    attempts      BIGINT NOT NULL,         -- failures in a row that may pass; until due nobody tries again
    refused       TEXT NOT NULL,           -- vault.Grant that the token endpoint refused for good, or ''
    holder        TEXT NOT NULL,           -- who is refreshing
    held_until    BIGINT NOT NULL,         -- and when another may, if that one died
    FOREIGN KEY (credential_id, secret) REFERENCES credential_secrets (credential_id, name) ON DELETE CASCADE
);
CREATE INDEX oauth_refreshes_due ON oauth_refreshes (due);

-- +goose Down
DROP TABLE oauth_refreshes;
