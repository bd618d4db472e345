-- The status of tokens. A token has an index in a list; a list is cut into blocks, each reserved for the tokens of one
-- client; a block that was reserved is never reserved again. `used_until` is the last moment at which an index of the
-- block can be given to a token. Moments are microseconds since 1970 UTC, `not_before` is in seconds as `iat` is.

CREATE TABLE status_lists (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    announced_at INTEGER NOT NULL,
    next_index   INTEGER NOT NULL DEFAULT 0,
    revision     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE status_blocks (
    list        INTEGER NOT NULL REFERENCES status_lists (number) ON DELETE CASCADE,
    first_index INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    client      TEXT    NOT NULL,
    used_until  INTEGER NOT NULL,
    revoked_at  INTEGER,
    PRIMARY KEY (list, first_index)
) STRICT, WITHOUT ROWID;

CREATE INDEX status_blocks_by_client ON status_blocks (client, used_until);

CREATE TABLE revoked_tokens (
    list       INTEGER NOT NULL REFERENCES status_lists (number) ON DELETE CASCADE,
    idx        INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL,
    PRIMARY KEY (list, idx)
) STRICT, WITHOUT ROWID;

-- The earliest `iat` of the next token of a client; of every client where `client` is empty.
CREATE TABLE client_cutoffs (
    client     TEXT    NOT NULL PRIMARY KEY,
    not_before INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE disabled_clients (
    client      TEXT    NOT NULL PRIMARY KEY,
    disabled_at INTEGER NOT NULL,
    reason      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
