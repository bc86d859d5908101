//! What can be done to users.

use serde_json::json;

use super::logins;
use super::mail::WelcomeMail;
use super::model::{Address, NewUser, Status, User};
use super::store;
use crate::access::{Actor, ActorKind, Role};
use crate::app::App;
use crate::audit;
use crate::clock::{Span, days};
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, Result};
use crate::events;
use crate::groups;
use crate::ids::{GroupId, UserId};
use crate::one_time_links::{self, LinkKind, RECOVERY};
use crate::outbox;
use crate::passwords::PasswordHash;
use crate::schemas;
use crate::site::{self, Terms};

/// What else ends with a user: the features that keep something of a user are listed in `belongings`,
/// which this one does not know.
pub type Ending = fn(&mut Tx<'_>, &App, &Actor, UserId) -> Result<()>;

/// The endings that `belongings` hands to this feature's handlers.
#[derive(Clone, Copy)]
pub struct Endings {
    /// When a user is suspended.
    pub on_suspend: Ending,
    /// When a user is deleted.
    pub on_delete: Ending,
    /// When the owner of the mailbox takes over an account whose address nobody had proved.
    pub on_takeover: Ending,
}

/// What is to be changed about a user; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The name others see.
    pub display_name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// See [`User::traits`].
    pub traits: Option<crate::db::Json>,
    /// See [`User::metadata_public`].
    pub metadata_public: Option<crate::db::Json>,
    /// See [`User::metadata_admin`].
    pub metadata_admin: Option<crate::db::Json>,
}

/// Makes a user. The caller has checked who may. An address that is proved is taken from an account that names it
/// unproved (`docs/decisions/0012-further-logins.md`). Somebody who was not signed in has made the account for
/// themselves, with a link: from then on they are that user, in the log too.
///
/// # Errors
/// `address_taken`.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, new: &NewUser) -> Result<User> {
    let id = UserId::new(tx.now);
    let now = tx.now;
    let email = new.email.clone().map(Address::Email);
    let phone = new.phone.clone().map(Address::Phone);
    let addresses = [(email, new.email_verified), (phone, new.phone_verified)];
    for (address, proved) in &addresses {
        match address {
            Some(address) if *proved => logins::free_unproven(tx, actor, address)?,
            address => logins::require_free(tx, address.as_ref())?,
        }
    }
    tx.attempt(|conn| store::insert(conn, id, new, now))
        .map_err(address_taken)?;
    let user = store::find(tx, id)?;
    let themselves = Actor {
        kind: ActorKind::User,
        user: Some(id),
        ..actor.clone()
    };
    let actor = match actor.kind {
        ActorKind::Anonymous => &themselves,
        _ => actor,
    };
    let mut after = facts(&user);
    if let Some(invite) = user.invite_id {
        after["invite_id"] = json!(invite);
    }
    audit::record(
        tx,
        actor,
        audit::Entry {
            action: "user.created",
            target: target(id),
            before: json!({}),
            after,
        },
    )?;
    events::emit(
        tx,
        actor,
        "user.created",
        json!({ "user_id": id, "invite_id": user.invite_id }),
    )?;
    Ok(user)
}

/// The kind of the message that brings it.
const WELCOME: &str = "welcome";
/// How long the link to set a first password works: the person did not ask for it just now.
const FIRST_PASSWORD: Span = days(7);

/// Makes a user as an administrator, in groups, and sends them a link to set a password: by mail, or by SMS to who
/// has a number alone.
///
/// # Errors
/// `forbidden`, `above_you`, `address_taken`, `group_not_grantable`, a group that is not there.
pub fn create_as_admin(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    new: &NewUser,
    groups: &[GroupId],
) -> Result<User> {
    actor.require_over(new.role)?;
    schemas::actions::check_so_far(tx, &new.schema_id, &new.traits)?;
    let user = create(tx, actor, new)?;
    for group in groups {
        if !groups::actions::can_give(tx, actor, *group)? {
            return Code::GroupNotGrantable.refuse();
        }
    }
    groups::actions::admit(tx, user.id, groups)?;
    welcome(tx, app, &user)?;
    Ok(user)
}

/// Sends the link that sets a first password.
fn welcome(tx: &mut Tx<'_>, app: &App, user: &User) -> Result<()> {
    let to = Some(user.address()).filter(|to| !to.is_empty());
    let kind = LinkKind::Recovery;
    let link = one_time_links::make(tx, kind, Some(user.id), to, FIRST_PASSWORD)?;
    let link = RECOVERY.link(app, link.reveal());
    let site_name = site::actions::current(tx)?.site_name;
    let frame = outbox::Frame::of(app, &site_name);
    let about = Some(user.id.as_str());
    let letter = match (&user.email, &user.phone) {
        (Some(email), _) => {
            let mail = WelcomeMail { link, site_name };
            frame.letter(&mail, email, &user.display_name, about)?
        }
        (None, Some(phone)) => {
            let words = frame.t("sms-welcome").arg("site", site_name);
            frame.sms(WELCOME, &words.arg("link", link), phone, about)
        }
        (None, None) => return Ok(()),
    };
    outbox::actions::enqueue(tx, app, &letter).map(drop)
}

/// Changes a user. Everybody may change their own name; the rest is for administrators.
///
/// # Errors
/// `forbidden`, `above_you`, `last_owner`, `not_found`, `wrong_state` for a deleted one.
pub fn change(tx: &mut Tx<'_>, actor: &Actor, id: UserId, change: &Change) -> Result<User> {
    let mut user = visible(tx, actor, id)?;
    if user.status == Status::Deleted {
        return Code::WrongState.refuse();
    }
    let own_name_only = actor.is(id)
        && change.role.is_none()
        && change.traits.is_none()
        && change.metadata_public.is_none()
        && change.metadata_admin.is_none();
    if !own_name_only {
        actor.require_over(user.role)?;
    }
    let before = facts(&user);
    if let Some(name) = &change.display_name {
        user.display_name.clone_from(name);
    }
    if let Some(role) = change.role.filter(|role| *role != user.role) {
        actor.require_over(role)?;
        if user.role == Role::Owner {
            keep_an_owner(tx, id)?;
        }
        user.role = role;
        tx.narrow_rights()?;
    }
    tx.retell_users();
    let parts = [
        (&change.traits, &mut user.traits),
        (&change.metadata_public, &mut user.metadata_public),
        (&change.metadata_admin, &mut user.metadata_admin),
    ];
    for (new, part) in parts {
        if let Some(new) = new {
            *part = new.clone();
        }
    }
    if change.traits.is_some() {
        schemas::actions::check_so_far(tx, &user.schema_id, &user.traits)?;
    }
    let now = tx.now;
    store::update(tx, &user, now)?;
    let entry = audit::Entry::new("user.updated", target(id));
    audit::record(tx, actor, entry.before(before).after(facts(&user)))?;
    events::emit(tx, actor, "user.updated", json!({ "user_id": id }))?;
    Ok(user)
}

/// What somebody gains who has an account already. Nothing is ever lowered.
pub struct Gain<'a> {
    /// The role that they have at least.
    pub role: Role,
    /// Whether their address is proved by it.
    pub email_verified: bool,
    /// Whether their number is.
    pub phone_verified: bool,
    /// The terms that they accepted.
    pub terms: Option<&'a Terms>,
    /// The groups that they join.
    pub groups: &'a [GroupId],
}

/// Gives a user what an invite holds that they accepted. The caller has checked that its maker may.
///
/// # Errors
/// When the database refuses.
pub fn gain(tx: &mut Tx<'_>, actor: &Actor, user: &User, gain: &Gain<'_>) -> Result<User> {
    let (id, now) = (user.id, tx.now);
    let told = |user: &User| {
        let proved = (user.email_verified, user.phone_verified);
        json!({ "role": user.role, "email_verified": proved.0, "phone_verified": proved.1 })
    };
    let before = told(user);
    let user = User {
        role: user.role.max(gain.role),
        email_verified: user.email_verified || gain.email_verified,
        phone_verified: user.phone_verified || gain.phone_verified,
        ..user.clone()
    };
    store::update(tx, &user, now)?;
    if let Some(terms) = gain.terms {
        store::accept_terms(tx, id, &terms.version, now)?;
    }
    let groups = groups::actions::admit(tx, id, gain.groups)?;
    tx.retell_users();
    if before["role"] != json!(user.role) {
        tx.narrow_rights()?;
    }
    let mut after = told(&user);
    after["groups_added"] = json!(groups);
    let entry = audit::Entry::new("user.updated", target(id));
    audit::record(tx, actor, entry.before(before).after(after))?;
    events::emit(tx, actor, "user.updated", json!({ "user_id": id }))?;
    Ok(user)
}

/// Suspends a user. Sessions and keys end with it; nothing is deleted.
///
/// # Errors
/// `forbidden`, `above_you`, `last_owner`, `wrong_state`, `not_found`, `invalid_input` for the reason.
pub fn suspend(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    id: UserId,
    reason: &str,
    end: Ending,
) -> Result<User> {
    let mut user = visible(tx, actor, id)?;
    actor.require_over(user.role)?;
    if user.status != Status::Active {
        return Code::WrongState.refuse();
    }
    if user.role == Role::Owner {
        keep_an_owner(tx, id)?;
    }
    user.status = Status::Suspended;
    let reason = crate::input::line("reason", reason, 0..=500)?;
    user.status_reason = Some(reason).filter(|reason| !reason.is_empty());
    let now = tx.now;
    store::update(tx, &user, now)?;
    tx.narrow_rights()?;
    end(tx, app, actor, id)?;
    audit::record(
        tx,
        actor,
        audit::Entry {
            action: "user.suspended",
            target: target(id),
            before: json!({ "status": "active" }),
            after: json!({ "status": "suspended", "reason": user.status_reason }),
        },
    )?;
    events::emit(tx, actor, "user.suspended", json!({ "user_id": id }))?;
    Ok(user)
}

/// Reactivates a user. Sessions and keys stay ended.
///
/// # Errors
/// `forbidden`, `above_you`, `wrong_state`, `not_found`.
pub fn reactivate(tx: &mut Tx<'_>, actor: &Actor, id: UserId) -> Result<User> {
    let mut user = visible(tx, actor, id)?;
    actor.require_over(user.role)?;
    if user.status != Status::Suspended {
        return Code::WrongState.refuse();
    }
    user.status = Status::Active;
    user.status_reason = None;
    let now = tx.now;
    store::update(tx, &user, now)?;
    tx.narrow_rights()?;
    audit::record(
        tx,
        actor,
        audit::Entry {
            action: "user.reactivated",
            target: target(id),
            before: json!({ "status": "suspended" }),
            after: json!({ "status": "active" }),
        },
    )?;
    events::emit(tx, actor, "user.reactivated", json!({ "user_id": id }))?;
    Ok(user)
}

/// Sets a user's password. The caller has proved that the person may.
///
/// # Errors
/// When the database refuses.
pub fn set_password(tx: &mut Tx<'_>, actor: &Actor, id: UserId, hash: &PasswordHash) -> Result<()> {
    let now = tx.now;
    store::set_password(tx, id, hash, now)?;
    audit::record(
        tx,
        actor,
        audit::Entry {
            action: "user.password_set",
            target: target(id),
            before: json!({}),
            after: json!({}),
        },
    )?;
    Ok(())
}

/// The user, when the actor may see them: administrators see all, everybody else themselves.
///
/// # Errors
/// `not_found`.
pub fn visible(conn: &mut Conn, actor: &Actor, id: UserId) -> Result<User> {
    if !actor.is(id) && actor.role < Role::Admin {
        return Code::NotFound.refuse();
    }
    Ok(store::find(conn, id)?)
}

/// Refuses to let the last active owner go.
pub(super) fn keep_an_owner(conn: &mut Conn, id: UserId) -> Result<()> {
    if store::other_active_owners(conn, id)? == 0 {
        Code::LastOwner.refuse()
    } else {
        Ok(())
    }
}

pub(super) fn address_taken(why: diesel::result::Error) -> Error {
    use diesel::result::{DatabaseErrorKind, Error as Diesel};
    match why {
        Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Code::AddressTaken.into(),
        why => why.into(),
    }
}

/// A user as the audit log names them.
pub fn target(id: UserId) -> audit::Target {
    audit::Target {
        kind: "user",
        id: id.to_string(),
    }
}

fn facts(user: &User) -> serde_json::Value {
    json!({
        "display_name": user.display_name,
        "email": user.email,
        "phone": user.phone,
        "role": user.role,
        "status": user.status,
        "traits": user.traits,
        "metadata_public": user.metadata_public,
        "metadata_admin": user.metadata_admin,
    })
}
