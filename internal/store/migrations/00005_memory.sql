-- +goose Up
CREATE TABLE memory_stores (
    id          TEXT PRIMARY KEY,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    archived_at BIGINT,
    doc         TEXT NOT NULL              -- name, description, metadata
);
CREATE INDEX memory_stores_by_age ON memory_stores (created_at, id);

-- Memories that are there now. Their contents are those of their versions.
-- Paths are compared by their bytes.
CREATE TABLE memories (
    id         TEXT PRIMARY KEY,
    store_id   TEXT NOT NULL REFERENCES memory_stores (id),
    path       TEXT NOT NULL,
    version_id TEXT NOT NULL,              -- the newest
    sha256     TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX memories_by_path ON memories (store_id, path);
CREATE UNIQUE INDEX memories_by_version ON memories (version_id);

CREATE TABLE memory_versions (
    id            TEXT PRIMARY KEY,
    store_id      TEXT NOT NULL REFERENCES memory_stores (id),
    memory_id     TEXT NOT NULL,           -- which may be gone
    operation     TEXT NOT NULL,           -- created modified deleted
    created_at    BIGINT NOT NULL,
    actor_type    TEXT NOT NULL,
    actor_id      TEXT NOT NULL,
    path          TEXT,                    -- this and the next are null if redacted
    content       TEXT,                    -- null of a deletion too
    sha256        TEXT,
    size_bytes    BIGINT,
    redacted_at   BIGINT,
    redactor_type TEXT,
    redactor_id   TEXT
);
CREATE INDEX memory_versions_by_age ON memory_versions (store_id, created_at, id);
CREATE INDEX memory_versions_by_memory ON memory_versions (memory_id, created_at, id);

-- Which sessions have which stores; their resources say the rest.
CREATE TABLE memory_attachments (
    session_id TEXT NOT NULL,
    store_id   TEXT NOT NULL,
    PRIMARY KEY (session_id, store_id)
);
CREATE INDEX memory_attachments_by_store ON memory_attachments (store_id, session_id);

-- +goose Down
DROP TABLE memory_attachments;
DROP TABLE memory_versions;
DROP TABLE memories;
DROP TABLE memory_stores;
