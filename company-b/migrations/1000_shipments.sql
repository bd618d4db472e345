-- Shipments and what happened to them. Moments are microseconds since 1970 UTC; addresses and lines are JSON documents
-- in the form of the API.

CREATE TABLE shipments (
    id               TEXT    NOT NULL PRIMARY KEY,
    customer         TEXT    NOT NULL,
    customer_issuer  TEXT    NOT NULL,
    order_reference  TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    delivery_address TEXT    NOT NULL,
    lines            TEXT,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    UNIQUE (customer_issuer, order_reference)
) STRICT;

CREATE INDEX shipments_by_customer ON shipments (customer_issuer, id);

CREATE TABLE events (
    id          TEXT    NOT NULL PRIMARY KEY,
    shipment_id TEXT    NOT NULL REFERENCES shipments (id),
    kind        TEXT    NOT NULL,
    note        TEXT,
    occurred_at INTEGER NOT NULL
) STRICT;

CREATE INDEX events_by_shipment ON events (shipment_id, id);
