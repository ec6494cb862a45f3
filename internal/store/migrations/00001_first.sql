-- Times are microseconds since 1970, UTC. JSON is TEXT. "doc" columns hold the
-- parts of a resource that no query looks at, in the API's own form.

-- +goose Up
CREATE TABLE agents (
    id          TEXT PRIMARY KEY,
    version     BIGINT NOT NULL,           -- the newest
    created_at  BIGINT NOT NULL,
    archived_at BIGINT
);
CREATE INDEX agents_by_age ON agents (created_at, id);

CREATE TABLE agent_versions (
    agent_id   TEXT NOT NULL REFERENCES agents (id),
    version    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    doc        TEXT NOT NULL,              -- wire.AgentConfig
    PRIMARY KEY (agent_id, version)
);

CREATE TABLE environments (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    archived_at BIGINT,
    doc         TEXT NOT NULL              -- wire.Environment
);
CREATE INDEX environments_by_age ON environments (created_at, id);

CREATE TABLE sessions (
    id             TEXT PRIMARY KEY,
    agent_id       TEXT NOT NULL,
    agent_version  BIGINT NOT NULL,
    environment_id TEXT NOT NULL,
    status         TEXT NOT NULL,          -- idle running rescheduling terminated
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    archived_at    BIGINT,
    last_seq       BIGINT NOT NULL,        -- of the log
    last_at        BIGINT NOT NULL,        -- newest processed_at
    parked         BIGINT NOT NULL,        -- 1 while the last idle is requires_action
    retry_at       BIGINT,                 -- when a rescheduled turn goes on
    attempts       BIGINT NOT NULL,        -- failed model requests in a row
    generation     BIGINT NOT NULL,        -- of the lease: the fencing token
    thread_id      TEXT NOT NULL,          -- the primary thread
    running_since  BIGINT,                 -- start of the current active stretch
    active         BIGINT NOT NULL,        -- microseconds of earlier stretches
    usage          TEXT NOT NULL,          -- counters, without active_seconds
    doc            TEXT NOT NULL           -- title, metadata, agent snapshot, vault_ids
);
CREATE INDEX sessions_by_age ON sessions (created_at, id);
CREATE INDEX sessions_by_agent ON sessions (agent_id, created_at, id);
CREATE INDEX sessions_by_environment ON sessions (environment_id);
CREATE INDEX sessions_awake ON sessions (status) WHERE status IN ('running', 'rescheduling');

-- The log: append-only, ordered per session.
CREATE TABLE events (
    session_id   TEXT NOT NULL,
    seq          BIGINT NOT NULL,
    id           TEXT NOT NULL,
    thread_id    TEXT NOT NULL,
    type         TEXT NOT NULL,
    processed_at BIGINT NOT NULL,
    data         TEXT NOT NULL,            -- the bytes that are listed and streamed
    private      TEXT,                     -- what only the turn may read
    PRIMARY KEY (session_id, seq)
);

-- Client events that the turn has not taken up yet, in order of arrival.
CREATE TABLE inbox (
    session_id TEXT NOT NULL,
    pos        BIGINT NOT NULL,
    id         TEXT NOT NULL,
    thread_id  TEXT NOT NULL,
    type       TEXT NOT NULL,
    data       TEXT NOT NULL,              -- the event with processed_at null
    PRIMARY KEY (session_id, pos)
);

-- Tool calls without a result.
CREATE TABLE calls (
    session_id TEXT NOT NULL,
    event_id   TEXT NOT NULL,
    thread_id  TEXT NOT NULL,
    seq        BIGINT NOT NULL,            -- of its use event
    kind       TEXT NOT NULL,              -- tool mcp custom
    awaits     TEXT NOT NULL,              -- server, confirmation, result (of the client)
    decided    TEXT NOT NULL,              -- '', allow, deny: a confirmation that is queued or applied
    PRIMARY KEY (session_id, event_id)
);

CREATE TABLE session_resources (
    id         TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    pos        BIGINT NOT NULL,            -- order of creation
    type       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    doc        TEXT NOT NULL,              -- the API's form
    secret     TEXT                        -- encrypted authorization token
);
CREATE UNIQUE INDEX session_resources_by_session ON session_resources (session_id, pos);

CREATE TABLE files (
    id         TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL,
    session_id TEXT,                       -- scope
    origin     TEXT NOT NULL,              -- upload, copy (mounted in a session), output
    path       TEXT,                       -- of an output below /mnt/session/outputs
    expires_at BIGINT,
    size_bytes BIGINT NOT NULL,
    blob       TEXT NOT NULL,              -- key of the bytes
    doc        TEXT NOT NULL               -- filename, mime_type, hash
);
CREATE INDEX files_by_age ON files (created_at, id);
CREATE INDEX files_by_session ON files (session_id, created_at, id);
CREATE INDEX files_by_blob ON files (blob);

-- +goose Down
DROP TABLE files;
DROP TABLE session_resources;
DROP TABLE calls;
DROP TABLE inbox;
DROP TABLE events;
DROP TABLE sessions;
DROP TABLE environments;
DROP TABLE agent_versions;
DROP TABLE agents;
