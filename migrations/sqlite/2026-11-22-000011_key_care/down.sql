CREATE INDEX api_keys_expires_at ON api_keys (expires_at, id) WHERE expires_at IS NOT NULL;
DROP INDEX api_keys_ends;
DROP INDEX api_keys_imported;
ALTER TABLE api_keys DROP COLUMN is_imported;
ALTER TABLE api_keys DROP COLUMN alerted_at;
