DROP INDEX outbox_tries;
