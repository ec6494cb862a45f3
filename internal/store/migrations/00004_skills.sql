-- +goose Up
CREATE TABLE skills (
    id         TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    latest     TEXT NOT NULL,              -- id of the newest version
    latest_at  BIGINT NOT NULL,            -- and its created_at
    doc        TEXT NOT NULL               -- name, display_name
);
CREATE INDEX skills_by_age ON skills (created_at, id);

-- A version that a client deletes stays, hidden, while sessions use it.
CREATE TABLE skill_versions (
    id         TEXT PRIMARY KEY,
    skill_id   TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    hidden     BIGINT NOT NULL,
    blob       TEXT NOT NULL,              -- key of its archive
    doc        TEXT NOT NULL               -- name, description, directory, sha256
);
CREATE UNIQUE INDEX skill_versions_by_age ON skill_versions (skill_id, created_at);

-- Versions that sessions use which are not archived.
CREATE TABLE session_skills (
    session_id TEXT NOT NULL REFERENCES sessions (id),
    version_id TEXT NOT NULL REFERENCES skill_versions (id),
    PRIMARY KEY (session_id, version_id)
);
CREATE INDEX session_skills_by_version ON session_skills (version_id);

-- +goose Down
DROP TABLE session_skills;
DROP TABLE skill_versions;
DROP TABLE skills;
