//! One invite in the console, and what can be done to it.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::access::Actor;
use crate::app::App;
use crate::clock::{Time, days};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{InviteId, UserId};
use crate::invites::acceptance::approval;
use crate::invites::actions;
use crate::invites::gates::{Gate, GateName, gates};
use crate::invites::history::{self, Moment};
use crate::invites::model::{Invite, State};
use crate::invites::store::{self, MailOfInvite};
use crate::outbox::{State as MailState, Trouble};
use crate::text::Text;
use crate::users::store as users;
use crate::web::{Flash, Page, PostForm, SignedIn, UsedForms, show};

/// How a state is shown: kind and icon of the tag, and the key of its word.
pub(super) struct Shown {
    pub(super) kind: &'static str,
    pub(super) icon: &'static str,
    pub(super) word: &'static str,
}

pub(super) fn shown(invite: &Invite, mail: Option<&MailOfInvite>, now: Time) -> Shown {
    let failed = mail.is_some_and(|mail| mail.state == MailState::Failed);
    let (kind, icon, word) = match invite.state_at(now) {
        State::Pending if failed => ("bad", "alert-triangle", "invites-not-delivered"),
        State::Pending if invite.expires_at - now < days(2) => {
            ("warn", "clock", "invites-expires-soon")
        }
        State::Pending => ("info", "mail", "invites-pending"),
        State::Accepted => ("ok", "circle-check", "invites-accepted"),
        State::Declined => ("off", "x", "invites-declined"),
        State::Revoked => ("off", "ban", "invites-revoked"),
        State::Expired => ("off", "clock", "invites-expired"),
        State::Suspended => ("warn", "alert-triangle", "invites-suspended"),
        State::AwaitingApproval => ("warn", "clock", "invites-awaits-approval"),
    };
    Shown { kind, icon, word }
}

/// What keeps the mail from leaving.
struct Note {
    kind: &'static str,
    words: String,
}

/// The last people who came by an open link, and how many came before them.
struct Came {
    people: Vec<Person>,
    before: i64,
}

/// Somebody who came by an open link.
struct Person {
    id: UserId,
    name: String,
    /// Which of the places they took.
    place: i64,
    at: Time,
}

impl Came {
    fn read(conn: &mut Conn, id: InviteId) -> Result<Self> {
        let (last, count) = store::acceptances(conn, id, MOST_PEOPLE)?;
        let ids: Vec<UserId> = last.iter().map(|(id, _)| *id).collect();
        let names = users::names(conn, &ids)?.into_iter();
        let names = names.map(|(id, name, email)| match name.is_empty() {
            true => (id, email.unwrap_or_else(|| id.to_string())),
            false => (id, name),
        });
        let mut names: HashMap<UserId, String> = names.collect();
        let places = (1..=count).rev();
        let people = last
            .into_iter()
            .zip(places)
            .map(|((id, at), place)| Person {
                name: names.remove(&id).unwrap_or_default(),
                id,
                place,
                at,
            });
        let people: Vec<_> = people.collect();
        let before = count - i64::try_from(people.len()).unwrap_or(count);
        Ok(Self { people, before })
    }
}

/// The most people of an open link that its page names.
const MOST_PEOPLE: i64 = 100;

#[derive(Template)]
#[template(path = "invites/detail.html")]
struct DetailPage {
    page: Page,
    invite: Invite,
    /// Whom it is for, in words.
    whom: String,
    shown: Shown,
    groups: Vec<String>,
    inviter: String,
    trouble: Option<Note>,
    /// The mail waits because no mail server is set up.
    mail_waits: bool,
    moments: Vec<Moment>,
    can_edit: bool,
    can_send: bool,
    /// Whether the link may be handed over.
    by_link: bool,
    /// Of the form that makes a link.
    stamp: String,
    can_revoke: bool,
    gates: Vec<Gate>,
    /// Of an open link.
    came: Option<Came>,
}

impl DetailPage {
    fn awaits(&self) -> bool {
        self.invite.state == State::AwaitingApproval
    }

    /// Whether somebody else has to answer for it, whether or not a sweep has made that visible yet.
    fn is_on_hold(&self) -> bool {
        let lost = |gate: &Gate| gate.gate == GateName::Inviter && !gate.ok;
        let waits = self.can_edit && self.gates.iter().any(lost);
        self.invite.state == State::Suspended || waits
    }
}

/// `GET /admin/invites/{id}`: administrators, and who made it.
pub async fn detail(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let (now, text, session) = (app.clock.now(), app.text, who.session_id);
    let (invite, groups, inviter, mail, accepter, past, gates, came, by_link) = app
        .db
        .read(move |conn| {
            let invite = actions::visible(conn, &who.actor, id)?;
            let groups = actions::group_names(conn, id)?;
            let inviter = actions::inviter_name(conn, &invite, "")?;
            let mail = store::mails(conn, &Vec::from_iter(invite.mail_id))?
                .into_values()
                .next();
            let accepter = invite
                .accepted_by
                .map(|id| users::find(conn, id))
                .transpose()?;
            let past = history::read(conn, text, id)?;
            let gates = gates(conn, text, &invite, now)?;
            let came = invite.is_open().then(|| Came::read(conn, id)).transpose()?;
            let policy = actions::template(conn, &invite)?.policy()?;
            let by_link = invite.is_open() || actions::may_hand_over(&who.actor, &policy);
            Ok((
                invite, groups, inviter, mail, accepter, past, gates, came, by_link,
            ))
        })
        .await?;
    let inviter = if inviter.is_empty() {
        page.t("invites-by-operator").to_string()
    } else {
        inviter
    };
    let accepter = accepter
        .map(|user| user.label().to_owned())
        .unwrap_or_default();
    let state = invite.state_at(now);
    let ended = !matches!(state, State::Pending | State::Expired);
    let can_send = !ended && invite.erased_at.is_none();
    let whom = invite.whom(text);
    let title = page.t("invites-detail-title").arg("email", &whom);
    let page = page.headed(title, "invites");
    show(&DetailPage {
        whom,
        shown: shown(&invite, mail.as_ref(), now),
        moments: history::moments(text, &invite, past, &inviter, &accepter, now),
        can_edit: state == State::Pending,
        can_send,
        by_link,
        trouble: mail
            .as_ref()
            .filter(|_| can_send)
            .and_then(|mail| trouble(text, mail)),
        mail_waits: can_send
            && app.config.smtp.is_none()
            && mail.is_some_and(|mail| mail.state == MailState::Waiting),
        stamp: UsedForms::stamp(&app.master, session),
        can_revoke: matches!(state, State::Pending | State::Suspended),
        page,
        invite,
        groups,
        inviter,
        gates,
        came,
    })
}

/// What keeps a mail from leaving, and what to do. A page that cannot change the address does not ask for it.
fn trouble(text: Text, mail: &MailOfInvite) -> Option<Note> {
    let trouble = mail.trouble()?;
    if mail.state == MailState::Waiting {
        return Some(Note {
            kind: "warn",
            words: trouble.words(text, true),
        });
    }
    let words = match trouble {
        Trouble::Refused(_) | Trouble::Address(_) => {
            let next = text.get("invites-mail-refused-next");
            format!("{} {next}", trouble.what(text))
        }
        _ => trouble.words(text, false),
    };
    Some(Note { kind: "bad", words })
}

/// `POST /admin/invites/{id}/resend`: administrators, and who made it.
pub async fn resend(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let shared = app.clone();
    let made = who
        .write(&app, move |tx, actor| {
            actions::resend(tx, &shared, actor, id, None)
        })
        .await?;
    let key = if app.config.smtp.is_some() {
        "invites-sent-again"
    } else {
        "invites-waiting"
    };
    let words = app
        .text
        .get(key)
        .arg("email", made.invite.whom(app.text))
        .arg("until", app.text.day(made.invite.expires_at));
    Ok(Flash::ok(words).redirect(&app, &format!("/admin/invites/{id}")))
}

#[derive(Template)]
#[template(path = "invites/revoke.html")]
struct RevokePage {
    page: Page,
    invite: Invite,
    who: String,
}

/// `GET /admin/invites/{id}/revoke`: administrators, and who made it.
pub async fn confirm_revoke(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let invite = app
        .db
        .read(move |conn| actions::visible(conn, &who.actor, id))
        .await?;
    let name = if invite.name().is_empty() {
        page.t("invites-the-person").to_string()
    } else {
        invite.name().to_owned()
    };
    let title = page
        .t("invites-revoke-title")
        .arg("email", invite.whom(app.text));
    let page = page.headed(title, "invites");
    show(&RevokePage {
        page,
        invite,
        who: name,
    })
}

/// `POST /admin/invites/{id}/revoke`: administrators, and who made it.
pub async fn revoke(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let invite = who
        .write(&app, move |tx, actor| actions::revoke(tx, actor, id))
        .await?;
    let words = app
        .text
        .get("invites-revoked-flash")
        .arg("email", invite.whom(app.text));
    Ok(Flash::ok(words).redirect(&app, "/admin/invites"))
}

/// `POST /admin/invites/{id}/approve`: administrators.
pub async fn approve(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let (id, shared): (InviteId, _) = (id.parse()?, app.clone());
    let decide = move |tx: &mut Tx<'_>, actor: &Actor| approval::approve(tx, &shared, actor, id);
    decided(app, who, "invites-approved-flash", decide).await
}

/// `POST /admin/invites/{id}/reject`: administrators.
pub async fn reject(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let decide = move |tx: &mut Tx<'_>, actor: &Actor| approval::reject(tx, actor, id);
    decided(app, who, "invites-rejected-flash", decide).await
}

/// `POST /admin/invites/{id}/reinstate`: administrators.
pub async fn reinstate(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let decide = move |tx: &mut Tx<'_>, actor: &Actor| actions::reinstate(tx, actor, id);
    decided(app, who, "invites-reinstated-flash", decide).await
}

/// Runs a decision and goes back to the invite with words about it.
async fn decided<F>(
    app: web::Data<App>,
    who: SignedIn,
    words: &'static str,
    mut decide: F,
) -> Result<HttpResponse>
where
    F: FnMut(&mut Tx<'_>, &Actor) -> Result<Invite> + Send + 'static,
{
    let invite = who.write(&app, move |tx, actor| decide(tx, actor)).await?;
    let words = app.text.get(words).arg("address", invite.whom(app.text));
    Ok(Flash::ok(words).redirect(&app, &format!("/admin/invites/{}", invite.id)))
}
