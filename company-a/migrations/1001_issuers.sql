-- Who carries an order and who reported an event, by the issuer, which is what a partner is known by: the name of its file
-- may change, and may come to stand for another. Rows from before have none and are shown to the own clients alone.

ALTER TABLE orders ADD COLUMN carrier_issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE tracking_events ADD COLUMN reporter_issuer TEXT NOT NULL DEFAULT '';

DROP INDEX orders_by_carrier;
CREATE INDEX orders_by_carrier ON orders (carrier_issuer, id);
