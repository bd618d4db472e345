-- What partners' issuers have taken back: notices that they pushed, and the last status list of each address. `at`, `iat`
-- are whole seconds since 1970 UTC, as in the tokens that said so.

CREATE TABLE received_notices (
    issuer   TEXT    NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN ('token', 'client', 'key', 'issuer')),
    name     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    list_uri TEXT,
    list_idx TEXT,
    PRIMARY KEY (issuer, kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE received_lists (
    issuer TEXT    NOT NULL,
    uri    TEXT    NOT NULL,
    iat    INTEGER NOT NULL,
    token  TEXT    NOT NULL,
    PRIMARY KEY (issuer, uri)
) STRICT;
