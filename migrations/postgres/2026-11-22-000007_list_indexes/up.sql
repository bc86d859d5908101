-- Which mails wait and were tried already, however many wait for their first try.
CREATE INDEX outbox_tries ON outbox (attempts, id) WHERE state = 'waiting';
