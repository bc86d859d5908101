DROP INDEX api_keys_expires_at;
DROP INDEX api_keys_next_notice;
ALTER TABLE api_keys DROP COLUMN next_notice_at;
