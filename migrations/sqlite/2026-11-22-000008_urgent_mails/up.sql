-- Mails that somebody waits for in front of a page go before all others.
ALTER TABLE outbox ADD COLUMN urgent BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE outbox SET urgent = TRUE WHERE state = 'waiting' AND kind IN ('code', 'recovery', 'verification');
CREATE INDEX outbox_due_by_urgency ON outbox (channel, urgent, next_attempt_at, id) WHERE state = 'waiting';
DROP INDEX outbox_due_by_channel;
