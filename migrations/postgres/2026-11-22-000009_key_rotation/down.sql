DROP INDEX api_keys_successor;
ALTER TABLE api_keys DROP COLUMN is_untried;
ALTER TABLE api_keys DROP COLUMN ends_on_first_use;
ALTER TABLE api_keys DROP COLUMN successor_used_at;
ALTER TABLE api_keys DROP COLUMN successor_id;
