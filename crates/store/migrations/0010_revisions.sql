-- How often each topic has changed. A process that shares the database sees from here what another one did.

CREATE TABLE revisions (
    topic    TEXT    NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
