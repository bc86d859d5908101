-- Invites that are made together. A draft is looked at before it is sent; a batch is busy while some of it is
-- still to be done.
CREATE TABLE invite_batches (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    lines INTEGER NOT NULL,
    ready INTEGER NOT NULL DEFAULT 0,
    already_member INTEGER NOT NULL DEFAULT 0,
    already_invited INTEGER NOT NULL DEFAULT 0,
    invalid INTEGER NOT NULL DEFAULT 0,
    key_id TEXT,
    ip TEXT,
    request_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (id),
    touched_at BIGINT NOT NULL,
    busy BOOLEAN NOT NULL
);
CREATE INDEX invite_batches_created_at ON invite_batches (created_at, id);
CREATE INDEX invite_batches_created_by ON invite_batches (created_by, created_at, id);
CREATE INDEX invite_batches_busy ON invite_batches (touched_at) WHERE busy;
CREATE INDEX invite_batches_drafts ON invite_batches (created_at) WHERE state = 'draft';

-- What is still to be done of a batch: its lines as they were sent, a few hundred in a piece. A piece goes in the
-- transaction that does it.
CREATE TABLE invite_batch_pieces (
    batch_id TEXT NOT NULL REFERENCES invite_batches (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    lines TEXT NOT NULL,
    PRIMARY KEY (batch_id, number)
);

-- What became of each line. The address and the name stand on the invite when there is one.
CREATE TABLE invite_batch_rows (
    batch_id TEXT NOT NULL REFERENCES invite_batches (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    verdict TEXT NOT NULL,
    code TEXT,
    detail TEXT,
    invite_id TEXT REFERENCES invites (id) ON DELETE SET NULL,
    PRIMARY KEY (batch_id, line)
);
CREATE UNIQUE INDEX invite_batch_rows_invite ON invite_batch_rows (invite_id);
