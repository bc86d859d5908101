-- Addresses whose holders want no more invites: a keyed digest of each, so that the table tells nobody who they are.
CREATE TABLE suppressions (
    address BLOB NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

-- Which pending invites of a template are due for their next reminder.
CREATE INDEX invites_to_remind ON invites (template_id, reminded, expires_at) WHERE state = 'pending';
-- Which ended invites still hold what is known of a person.
CREATE INDEX invites_to_erase ON invites (ended_at, id) WHERE erased_at IS NULL AND ended_at IS NOT NULL;
