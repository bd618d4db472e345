-- The private halves of the company's keys, and the client assertions that may not be accepted again.
-- Moments are microseconds since 1970 UTC.

CREATE TABLE signing_keys (
    kid        TEXT    NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    client     TEXT    NOT NULL,
    algorithm  TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    private    BLOB    NOT NULL
) STRICT;

CREATE INDEX signing_keys_by_purpose ON signing_keys (purpose, client, created_at);

CREATE TABLE used_assertions (
    client         TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    remember_until INTEGER NOT NULL,
    PRIMARY KEY (client, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX used_assertions_by_age ON used_assertions (remember_until);
