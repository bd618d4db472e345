-- Who a message is for, so that a recipient who does not answer holds up nobody else. Messages from before have none, and
-- go out as if they were all for one more recipient.

ALTER TABLE outbox ADD COLUMN recipient TEXT NOT NULL DEFAULT '';

CREATE INDEX outbox_by_recipient ON outbox (recipient, sequence) WHERE dead_at IS NULL;
CREATE INDEX outbox_dead_letters ON outbox (sequence) WHERE dead_at IS NOT NULL;
