DROP INDEX invites_to_erase;
DROP INDEX invites_to_remind;
DROP TABLE suppressions;
