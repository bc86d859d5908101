-- When the owner of a key is next told about its end. What ended long ago is looked at once, and nobody is told.
ALTER TABLE api_keys ADD COLUMN next_notice_at TIMESTAMPTZ;
UPDATE api_keys SET next_notice_at = expires_at - INTERVAL '30 days' WHERE expires_at IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX api_keys_next_notice ON api_keys (next_notice_at, id) WHERE next_notice_at IS NOT NULL;
CREATE INDEX api_keys_expires_at ON api_keys (expires_at, id) WHERE expires_at IS NOT NULL;
