-- Answers already given to writes that carried an Idempotency-Key. `status` is null while the write is under way,
-- which nobody else ever sees: the row and the business change are committed together.

CREATE TABLE idempotent_writes (
    principal  TEXT    NOT NULL,
    route      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    request    BLOB    NOT NULL,
    expires_at INTEGER NOT NULL,
    status     INTEGER,
    location   TEXT,
    body       TEXT,
    PRIMARY KEY (principal, route, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotent_writes_by_age ON idempotent_writes (expires_at);
