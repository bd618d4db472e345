-- The company's keys and where each stands in its life. Moments are microseconds since 1970 UTC.
-- `public` is a JWK; it is null only for keys of the table before this one, and then follows from `private`.

CREATE TABLE keys (
    kid               TEXT    NOT NULL PRIMARY KEY,
    purpose           TEXT    NOT NULL,
    client            TEXT    NOT NULL,
    algorithm         TEXT    NOT NULL,
    state             TEXT    NOT NULL CHECK (state IN ('prepared', 'active', 'retired', 'destroyed', 'tainted', 'revoked')),
    public            TEXT,
    private           BLOB             CHECK (private IS NULL OR state IN ('prepared', 'active')),
    prepared_at       INTEGER NOT NULL,
    activated_at      INTEGER,
    retired_at        INTEGER,
    destroyed_at      INTEGER,
    tainted_at        INTEGER,
    revoked_at        INTEGER,
    request_at        INTEGER,
    request_algorithm TEXT,
    reason            TEXT
) STRICT;

-- Whatever a program does, two keys never sign for one purpose, and two never wait for their turn.
CREATE UNIQUE INDEX one_active_key ON keys (purpose, client) WHERE state = 'active';
CREATE UNIQUE INDEX one_prepared_key ON keys (purpose, client) WHERE state = 'prepared';
CREATE INDEX keys_by_age ON keys (prepared_at, kid);

INSERT INTO keys (kid, purpose, client, algorithm, state, private, prepared_at, activated_at)
SELECT kid, purpose, client, algorithm, 'active', private, created_at, created_at FROM signing_keys;

DROP TABLE signing_keys;
