//! What became of the invites that were made in a while.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::clock::{Time, Ts};
use crate::db::Conn;
use crate::ids::TemplateId;

/// The most invites that are counted: a second's work at most on a table of any length.
pub const MOST_COUNTED: i64 = 100_000;

/// How many of some invites came how far. An invite by which somebody has joined counts as accepted and as nothing
/// else, even if it is an open link that has ended since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct Funnel {
    /// All of them.
    #[diesel(sql_type = BigInt)]
    pub made: i64,
    /// A mail or a text message was written.
    #[diesel(sql_type = BigInt)]
    pub sent: i64,
    /// The page of a link was opened, as far as can be told: mail scanners open pages too.
    #[diesel(sql_type = BigInt)]
    pub opened: i64,
    /// Somebody has joined.
    #[diesel(sql_type = BigInt)]
    pub accepted: i64,
    /// Nobody has, and the person does not want to.
    #[diesel(sql_type = BigInt)]
    pub declined: i64,
    /// Nobody has, and the time is over.
    #[diesel(sql_type = BigInt)]
    pub expired: i64,
    /// Nobody has, and it was withdrawn.
    #[diesel(sql_type = BigInt)]
    pub revoked: i64,
}

impl Funnel {
    /// Those that have not ended: they are pending, on hold or to be approved.
    pub const fn waiting(&self) -> i64 {
        self.made - self.accepted - self.declined - self.expired - self.revoked
    }
}

/// The invites made since a moment, the newest [`MOST_COUNTED`] of them; of one template, or of all.
pub fn funnel(
    conn: &mut Conn,
    since: Time,
    template: Option<TemplateId>,
    now: Time,
) -> QueryResult<Funnel> {
    let of_template = match template {
        Some(_) => "AND template_id = $3",
        None => "",
    };
    // SQLite numbers its parameters as it meets them.
    let sql = format!(
        "SELECT count(*) AS made, \
         count(sent_at) AS sent, \
         count(CASE WHEN EXISTS (SELECT 1 FROM invite_links WHERE invite_links.invite_id = counted.id \
         AND invite_links.opened_at IS NOT NULL) THEN 1 END) AS opened, \
         count(CASE WHEN joined THEN 1 END) AS accepted, \
         count(CASE WHEN NOT joined AND state = 'declined' THEN 1 END) AS declined, \
         count(CASE WHEN NOT joined AND (state = 'expired' OR (state = 'pending' AND expires_at <= $1)) \
         THEN 1 END) AS expired, \
         count(CASE WHEN NOT joined AND state = 'revoked' THEN 1 END) AS revoked \
         FROM (SELECT id, state, sent_at, expires_at, (state = 'accepted' OR uses > 0) AS joined \
         FROM invites WHERE created_at >= $2 {of_template} \
         ORDER BY created_at DESC, id DESC LIMIT {MOST_COUNTED}) AS counted"
    );
    let query = diesel::sql_query(sql).into_boxed();
    let query = query.bind::<Ts, _>(now).bind::<Ts, _>(since);
    match template {
        Some(id) => query.bind::<Text, _>(id).get_result(conn),
        None => query.get_result(conn),
    }
}
