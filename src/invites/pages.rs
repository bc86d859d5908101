//! One invite in the console, and what can be done to it.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::actions;
use super::model::{Delivery, Invite, State};
use super::store::{self, MailOfInvite};
use crate::app::App;
use crate::clock::{Time, days};
use crate::error::Result;
use crate::ids::InviteId;
use crate::outbox::State as MailState;
use crate::users::store as users;
use crate::web::{Flash, Page, PostForm, SignedIn, show};

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
    };
    Shown { kind, icon, word }
}

/// One thing that happened to an invite.
struct Moment {
    kind: &'static str,
    icon: &'static str,
    words: String,
    at: Time,
}

#[derive(Template)]
#[template(path = "invites/detail.html")]
struct DetailPage {
    page: Page,
    invite: Invite,
    shown: Shown,
    groups: Vec<String>,
    inviter: String,
    mail: Option<MailOfInvite>,
    moments: Vec<Moment>,
    can_send: bool,
    can_revoke: bool,
}

/// `GET /admin/invites/{id}`: administrators.
pub async fn detail(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let now = app.clock.now();
    let (invite, groups, inviter, mail, accepter) = app
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
            Ok((invite, groups, inviter, mail, accepter))
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
    let title = page.t("invites-detail-title").arg("email", &invite.email);
    let page = page.headed(title, "invites");
    show(&DetailPage {
        shown: shown(&invite, mail.as_ref(), now),
        moments: moments(&page, &invite, mail.as_ref(), &inviter, &accepter, now),
        can_send: matches!(state, State::Pending | State::Expired),
        can_revoke: matches!(state, State::Pending | State::Suspended),
        page,
        invite,
        groups,
        inviter,
        mail,
    })
}

fn moments(
    page: &Page,
    invite: &Invite,
    mail: Option<&MailOfInvite>,
    inviter: &str,
    accepter: &str,
    now: Time,
) -> Vec<Moment> {
    let mut moments = vec![Moment {
        kind: "info",
        icon: "send",
        words: page
            .t("invites-was-made")
            .arg("inviter", inviter)
            .to_string(),
        at: invite.created_at,
    }];
    let mut add = |kind, icon, words: crate::text::Message, at: Option<Time>| {
        if let Some(at) = at {
            moments.push(Moment {
                kind,
                icon,
                words: words.to_string(),
                at,
            });
        }
    };
    add(
        "ok",
        "mail",
        page.t("invites-mail-taken"),
        mail.and_then(|mail| mail.sent_at),
    );
    add(
        "ok",
        "circle-check",
        page.t("invites-was-accepted").arg("user", accepter),
        invite.accepted_at,
    );
    let ended = match invite.state {
        State::Declined => Some(("", "x", "invites-was-declined")),
        State::Revoked => Some(("bad", "ban", "invites-was-revoked")),
        State::Suspended => Some(("bad", "alert-triangle", "invites-was-suspended")),
        _ => None,
    };
    if let Some((kind, icon, key)) = ended {
        add(kind, icon, page.t(key), invite.ended_at);
    }
    if invite.state_at(now) == State::Expired {
        add(
            "",
            "clock",
            page.t("invites-has-expired"),
            Some(invite.expires_at),
        );
    }
    moments.sort_by_key(|moment| std::cmp::Reverse(moment.at));
    moments
}

/// `POST /admin/invites/{id}/resend`: administrators.
pub async fn resend(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let (shared, actor) = (app.clone(), who.actor);
    let made = app
        .db
        .write(move |tx| actions::resend(tx, &shared, &actor, id, Delivery::Email))
        .await?;
    let key = if app.config.smtp.is_some() {
        "invites-sent-again"
    } else {
        "invites-waiting"
    };
    let words = app
        .text
        .get(key)
        .arg("email", &made.invite.email)
        .arg("until", app.text.day(made.invite.expires_at));
    Ok(Flash::ok(words).redirect(&app, &format!("/admin/invites/{id}")))
}

#[derive(Template)]
#[template(path = "invites/link.html")]
pub(super) struct LinkPage {
    pub(super) page: Page,
    pub(super) invite: Invite,
    pub(super) link: String,
}

/// `POST /admin/invites/{id}/link`: administrators. Shows a new link, this once.
pub async fn new_link(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let (shared, actor) = (app.clone(), who.actor);
    let made = app
        .db
        .write(move |tx| actions::resend(tx, &shared, &actor, id, Delivery::Link))
        .await?;
    show_link(page, made)
}

pub(super) fn show_link(page: Page, made: actions::Made) -> Result<HttpResponse> {
    let link = made
        .link
        .map(|link| link.reveal().to_owned())
        .unwrap_or_default();
    show(&LinkPage {
        page: page.titled("invites-link-title", "invites"),
        invite: made.invite,
        link,
    })
}

#[derive(Template)]
#[template(path = "invites/revoke.html")]
struct RevokePage {
    page: Page,
    invite: Invite,
    who: String,
}

/// `GET /admin/invites/{id}/revoke`: administrators.
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
    let title = page.t("invites-revoke-title").arg("email", &invite.email);
    let page = page.headed(title, "invites");
    show(&RevokePage {
        page,
        invite,
        who: name,
    })
}

/// `POST /admin/invites/{id}/revoke`: administrators.
pub async fn revoke(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let actor = who.actor;
    let invite = app
        .db
        .write(move |tx| actions::revoke(tx, &actor, id))
        .await?;
    let words = app
        .text
        .get("invites-revoked-flash")
        .arg("email", &invite.email);
    Ok(Flash::ok(words).redirect(&app, "/admin/invites"))
}
