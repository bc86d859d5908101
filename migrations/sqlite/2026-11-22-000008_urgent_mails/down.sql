CREATE INDEX outbox_due_by_channel ON outbox (channel, next_attempt_at, id) WHERE state = 'waiting';
DROP INDEX outbox_due_by_urgency;
ALTER TABLE outbox DROP COLUMN urgent;
