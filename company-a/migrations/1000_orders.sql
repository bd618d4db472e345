-- Orders and what their carriers reported about them. Moments are microseconds since 1970 UTC; addresses and lines are
-- JSON documents in the form of the API.

CREATE TABLE orders (
    id               TEXT    NOT NULL PRIMARY KEY,
    carrier          TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    delivery_address TEXT    NOT NULL,
    lines            TEXT    NOT NULL,
    shipment         TEXT,
    placed_at        INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;

CREATE INDEX orders_by_carrier ON orders (carrier, id);

CREATE TABLE tracking_events (
    id          TEXT    NOT NULL PRIMARY KEY,
    order_id    TEXT    NOT NULL REFERENCES orders (id),
    event_id    TEXT    NOT NULL,
    reported_by TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    note        TEXT,
    occurred_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    UNIQUE (order_id, reported_by, event_id)
) STRICT;

CREATE INDEX tracking_events_by_order ON tracking_events (order_id, id);
