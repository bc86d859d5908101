//! A batch, what is to become of its lines, and what did.

use std::net::IpAddr;

use diesel::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use crate::access::{Actor, ActorKind, Role};
use crate::clock::Time;
use crate::error::Code;
use crate::ids::{BatchId, InviteId, KeyId, UserId};

/// The most lines of one batch.
pub const MOST_LINES: usize = 10_000;
/// The largest that what holds for every line may be, as bytes of JSON. Every piece keeps it, and each line that is
/// read has a copy for as long as it is looked at.
pub const LARGEST_DEFAULTS: usize = 64 * 1024;
/// Lines of a piece: few enough that the writer of SQLite is soon free again.
pub const PIECE: usize = 250;

crate::words! {
    /// Where a batch stands.
    pub enum State {
        /// Looked at, and not sent yet.
        Draft = "draft",
        /// Its invites are being made.
        Running = "running",
        /// They are made.
        Done = "done",
        /// Withdrawn.
        Revoked = "revoked",
    }
}

crate::words! {
    /// What becomes of a line.
    pub enum Verdict {
        /// An invite.
        Ready = "ready",
        /// Nothing: the person has an account, and would gain nothing.
        AlreadyMember = "already_member",
        /// Nothing: there is a pending invite for the address.
        AlreadyInvited = "already_invited",
        /// Nothing: something is wrong with it.
        Invalid = "invalid",
    }
}

impl Verdict {
    /// What a refusal means for a line.
    pub const fn of(code: Code) -> Self {
        match code {
            Code::UserExists => Self::AlreadyMember,
            Code::InviteExists => Self::AlreadyInvited,
            _ => Self::Invalid,
        }
    }
}

/// A row of `invite_batches`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = crate::db::schema::invite_batches)]
pub struct Batch {
    /// The id.
    pub id: BatchId,
    /// Where it stands.
    pub state: State,
    /// How many lines were sent.
    pub lines: i32,
    /// Lines that became invites.
    pub ready: i32,
    /// Lines about people who have an account and would gain nothing.
    pub already_member: i32,
    /// Lines about people with a pending invite.
    pub already_invited: i32,
    /// Lines that are wrong.
    pub invalid: i32,
    /// The key by which it was made.
    pub key_id: Option<KeyId>,
    /// Where it was made from.
    pub ip: Option<String>,
    /// The request that made it.
    pub request_id: String,
    /// When it was made.
    pub created_at: Time,
    /// Who made it.
    pub created_by: UserId,
    /// When somebody last worked at it.
    pub touched_at: Time,
    /// Some of it is still to be done.
    pub busy: bool,
}

impl Batch {
    /// Lines that are done with.
    pub const fn done(&self) -> i32 {
        self.ready + self.already_member + self.already_invited + self.invalid
    }

    /// Who acts when its lines are done, with the role of this moment.
    pub fn actor(&self, role: Role) -> Actor {
        Actor {
            kind: self.key_id.map_or(ActorKind::User, ActorKind::ApiKey),
            user: Some(self.created_by),
            role,
            ip: self.ip.as_deref().and_then(|ip| ip.parse::<IpAddr>().ok()),
            request_id: self.request_id.clone(),
        }
    }
}

/// What became of a line: a row of `invite_batch_rows`.
#[derive(Clone, Debug)]
pub struct Row {
    /// The batch.
    pub batch_id: BatchId,
    /// Its line in the file, from 1 on.
    pub line: i32,
    /// The address; empty when the invite has it.
    pub email: String,
    /// The name; empty when the invite has it.
    pub name: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Why not an invite.
    pub code: Option<&'static str>,
    /// The same in words.
    pub detail: Option<String>,
    /// The invite.
    pub invite_id: Option<InviteId>,
}

/// How many lines became what, and how the messages of their invites fare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BatchCounts")]
pub struct Counts {
    /// Invites.
    pub ready: i64,
    /// People who have an account and would gain nothing; told where the template reveals accounts.
    pub already_member: i64,
    /// People with a pending invite.
    pub already_invited: i64,
    /// Lines that are wrong.
    pub invalid: i64,
    /// Invites whose message was taken.
    pub sent: i64,
    /// Invites whose message was given up.
    pub failed: i64,
}

impl Counts {
    /// One line more.
    pub fn add(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Ready => &mut self.ready,
            Verdict::AlreadyMember => &mut self.already_member,
            Verdict::AlreadyInvited => &mut self.already_invited,
            Verdict::Invalid => &mut self.invalid,
        } += 1;
    }
}
