//! Deleting a user: what they owned is handed over, what they could do ends, who they were is forgotten.

use serde_json::json;

use super::actions::{Ending, keep_an_owner, target, visible};
use super::logins;
use super::model::Status;
use super::store;
use crate::access::{Actor, Role};
use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::{Code, FieldError, Result};
use crate::events;
use crate::groups;
use crate::ids::UserId;
use crate::outbox;

/// Deletes a user. The row stays, without personal data, so that the id is never another's; `heir` gets
/// the groups. Everybody may delete themselves.
///
/// # Errors
/// `not_found`, `forbidden`, `above_you`, `last_owner`, `wrong_state` when it is done already, `owns_data`
/// without an heir; for the field `move_to` an heir who is no active user or the deleted one.
pub fn delete(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    id: UserId,
    heir: Option<UserId>,
    end: Ending,
) -> Result<()> {
    let user = visible(tx, actor, id)?;
    if !actor.is(id) {
        actor.require_over(user.role)?;
    }
    if user.status == Status::Deleted {
        return Code::WrongState.refuse();
    }
    if user.role == Role::Owner && user.status == Status::Active {
        keep_an_owner(tx, id)?;
    }
    let owned = groups::actions::owned_by(tx, id)?;
    if owned > 0 {
        let heir = heir.ok_or(Code::OwnsData)?;
        let inherits = store::find_any(tx, heir)?.is_some_and(|user| user.status == Status::Active);
        if heir == id || !inherits {
            return Err(FieldError::new("move_to", "not_found").into());
        }
        groups::actions::hand_over(tx, id, heir)?;
    }
    end(tx, app, actor, id)?;
    groups::actions::remove_everywhere(tx, id)?;
    outbox::actions::cancel_about(tx, id.as_str())?;
    logins::forget(tx, id)?;
    let now = tx.now;
    store::erase(tx, id, now)?;
    tx.narrow_rights()?;
    let entry = audit::Entry::new("user.deleted", target(id))
        .before(json!({ "role": user.role, "status": user.status }))
        .after(json!({ "groups_moved": owned, "move_to": heir.filter(|_| owned > 0) }));
    audit::record(tx, actor, entry)?;
    events::emit(tx, actor, "user.deleted", json!({ "user_id": id }))?;
    Ok(())
}
