-- Messages on their way to a partner, and the names of those that came from one and were applied.

CREATE TABLE outbox (
    sequence        INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT    NOT NULL UNIQUE,
    topic           TEXT    NOT NULL,
    aggregate       TEXT    NOT NULL,
    payload         TEXT    NOT NULL,
    trace_parent    TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    refusals        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL,
    last_failure    TEXT,
    dead_at         INTEGER
) STRICT;

CREATE INDEX outbox_by_aggregate ON outbox (aggregate, sequence);
CREATE INDEX outbox_by_due_time ON outbox (next_attempt_at) WHERE dead_at IS NULL;

CREATE TABLE inbox (
    source     TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    applied_at INTEGER NOT NULL,
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;
