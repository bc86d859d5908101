-- The phone number of a person, as + and digits.
ALTER TABLE users ADD COLUMN phone TEXT;
ALTER TABLE users ADD COLUMN phone_verified BOOLEAN NOT NULL DEFAULT FALSE;
CREATE UNIQUE INDEX users_phone ON users (phone);

-- Codes of six digits that were sent to an address, and how often they may still be tried.
CREATE TABLE codes (
    id TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    subject TEXT NOT NULL,
    address_norm TEXT NOT NULL,
    digest BLOB NOT NULL,
    tries_left INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX codes_of ON codes (purpose, subject, address_norm, created_at);
CREATE INDEX codes_expires_at ON codes (expires_at);

-- Addresses by which a person signs in beside those of the account itself; all of them are proved.
CREATE TABLE logins (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    address TEXT NOT NULL,
    address_norm TEXT NOT NULL,
    verified_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE UNIQUE INDEX logins_address_norm ON logins (address_norm);
CREATE INDEX logins_user ON logins (user_id, created_at);

-- What waits, for each way out: one that is not set up may have many.
CREATE INDEX outbox_due_by_channel ON outbox (channel, next_attempt_at, id) WHERE state = 'waiting';
DROP INDEX outbox_due;
