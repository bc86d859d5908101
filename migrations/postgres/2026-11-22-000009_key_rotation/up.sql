-- The key that takes the place of another, when it was first used, and whether that ends the other. The new one knows that
-- it was not used yet, so that no other row is looked at when a key is used.
ALTER TABLE api_keys ADD COLUMN successor_id TEXT;
ALTER TABLE api_keys ADD COLUMN successor_used_at TIMESTAMPTZ;
ALTER TABLE api_keys ADD COLUMN ends_on_first_use BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE api_keys ADD COLUMN is_untried BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX api_keys_successor ON api_keys (successor_id) WHERE successor_id IS NOT NULL;
