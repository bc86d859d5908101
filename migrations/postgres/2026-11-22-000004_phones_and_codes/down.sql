DROP TABLE logins;
DROP TABLE codes;
DROP INDEX users_phone;
ALTER TABLE users DROP COLUMN phone_verified;
ALTER TABLE users DROP COLUMN phone;
