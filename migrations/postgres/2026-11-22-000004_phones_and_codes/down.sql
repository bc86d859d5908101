CREATE INDEX outbox_due ON outbox (state, next_attempt_at, id) WHERE state = 'waiting';
DROP INDEX outbox_due_by_channel;
DROP TABLE logins;
DROP TABLE codes;
DROP INDEX users_phone;
ALTER TABLE users DROP COLUMN phone_verified;
ALTER TABLE users DROP COLUMN phone;
