-- What is known about this installation itself: the fingerprint of its master key.
CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Changes whenever a right ends or narrows; every process reads it twice a second.
CREATE TABLE revisions (
    slot INTEGER NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
);
INSERT INTO revisions (slot, number) VALUES
    (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0),
    (8, 0), (9, 0), (10, 0), (11, 0), (12, 0), (13, 0), (14, 0), (15, 0);

-- Background work that only one process does at a time.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT,
    email_norm TEXT,
    email_verified BOOLEAN NOT NULL,
    display_name TEXT NOT NULL,
    name_norm TEXT NOT NULL,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    schema_id TEXT NOT NULL,
    traits TEXT NOT NULL,
    metadata_public TEXT NOT NULL,
    metadata_admin TEXT NOT NULL,
    password_hash TEXT,
    invite_id TEXT,
    terms_version TEXT,
    terms_accepted_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_seen_at BIGINT
);
CREATE UNIQUE INDEX users_email_norm ON users (email_norm);
CREATE INDEX users_name_norm ON users (name_norm);
CREATE INDEX users_created_at ON users (created_at, id);
CREATE INDEX users_status ON users (status, created_at, id);
CREATE INDEX users_role ON users (role, created_at, id);

CREATE TABLE groups (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_norm TEXT NOT NULL,
    description TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX groups_name_norm ON groups (name_norm);
CREATE INDEX groups_created_at ON groups (created_at, id);
CREATE INDEX groups_owner ON groups (owner_id, created_at, id);

CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    level TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_user ON group_members (user_id, group_id);
CREATE INDEX group_members_created_at ON group_members (group_id, created_at, user_id);

-- Browser sessions; the id in the cookie is kept only as a digest.
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    ip TEXT,
    agent TEXT NOT NULL
);
CREATE UNIQUE INDEX sessions_digest ON sessions (digest);
CREATE INDEX sessions_user ON sessions (user_id, created_at, id);
CREATE INDEX sessions_last_seen_at ON sessions (last_seen_at);

-- Links that work once: the first owner's set-up, and setting a new password.
CREATE TABLE one_time_links (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    digest BLOB NOT NULL,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    mailed_to TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE UNIQUE INDEX one_time_links_digest ON one_time_links (digest);
CREATE INDEX one_time_links_user ON one_time_links (user_id, kind);
CREATE INDEX one_time_links_expires_at ON one_time_links (expires_at);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    note TEXT NOT NULL,
    prefix TEXT NOT NULL,
    last_four TEXT NOT NULL,
    digest BLOB NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    revoked_by TEXT,
    revoked_reason TEXT,
    last_used_at BIGINT,
    last_used_ip TEXT,
    last_used_agent TEXT
);
CREATE UNIQUE INDEX api_keys_digest ON api_keys (digest);
CREATE INDEX api_keys_owner ON api_keys (owner_id, created_at, id);
CREATE INDEX api_keys_created_at ON api_keys (created_at, id);

CREATE TABLE invites (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    email TEXT NOT NULL,
    email_norm TEXT NOT NULL,
    name_norm TEXT NOT NULL,
    delivery TEXT NOT NULL,
    role TEXT NOT NULL,
    schema_id TEXT NOT NULL,
    traits TEXT NOT NULL,
    metadata_public TEXT NOT NULL,
    metadata_admin TEXT NOT NULL,
    label TEXT NOT NULL,
    message TEXT NOT NULL,
    locale TEXT NOT NULL,
    redirect_url TEXT,
    lifetime_seconds BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT,
    ended_at BIGINT,
    ended_by TEXT,
    accepted_at BIGINT,
    accepted_by TEXT,
    mail_id TEXT
);
-- One pending invite for an address and maker.
CREATE UNIQUE INDEX invites_pending ON invites (email_norm, created_by) WHERE state = 'pending';
CREATE INDEX invites_email_norm ON invites (email_norm);
CREATE INDEX invites_name_norm ON invites (name_norm);
CREATE INDEX invites_created_at ON invites (created_at, id);
CREATE INDEX invites_state ON invites (state, created_at, id);
CREATE INDEX invites_expires_at ON invites (state, expires_at, id);
CREATE INDEX invites_created_by ON invites (created_by, created_at, id);

CREATE TABLE invite_groups (
    invite_id TEXT NOT NULL REFERENCES invites (id) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    PRIMARY KEY (invite_id, group_id)
);
CREATE INDEX invite_groups_group ON invite_groups (group_id, invite_id);

-- The live links of an invite. A link that was shown to a person proves nothing about the mailbox.
CREATE TABLE invite_links (
    id TEXT NOT NULL PRIMARY KEY,
    invite_id TEXT NOT NULL REFERENCES invites (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    shown BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    dead_at BIGINT
);
CREATE UNIQUE INDEX invite_links_digest ON invite_links (digest);
CREATE INDEX invite_links_invite ON invite_links (invite_id, created_at);

-- Written unnumbered in the transaction of the change; one lease holder numbers and seals in committed order.
CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    result TEXT NOT NULL,
    ip TEXT,
    request_id TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    seq BIGINT,
    seal BLOB
);
CREATE UNIQUE INDEX audit_seq ON audit (seq);
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_actor ON audit (actor_id, at, id);
CREATE INDEX audit_target ON audit (target_id, at, id);
CREATE INDEX audit_action ON audit (action, at, id);
CREATE INDEX audit_unsealed ON audit (id) WHERE seq IS NULL;

CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    data TEXT NOT NULL,
    seq BIGINT
);
CREATE UNIQUE INDEX events_seq ON events (seq);
CREATE INDEX events_at ON events (at);
CREATE INDEX events_unnumbered ON events (id) WHERE seq IS NULL;

-- Bodies are sealed with the master key and erased once sent: they hold links.
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    about TEXT,
    body BLOB,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    last_error TEXT,
    leased_until BIGINT,
    fence BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT
);
CREATE INDEX outbox_due ON outbox (state, next_attempt_at, id) WHERE state = 'waiting';
CREATE INDEX outbox_state ON outbox (state, created_at, id);
CREATE INDEX outbox_created_at ON outbox (created_at, id);
CREATE INDEX outbox_about ON outbox (about, created_at);

-- Answers to requests with an Idempotency-Key, kept for 24 hours.
CREATE TABLE idempotent_answers (
    credential TEXT NOT NULL,
    route TEXT NOT NULL,
    key_digest BLOB NOT NULL,
    body_digest BLOB NOT NULL,
    status INTEGER NOT NULL,
    answer BLOB NOT NULL,
    made TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (credential, route, key_digest)
);
CREATE INDEX idempotent_answers_created_at ON idempotent_answers (created_at);
