//! What an invite link leads to, for whoever has opened it.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::clock::Time;
use crate::db::{Conn, Json};
use crate::error::{Code, Error, FieldError, Result};
use crate::ids::{InviteId, InviteLinkId, UserId};
use crate::input::Faults;
use crate::invite_templates::policy::{FieldMode, Policy, lies_in};
use crate::invites::actions::{group_names, inviter_may, inviter_name, template};
use crate::invites::model::{Invite, Matching, State, check_name};
use crate::invites::store;
use crate::invites::store::Link;
use crate::outbox::Channel;
use crate::schemas;
use crate::schemas::form::Field;
use crate::schemas::model::Rules;
use crate::secret::{PlainSecret, SecretKind};
use crate::site;
use crate::site::{Settings, Terms};
use crate::users::logins;
use crate::users::model::{Address, User, read_object};
use crate::users::store as users;

/// What the person sees and can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Make an account by accepting.
    Register,
    /// Accept with the account that is signed in.
    Accept,
    /// There is an account for the address: sign in to it first.
    SignInFirst,
    /// Somebody else is signed in.
    WrongUser,
}

/// A genuine link to a pending invite.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The invite.
    pub invite: Invite,
    /// What the person can do.
    pub kind: Kind,
    /// Who is signed in; else the account for the address, when there is one.
    pub account: Option<User>,
    /// The link.
    pub link: InviteLinkId,
    /// It was shown to a person, so it proves nothing about the mailbox.
    pub shown: bool,
    /// Who invites.
    pub inviter: String,
    /// The groups it gives, by name.
    pub groups: Vec<String>,
    /// The terms in force: the template's or the site's.
    pub terms: Option<Terms>,
    /// The site.
    pub settings: Settings,
    /// What the template says.
    pub policy: Policy,
    /// What the platform wants to know of the person.
    pub rules: Arc<Rules>,
}

impl Landing {
    /// The fields that the person sees on the form, each with how it is treated.
    pub fn fields(&self) -> Vec<(Field, FieldMode)> {
        let fields = self.rules.fields_but_name().into_iter();
        let shown = fields.map(|field| {
            let mode = self.policy.mode(&field.name);
            let required = field.required || mode == FieldMode::Required;
            (Field { required, ..field }, mode)
        });
        shown
            .filter(|(_, mode)| *mode != FieldMode::Hidden)
            .collect()
    }

    /// The name of the person, where the invite decides it; and whether they see it.
    pub fn fixed_name(&self) -> Option<(&str, bool)> {
        let mode = self.policy.mode("name");
        let name = self.invite.name();
        (mode.is_fixed() && !name.is_empty()).then_some((name, mode == FieldMode::Locked))
    }

    /// What was entered, as the name of the person and their traits.
    pub fn named(&self, name: &str, traits: &Map<String, Value>) -> (String, Map<String, Value>) {
        match self.fixed_name() {
            Some((name, _)) => (name.to_owned(), traits.clone()),
            None => self.rules.named(name, traits),
        }
    }

    /// Whether the person can sign in with a code, and so needs no password: the link came to their phone, or they
    /// have proved its number.
    pub fn by_code(&self, proved: Option<&Address>) -> bool {
        let proved = proved.is_some_and(|address| address.channel() == Channel::Sms);
        proved || (self.invite.phone().is_some() && !self.shown)
    }

    /// What was entered in the fields of the form, as [`Landing::with_entered`] takes it.
    pub fn read_form<'a>(&self, entered: impl Fn(&str) -> Option<&'a str>) -> Map<String, Value> {
        let fields = self.fields().into_iter();
        let open = fields.filter(|(_, mode)| !mode.is_fixed());
        let values = open.map(|(field, _)| {
            let value = field.read(entered(&field.input()));
            (field.name, value.unwrap_or_default())
        });
        values.collect()
    }

    /// The version of the terms that the person has yet to agree to.
    pub fn terms_to_accept(&self) -> Option<&str> {
        let version = self.terms.as_ref()?.version.as_str();
        let agreed = self
            .account
            .as_ref()
            .and_then(|user| user.terms_version.as_deref());
        (agreed != Some(version)).then_some(version)
    }

    /// What the invite knows of the person.
    pub fn traits(&self) -> Map<String, Value> {
        match &self.invite.traits.0 {
            Value::Object(map) => map.clone(),
            _ => Map::new(),
        }
    }

    /// What the account will know of the person: what they entered on top of what the invite knows, but for
    /// what the invite decides.
    ///
    /// # Errors
    /// What the schema refuses, field by field.
    pub fn with_entered(&self, entered: &Map<String, Value>) -> Result<Json, Vec<FieldError>> {
        let mut traits = self.traits();
        for (name, value) in entered {
            // What the schema does not name is passed over, unless the schema itself refuses it.
            if self.policy.mode(name).is_fixed() || !self.rules.asks_for(name) {
                continue;
            }
            // As in a merge patch (RFC 7396): null takes away what the invite suggested.
            if value.is_null() {
                traits.shift_remove(name);
            } else {
                traits.insert(name.clone(), value.clone());
            }
        }
        let mut faults = self.rules.faults(&traits);
        for (name, mode) in &self.policy.fields {
            let field = format!("traits.{name}");
            let told = faults.iter().any(|fault| fault.field == field);
            if *mode == FieldMode::Required && !told && !traits.contains_key(name) {
                faults.push(FieldError::new(field, "required"));
            }
        }
        let mut names = Faults::default();
        check_name(&mut names, &traits);
        if let Err(Error::Invalid(wrong)) = names.none_in(()) {
            faults.extend(wrong);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        read_object("traits", traits).map_err(|fault| vec![fault])
    }
}

/// The invite of an exact link, wherever it stands, and the link.
///
/// # Errors
/// `invite_unknown`.
pub fn genuine(conn: &mut Conn, flow: &str, token: &str) -> Result<(Invite, Link)> {
    let unknown = || Error::from(Code::InviteUnknown);
    let id: InviteId = flow.parse().map_err(|_| unknown())?;
    let secret = PlainSecret::parse(SecretKind::Invite, token).ok_or_else(unknown)?;
    let link = store::find_link(conn, &secret.digest())?
        .filter(|link| link.invite_id == id)
        .ok_or_else(unknown)?;
    Ok((store::find(conn, id)?, link))
}

/// Looks a link up. Whatever is not exactly right is `invite_unknown`; only who holds the exact token of
/// an invite that has ended learns how it ended.
///
/// # Errors
/// `invite_unknown`, `invite_expired`, `invite_revoked`, `invite_used`, `invite_full`, `invite_declined`,
/// `invite_suspended`.
pub fn look(
    conn: &mut Conn,
    flow: &str,
    token: &str,
    viewer: Option<UserId>,
    now: Time,
) -> Result<Landing> {
    let (before, link) = genuine(conn, flow, token)?;
    // The account before the state: an acceptance at the same time makes both, and must not look like a
    // pending invite to somebody who has an account.
    let account = logins::by_address(conn, &before.address_norm)?.map(|found| found.user);
    let invite = store::find(conn, before.id)?;
    let settings = site::actions::current(conn)?;
    let inviter = inviter_name(conn, &invite, &settings.site_name)?;
    let ended = |code: Code| Err(code.with("inviter", &inviter));
    match invite.state_at(now) {
        State::Accepted if invite.is_open() => {
            let places = ("places", invite.max_uses.to_string());
            let args = vec![places, ("inviter", inviter)];
            return Err(Error::Refused(Code::InviteFull, args));
        }
        State::Accepted => return ended(Code::InviteUsed),
        State::Declined => return ended(Code::InviteDeclined),
        State::Revoked => return ended(Code::InviteRevoked),
        State::Suspended => return ended(Code::InviteSuspended),
        State::AwaitingApproval => return ended(Code::InviteAwaitsApproval),
        State::Pending if link.dead_at.is_some() => return ended(Code::InviteRevoked),
        State::Expired => {
            let when = ("when", invite.expires_at.rfc3339());
            let args = vec![when, ("inviter", inviter)];
            return Err(Error::Refused(Code::InviteExpired, args));
        }
        State::Pending => {}
    }
    if !inviter_may(conn, &invite)? {
        return ended(Code::InviteSuspended);
    }
    // An open link gives nobody two places.
    if let Some(viewer) = viewer
        && invite.is_open()
        && store::has_joined(conn, invite.id, viewer)?
    {
        return ended(Code::InviteUsed);
    }
    let (kind, account) = match viewer.map(|id| users::find(conn, id)).transpose()? {
        Some(viewer) if may_accept(conn, &invite, account.as_ref(), &viewer)? => {
            (Kind::Accept, Some(viewer))
        }
        Some(viewer) => (Kind::WrongUser, Some(viewer)),
        None if account.is_some() => (Kind::SignInFirst, account),
        None => (Kind::Register, None),
    };
    let groups = group_names(conn, invite.id)?;
    let policy = template(conn, &invite)?.policy()?;
    let rules = Arc::new(schemas::actions::rules(conn, &invite.schema_id)?);
    let terms = policy.terms.clone().or_else(|| settings.terms.clone());
    Ok(Landing {
        kind,
        account,
        link: link.id,
        shown: link.shown,
        inviter,
        groups,
        terms,
        settings,
        policy,
        rules,
        invite,
    })
}

/// Whether somebody who is signed in is one of those whom an invite is for.
fn may_accept(
    conn: &mut Conn,
    invite: &Invite,
    account: Option<&User>,
    viewer: &User,
) -> Result<bool> {
    // An address that nobody proved is proved by its link, if the link was sent there; it is the viewer's either
    // way.
    if account.is_some_and(|account| account.id == viewer.id) {
        return Ok(true);
    }
    let domains = invite.domains();
    Ok(match invite.matching {
        Matching::Strict => false,
        Matching::Bearer if domains.is_empty() => true,
        Matching::Domain | Matching::Bearer => {
            let proved = logins::proved(conn, viewer)?;
            proved.iter().any(|address| lies_in(address, &domains))
        }
    })
}
