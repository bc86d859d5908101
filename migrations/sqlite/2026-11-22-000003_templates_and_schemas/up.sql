-- Identity schemas: what a platform wants to know of a person. A document is text, as the order of its
-- properties is the order of the fields of the form.
CREATE TABLE schemas (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
INSERT INTO schemas (id, name, document, created_at, updated_at)
VALUES ('default', 'Default', '{"type":"object"}', 0, 0);

-- Whether a schema is in use; almost all rows have the first.
CREATE INDEX users_schema ON users (schema_id) WHERE schema_id <> 'default';
CREATE INDEX invites_schema ON invites (schema_id) WHERE schema_id <> 'default';

-- Named policies that invites are made from. A plain invite uses the first.
CREATE TABLE invite_templates (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_norm TEXT NOT NULL,
    schema_id TEXT NOT NULL REFERENCES schemas (id),
    policy TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX invite_templates_schema ON invite_templates (schema_id);
CREATE UNIQUE INDEX invite_templates_name_norm ON invite_templates (name_norm);
CREATE INDEX invite_templates_created_at ON invite_templates (created_at, id);
INSERT INTO invite_templates (id, name, name_norm, schema_id, policy, created_at, updated_at)
VALUES ('tpl_00000000-0000-7000-8000-000000000000', 'Default', 'default', 'default', '{}', 0, 0);

-- An invite goes to a mail address, to a phone number, or, when empty, to whoever has the link.
DROP INDEX invites_pending;
DROP INDEX invites_email_norm;
ALTER TABLE invites RENAME COLUMN email TO address;
ALTER TABLE invites RENAME COLUMN email_norm TO address_norm;
CREATE UNIQUE INDEX invites_pending ON invites (address_norm, created_by)
    WHERE state = 'pending' AND address_norm <> '';
CREATE INDEX invites_address_norm ON invites (address_norm);

ALTER TABLE invites ADD COLUMN template_id TEXT NOT NULL
    DEFAULT 'tpl_00000000-0000-7000-8000-000000000000';
ALTER TABLE invites ADD COLUMN matching TEXT NOT NULL DEFAULT 'strict';
ALTER TABLE invites ADD COLUMN domains TEXT NOT NULL DEFAULT '[]';
ALTER TABLE invites ADD COLUMN max_uses INTEGER NOT NULL DEFAULT 1;
ALTER TABLE invites ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invites ADD COLUMN sent_at BIGINT;
ALTER TABLE invites ADD COLUMN reminded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invites ADD COLUMN erased_at BIGINT;
-- When its page was first opened: by a person, or by a scanner of mails.
ALTER TABLE invite_links ADD COLUMN opened_at BIGINT;
UPDATE invites SET uses = 1 WHERE state = 'accepted';
UPDATE invites SET sent_at = created_at WHERE delivery = 'email';
CREATE INDEX invites_template ON invites (template_id, created_at, id);

-- Who joined by which invite.
CREATE TABLE invite_acceptances (
    invite_id TEXT NOT NULL REFERENCES invites (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    accepted_at BIGINT NOT NULL,
    PRIMARY KEY (invite_id, user_id)
);
CREATE INDEX invite_acceptances_user ON invite_acceptances (user_id);
INSERT INTO invite_acceptances (invite_id, user_id, accepted_at)
SELECT id, accepted_by, accepted_at FROM invites WHERE accepted_by IS NOT NULL AND accepted_at IS NOT NULL;

-- What somebody entered whose acceptance an administrator has yet to approve.
CREATE TABLE invite_applications (
    invite_id TEXT NOT NULL PRIMARY KEY REFERENCES invites (id) ON DELETE CASCADE,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    display_name TEXT NOT NULL,
    password_hash TEXT,
    traits TEXT NOT NULL,
    terms_version TEXT,
    address_proved BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX invite_applications_user ON invite_applications (user_id);
