-- +goose Up
CREATE TABLE gate_log (
    seq         BIGINT PRIMARY KEY,
    at          BIGINT NOT NULL,           -- when it began
    session_id  TEXT NOT NULL,
    kind        TEXT NOT NULL,             -- request or tunnel
    host        TEXT NOT NULL,
    port        BIGINT NOT NULL,
    address     TEXT NOT NULL,             -- what was dialled; '' if nothing was
    verdict     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    bytes_up    BIGINT NOT NULL,
    bytes_down  BIGINT NOT NULL,
    duration    BIGINT NOT NULL,           -- microseconds
    credentials TEXT NOT NULL              -- JSON: ids and places of what was put in
);
CREATE INDEX gate_log_by_session ON gate_log (session_id, seq);
CREATE INDEX gate_log_by_age ON gate_log (at);

-- +goose Down
DROP TABLE gate_log;
