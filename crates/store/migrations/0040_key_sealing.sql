-- Under which key-encryption key the private halves in `keys` are sealed. No row: they are not sealed yet. A private half
-- that is sealed under another one is not taken in, so that none is lost when that other one is thrown away.

CREATE TABLE key_sealing (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    kek TEXT    NOT NULL
) STRICT;
