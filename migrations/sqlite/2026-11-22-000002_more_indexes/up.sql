-- An invite by its mail: which invites were not delivered.
CREATE INDEX invites_mail ON invites (mail_id);

-- The beginning of an address, which is kept as it was written.
CREATE INDEX outbox_recipient ON outbox (lower(recipient));
-- What the sweep takes away: mails that ended, the oldest first.
CREATE INDEX outbox_ended ON outbox (next_attempt_at, id) WHERE state <> 'waiting';

-- What was done from an address.
CREATE INDEX audit_ip ON audit (ip, at, id);
