-- What is known about this installation itself: the fingerprint of its master key.
CREATE TABLE facts (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
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
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    until TIMESTAMPTZ NOT NULL
);

CREATE TABLE settings (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value JSONB NOT NULL
);

CREATE TABLE users (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    email TEXT COLLATE "C",
    email_norm TEXT COLLATE "C",
    email_verified BOOLEAN NOT NULL,
    display_name TEXT COLLATE "C" NOT NULL,
    name_norm TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    status_reason TEXT COLLATE "C",
    schema_id TEXT COLLATE "C" NOT NULL,
    traits JSONB NOT NULL,
    metadata_public JSONB NOT NULL,
    metadata_admin JSONB NOT NULL,
    password_hash TEXT COLLATE "C",
    invite_id TEXT COLLATE "C",
    terms_version TEXT COLLATE "C",
    terms_accepted_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX users_email_norm ON users (email_norm);
CREATE INDEX users_name_norm ON users (name_norm);
CREATE INDEX users_created_at ON users (created_at, id);
CREATE INDEX users_status ON users (status, created_at, id);
CREATE INDEX users_role ON users (role, created_at, id);

CREATE TABLE groups (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    name_norm TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    owner_id TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX groups_name_norm ON groups (name_norm);
CREATE INDEX groups_created_at ON groups (created_at, id);
CREATE INDEX groups_owner ON groups (owner_id, created_at, id);

CREATE TABLE group_members (
    group_id TEXT COLLATE "C" NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    level TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_user ON group_members (user_id, group_id);
CREATE INDEX group_members_created_at ON group_members (group_id, created_at, user_id);

-- Browser sessions; the id in the cookie is kept only as a digest.
CREATE TABLE sessions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    digest BYTEA NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    authenticated_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    ip TEXT COLLATE "C",
    agent TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX sessions_digest ON sessions (digest);
CREATE INDEX sessions_user ON sessions (user_id, created_at, id);
CREATE INDEX sessions_last_seen_at ON sessions (last_seen_at);

-- Links that work once: the first owner's set-up, and setting a new password.
CREATE TABLE one_time_links (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL,
    user_id TEXT COLLATE "C" REFERENCES users (id) ON DELETE CASCADE,
    mailed_to TEXT COLLATE "C",
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX one_time_links_digest ON one_time_links (digest);
CREATE INDEX one_time_links_user ON one_time_links (user_id, kind);
CREATE INDEX one_time_links_expires_at ON one_time_links (expires_at);

CREATE TABLE api_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    prefix TEXT COLLATE "C" NOT NULL,
    last_four TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    revoked_by TEXT COLLATE "C",
    revoked_reason TEXT COLLATE "C",
    last_used_at TIMESTAMPTZ,
    last_used_ip TEXT COLLATE "C",
    last_used_agent TEXT COLLATE "C"
);
CREATE UNIQUE INDEX api_keys_digest ON api_keys (digest);
CREATE INDEX api_keys_owner ON api_keys (owner_id, created_at, id);
CREATE INDEX api_keys_created_at ON api_keys (created_at, id);

CREATE TABLE invites (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    state TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    email_norm TEXT COLLATE "C" NOT NULL,
    name_norm TEXT COLLATE "C" NOT NULL,
    delivery TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    schema_id TEXT COLLATE "C" NOT NULL,
    traits JSONB NOT NULL,
    metadata_public JSONB NOT NULL,
    metadata_admin JSONB NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    locale TEXT COLLATE "C" NOT NULL,
    redirect_url TEXT COLLATE "C",
    lifetime_seconds BIGINT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT COLLATE "C",
    ended_at TIMESTAMPTZ,
    ended_by TEXT COLLATE "C",
    accepted_at TIMESTAMPTZ,
    accepted_by TEXT COLLATE "C",
    mail_id TEXT COLLATE "C"
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
    invite_id TEXT COLLATE "C" NOT NULL REFERENCES invites (id) ON DELETE CASCADE,
    group_id TEXT COLLATE "C" NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    PRIMARY KEY (invite_id, group_id)
);
CREATE INDEX invite_groups_group ON invite_groups (group_id, invite_id);

-- The live links of an invite. A link that was shown to a person proves nothing about the mailbox.
CREATE TABLE invite_links (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    invite_id TEXT COLLATE "C" NOT NULL REFERENCES invites (id) ON DELETE CASCADE,
    digest BYTEA NOT NULL,
    shown BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    dead_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX invite_links_digest ON invite_links (digest);
CREATE INDEX invite_links_invite ON invite_links (invite_id, created_at);

-- Written unnumbered in the transaction of the change; one lease holder numbers and seals in committed order.
CREATE TABLE audit (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL,
    actor_kind TEXT COLLATE "C" NOT NULL,
    actor_id TEXT COLLATE "C",
    action TEXT COLLATE "C" NOT NULL,
    target_kind TEXT COLLATE "C" NOT NULL,
    target_id TEXT COLLATE "C" NOT NULL,
    result TEXT COLLATE "C" NOT NULL,
    ip TEXT COLLATE "C",
    request_id TEXT COLLATE "C" NOT NULL,
    before JSONB NOT NULL,
    after JSONB NOT NULL,
    seq BIGINT,
    seal BYTEA
);
CREATE UNIQUE INDEX audit_seq ON audit (seq);
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_actor ON audit (actor_id, at, id);
CREATE INDEX audit_target ON audit (target_id, at, id);
CREATE INDEX audit_action ON audit (action, at, id);
CREATE INDEX audit_unsealed ON audit (id) WHERE seq IS NULL;

CREATE TABLE events (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    type TEXT COLLATE "C" NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    actor_kind TEXT COLLATE "C" NOT NULL,
    actor_id TEXT COLLATE "C",
    data JSONB NOT NULL,
    seq BIGINT
);
CREATE UNIQUE INDEX events_seq ON events (seq);
CREATE INDEX events_at ON events (at);
CREATE INDEX events_unnumbered ON events (id) WHERE seq IS NULL;

-- Bodies are sealed with the master key and erased once sent: they hold links.
CREATE TABLE outbox (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    channel TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    recipient TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    about TEXT COLLATE "C",
    body BYTEA,
    state TEXT COLLATE "C" NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at TIMESTAMPTZ NOT NULL,
    last_error TEXT COLLATE "C",
    leased_until TIMESTAMPTZ,
    fence BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ
);
CREATE INDEX outbox_due ON outbox (state, next_attempt_at, id) WHERE state = 'waiting';
CREATE INDEX outbox_state ON outbox (state, created_at, id);
CREATE INDEX outbox_created_at ON outbox (created_at, id);
CREATE INDEX outbox_about ON outbox (about, created_at);

-- Answers to requests with an Idempotency-Key, kept for 24 hours.
CREATE TABLE idempotent_answers (
    credential TEXT COLLATE "C" NOT NULL,
    route TEXT COLLATE "C" NOT NULL,
    key_digest BYTEA NOT NULL,
    body_digest BYTEA NOT NULL,
    status INTEGER NOT NULL,
    answer BYTEA NOT NULL,
    made TEXT COLLATE "C",
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (credential, route, key_digest)
);
CREATE INDEX idempotent_answers_created_at ON idempotent_answers (created_at);
