-- The key that takes the place of another, when it was first used, and whether that ends the other.
ALTER TABLE api_keys ADD COLUMN successor_id TEXT;
ALTER TABLE api_keys ADD COLUMN successor_used_at BIGINT;
ALTER TABLE api_keys ADD COLUMN ends_on_first_use BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX api_keys_successor ON api_keys (successor_id) WHERE successor_id IS NOT NULL;
