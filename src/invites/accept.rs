//! What the invited person can do: accept or decline.

use serde_json::{Map, Value, json};

use super::actions::record;
use super::landing::{Kind, Landing, look};
use super::mail::WaitingMail;
use super::model::{Application, Invite, State};
use super::store;
use crate::access::Actor;
use crate::app::App;
use crate::db::{Json, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::events;
use crate::groups;
use crate::ids::{SessionId, UserId};
use crate::outbox;
use crate::passwords::PasswordHash;
use crate::sign_in::actions as sign_in;
use crate::sign_in::actions::From;
use crate::sign_in::password;
use crate::sign_in::sessions::NewSecret;
use crate::site::Terms;
use crate::users::actions as users;
use crate::users::model::{Address, NewUser, Status, User, read_name};
use crate::users::store as user_store;

/// What a new person enters.
#[derive(Clone, Debug, Default)]
pub struct Entered {
    /// Their name; the inviter's suggestion stands in the form.
    pub display_name: String,
    /// Their password.
    pub password: String,
    /// Whether they ticked the terms.
    pub terms_accepted: bool,
    /// The version that the form showed; a program tells none and agrees to those in force.
    pub terms_shown: Option<String>,
    /// What they said of themselves.
    pub traits: Map<String, Value>,
}

/// A checked acceptance.
#[derive(Clone, Debug)]
pub struct Acceptance {
    display_name: String,
    password_hash: Option<PasswordHash>,
    terms_accepted: bool,
    traits: Json,
}

/// Somebody who has accepted.
pub struct Accepted {
    /// The account, new or not.
    pub user: User,
    /// The session that a new account starts with, or the new secret of one whose rights grew.
    pub session: Option<NewSecret>,
    /// Where to go on to.
    pub redirect_url: Option<String>,
}

/// What came of an answer to an invite.
pub enum Done {
    /// The person has joined.
    Accepted(Box<Accepted>),
    /// The person joins once an administrator approves.
    Waiting,
    /// The person does not want to.
    Declined,
}

/// Checks what was entered for a landing that was looked up, and hashes the password: outside of the
/// transaction, and only for a genuine link.
///
/// # Errors
/// `sign_in_required`, `invite_mismatch`, field errors.
pub async fn check(app: &App, landing: &Landing, entered: &Entered) -> Result<Acceptance> {
    let mut wrong = Vec::new();
    match landing.kind {
        Kind::SignInFirst => return Code::SignInRequired.refuse(),
        Kind::WrongUser => return Code::InviteMismatch.refuse(),
        Kind::Register | Kind::Accept => {}
    }
    let must_accept = landing.terms.as_ref().is_some_and(|terms| {
        landing
            .account
            .as_ref()
            .is_none_or(|user| user.terms_version.as_deref() != Some(&terms.version))
    });
    let in_force = landing.terms.as_ref().map(|terms| &terms.version);
    let others = entered.terms_shown.is_some() && entered.terms_shown.as_ref() != in_force;
    let terms = (must_accept && (!entered.terms_accepted || others))
        .then(|| FieldError::new("terms_accepted", "terms_required"));
    if landing.kind == Kind::Accept {
        wrong.extend(terms);
        return if wrong.is_empty() {
            Ok(Acceptance {
                display_name: String::new(),
                password_hash: None,
                terms_accepted: must_accept,
                traits: Json::object(),
            })
        } else {
            Err(Error::Invalid(wrong))
        };
    }
    let name = read_name("display_name", &entered.display_name).map_err(|why| wrong.push(why));
    let personal = [
        entered.display_name.as_str(),
        &landing.invite.address,
        &landing.settings.site_name,
    ];
    if entered.password.is_empty() {
        if !landing.by_code() {
            wrong.push(FieldError::new("password", "password_missing"));
        }
    } else if let Err(weakness) = crate::passwords::check_strength(&entered.password, &personal) {
        wrong.push(FieldError::new(
            "password",
            password::weakness_code(weakness),
        ));
    }
    let traits = landing.with_entered(&entered.traits);
    let traits = traits.map_err(|faults| wrong.extend(faults));
    wrong.extend(terms);
    match (name, traits) {
        (Ok(display_name), Ok(traits)) if wrong.is_empty() => {
            let hash = match entered.password.as_str() {
                "" => None,
                typed => Some(password::hash(app, "password", typed, &personal).await?),
            };
            Ok(Acceptance {
                display_name,
                password_hash: hash,
                terms_accepted: must_accept,
                traits,
            })
        }
        _ => Err(Error::Invalid(wrong)),
    }
}

/// Accepts an invite: of any number of acceptances at once, one succeeds. A new person gets an account
/// and a session; somebody who has one gains its role, if higher, and its groups. Where the template wants
/// approval, both happen when an administrator has approved.
///
/// # Errors
/// As [`look`], and `sign_in_required`, `invite_mismatch`.
pub fn accept(
    tx: &mut Tx<'_>,
    app: &App,
    from: &From,
    viewer: Option<(UserId, SessionId)>,
    flow: &str,
    token: &str,
    input: &Acceptance,
) -> Result<Done> {
    let now = tx.now;
    let (viewer, session) = viewer.unzip();
    let landing = look(tx, flow, token, viewer, now)?;
    let invite = &landing.invite;
    let to = match landing.policy.approval {
        true => State::AwaitingApproval,
        false => State::Accepted,
    };
    // The invite first: whoever comes second learns that it was used, not that the address is taken.
    if !store::turn(tx, invite.id, State::Pending, to, now, None)? {
        return Code::InviteUsed.refuse();
    }
    let application = Application::of(&landing, input)?;
    store::kill_links(tx, invite.id, now)?;
    outbox::actions::cancel_about(tx, invite.id.as_str())?;
    let actor = application.user_id.map(|user| sign_in::by(from, user));
    let actor = actor.as_ref().unwrap_or(&from.actor);
    if to == State::AwaitingApproval {
        store::insert_application(tx, invite.id, &application, now)?;
        ask_for_approval(tx, app, &landing)?;
        let (before, after) = (json!({ "state": "pending" }), json!({ "state": to }));
        record(tx, actor, "invite.applied", invite, before, after)?;
        return Ok(Done::Waiting);
    }
    let user = application
        .admit(tx, actor, invite)
        .map_err(|why| match why.code() {
            // Somebody made the account since the invite was looked at: its owner signs in first.
            Code::AddressTaken => Code::SignInRequired.into(),
            _ => why,
        })?;
    let by = sign_in::by(from, user.id);
    let session = match &landing.account {
        None => Some(sign_in::open_session(tx, from, user.id, "invite")?),
        // More rights, so that a copy of the old cookie is worth nothing.
        Some(account) if user.role > account.role => session
            .map(|session| sign_in::renew(tx, &by, session))
            .transpose()?,
        Some(_) => None,
    };
    joined(tx, &by, invite, State::Pending, user.id)?;
    Ok(Done::Accepted(Box::new(Accepted {
        user,
        session,
        redirect_url: invite.redirect_url.clone(),
    })))
}

/// Tells the maker of an invite that an acceptance waits, when they are known and have an address.
fn ask_for_approval(tx: &mut Tx<'_>, app: &App, landing: &Landing) -> Result<()> {
    let invite = &landing.invite;
    let Some(maker) = invite
        .created_by
        .map(|id| user_store::find(tx, id))
        .transpose()?
    else {
        return Ok(());
    };
    let Some(email) = &maker.email else {
        return Ok(());
    };
    let mail = WaitingMail {
        address: invite.address.clone(),
        link: app.link(&format!("/admin/invites/{}", invite.id)),
    };
    let frame = outbox::Frame::of(app, &landing.settings.site_name);
    // About the maker: the end of the invite does not take it back.
    let letter = frame.letter(&mail, email, &maker.display_name, Some(maker.id.as_str()))?;
    outbox::actions::enqueue(tx, app, &letter)?;
    Ok(())
}

/// Writes down that a person has joined.
///
/// # Errors
/// When the database refuses.
pub(super) fn joined(
    tx: &mut Tx<'_>,
    by: &Actor,
    invite: &Invite,
    before: State,
    user: UserId,
) -> Result<()> {
    let now = tx.now;
    store::join(tx, invite.id, user, now)?;
    record(
        tx,
        by,
        "invite.accepted",
        invite,
        json!({ "state": before }),
        json!({ "state": "accepted", "user_id": user }),
    )?;
    events::emit(
        tx,
        by,
        "invite.accepted",
        json!({
            "invite_id": invite.id,
            "user_id": user,
            "label": invite.label,
            "metadata_public": invite.metadata_public,
            "metadata_admin": invite.metadata_admin,
        }),
    )?;
    Ok(())
}

impl Application {
    fn of(landing: &Landing, input: &Acceptance) -> Result<Self> {
        let user_id = match (landing.kind, &input.password_hash) {
            (Kind::Register, Some(_)) => None,
            (Kind::Register, None) if landing.by_code() && !input.display_name.is_empty() => None,
            (Kind::Accept, None) => landing.account.as_ref().map(|account| account.id),
            (Kind::WrongUser, _) => return Code::InviteMismatch.refuse(),
            // The account was made between looking and accepting.
            _ => return Code::SignInRequired.refuse(),
        };
        let terms = landing.terms.as_ref().filter(|_| input.terms_accepted);
        Ok(Self {
            user_id,
            display_name: input.display_name.clone(),
            password_hash: input.password_hash.clone(),
            traits: input.traits.clone(),
            terms_version: terms.map(|terms| terms.version.clone()),
            address_proved: !landing.shown,
        })
    }

    /// Makes the account, or adds what the invite gives to the one that there is; nothing is ever lowered.
    ///
    /// # Errors
    /// `address_taken`; `wrong_state` for an account that is not active any more.
    pub(super) fn admit(&self, tx: &mut Tx<'_>, by: &Actor, invite: &Invite) -> Result<User> {
        let groups = store::groups(tx, invite.id)?;
        if let Some(id) = self.user_id {
            let account = user_store::find(tx, id)?;
            if account.status != Status::Active {
                return Code::WrongState.refuse();
            }
            let terms = self.terms_version.as_ref().map(|version| Terms {
                version: version.clone(),
                url: String::new(),
            });
            // The link came to the mailbox, and the person was signed in: both are proved.
            let own = account.email_norm.as_deref() == Some(&invite.address_norm);
            let gain = users::Gain {
                role: invite.role,
                email_verified: self.address_proved && own,
                terms: terms.as_ref(),
                groups: &groups,
            };
            return users::gain(tx, by, &account, &gain);
        }
        let (email, phone) = match Address::read("address", &invite.address) {
            Ok(Address::Email(email)) => (Some(email), None),
            Ok(Address::Phone(phone)) => (None, Some(phone)),
            Err(_) => return Err(Error::internal("an invite without an address")),
        };
        let new = NewUser {
            email_verified: self.address_proved && email.is_some(),
            phone_verified: self.address_proved && phone.is_some(),
            phone,
            schema_id: invite.schema_id.clone(),
            traits: self.traits.clone(),
            metadata_public: invite.metadata_public.clone(),
            metadata_admin: invite.metadata_admin.clone(),
            password_hash: self.password_hash.clone(),
            invite_id: Some(invite.id),
            terms_version: self.terms_version.clone(),
            ..NewUser::plain(self.display_name.clone(), email, invite.role)
        };
        let user = users::create(tx, by, &new)?;
        groups::actions::admit(tx, user.id, &groups)?;
        Ok(user)
    }
}

/// Declines an invite.
///
/// # Errors
/// As [`look`].
pub fn decline(tx: &mut Tx<'_>, actor: &Actor, flow: &str, token: &str) -> Result<Invite> {
    let now = tx.now;
    // Whoever holds the link may decline, whoever is signed in.
    let invite = look(tx, flow, token, None, now)?.invite;
    if !store::turn(
        tx,
        invite.id,
        State::Pending,
        State::Declined,
        now,
        actor.user,
    )? {
        return Code::InviteUsed.refuse();
    }
    store::kill_links(tx, invite.id, now)?;
    outbox::actions::cancel_about(tx, invite.id.as_str())?;
    record(
        tx,
        actor,
        "invite.declined",
        &invite,
        json!({ "state": "pending" }),
        json!({ "state": "declined" }),
    )?;
    events::emit(
        tx,
        actor,
        "invite.declined",
        json!({ "invite_id": invite.id, "label": invite.label }),
    )?;
    Ok(invite)
}
