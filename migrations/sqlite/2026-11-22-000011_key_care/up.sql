-- The owner of a key that another took the place of is told once that something still uses it.
ALTER TABLE api_keys ADD COLUMN alerted_at BIGINT;
-- A key that was there before this site, known by the digest of a text of any form.
ALTER TABLE api_keys ADD COLUMN is_imported BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX api_keys_imported ON api_keys (id) WHERE is_imported;
-- Ends that owners are told of, in their order.
CREATE INDEX api_keys_ends ON api_keys (expires_at, id) WHERE next_notice_at IS NOT NULL AND successor_id IS NULL;
DROP INDEX api_keys_expires_at;
