//! What hangs on a user: every feature that keeps something of a user is named here, with what happens
//! to it when the user ends. Handed to `users`, which knows none of them.

use crate::access::Actor;
use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::UserId;
use crate::one_time_links::{self, LinkKind};
use crate::users::actions::Endings;
use crate::{api_keys, invites, sign_in};

/// The endings for the handlers of users.
pub const ENDINGS: Endings = Endings {
    on_suspend: |tx, app, actor, user| end(tx, app, actor, user, "api-keys-reason-suspended"),
    on_takeover: |tx, app, actor, user| end(tx, app, actor, user, "api-keys-reason-takeover"),
    on_delete: |tx, app, actor, user| end(tx, app, actor, user, "api-keys-reason-deleted"),
};

/// Ends all that lets a user act: sessions, keys, links to set a password, and the invites that they
/// sent. Reactivating revives none of it (product rule 6).
fn end(tx: &mut Tx<'_>, app: &App, actor: &Actor, user: UserId, why: &'static str) -> Result<()> {
    sign_in::actions::sign_out_all(tx, actor, user, None)?;
    let reason = app.text.get(why).to_string();
    api_keys::actions::revoke_all(tx, actor, user, &reason)?;
    for kind in [LinkKind::Recovery, LinkKind::Verification] {
        one_time_links::end_all(tx, kind, Some(user))?;
    }
    invites::actions::suspend_all_of(tx, actor, user)
}
