//! Making an invite.

use serde_json::json;

use super::send::{Made, send};
use super::{exists, facts, record, require_can_grant, require_free};
use crate::access::Actor;
use crate::app::App;
use crate::clock::days;
use crate::db::Tx;
use crate::error::Result;
use crate::events;
use crate::ids::InviteId;
use crate::invites::model::{End, Invite, NewInvite, State};
use crate::invites::store;
use crate::site;
use crate::users::model::normal;

/// Makes an invite and sends it, or hands its link out.
///
/// # Errors
/// `forbidden`, `role_not_grantable`, `group_not_grantable`, `invite_exists`, field errors.
pub fn create(tx: &mut Tx<'_>, app: &App, actor: &Actor, new: &NewInvite) -> Result<Made> {
    require_can_grant(tx, actor, new.role, &new.groups)?;
    let settings = site::actions::current(tx)?;
    let now = tx.now;
    let end = new.end.unwrap_or(End::In(days(settings.invite_days)));
    let (expires_at, life) = end.from(now)?;
    require_free(tx, actor, &new.email.norm(), None)?;
    let invite = Invite {
        id: InviteId::new(now),
        state: State::Pending,
        email: new.email.to_string(),
        email_norm: new.email.norm(),
        name_norm: String::new(),
        delivery: new.delivery,
        role: new.role,
        schema_id: "default".to_owned(),
        traits: new.traits.clone(),
        metadata_public: new.metadata_public.clone(),
        metadata_admin: new.metadata_admin.clone(),
        label: new.label.clone(),
        message: new.message.clone(),
        locale: app.text.lang().to_owned(),
        redirect_url: new.redirect_url.clone(),
        lifetime_seconds: life.seconds_up(),
        expires_at,
        created_at: now,
        created_by: actor.user,
        ended_at: None,
        ended_by: None,
        accepted_at: None,
        accepted_by: None,
        mail_id: None,
    };
    let invite = Invite {
        name_norm: normal(invite.name()),
        ..invite
    };
    tx.attempt(|conn| store::insert(conn, &invite))
        .map_err(exists)?;
    store::set_groups(tx, invite.id, &new.groups)?;
    record(
        tx,
        actor,
        "invite.created",
        &invite,
        json!({}),
        facts(&invite, &new.groups),
    )?;
    events::emit(
        tx,
        actor,
        "invite.created",
        json!({ "invite_id": invite.id, "label": invite.label }),
    )?;
    send(tx, app, invite, new.delivery)
}
