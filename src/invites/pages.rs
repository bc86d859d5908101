//! The invites in the console: list, one invite, and what can be done to it.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::actions;
use super::model::{Delivery, Invite, State};
use super::store::{self, Counts, Filter, MailOfInvite};
use crate::app::App;
use crate::clock::{Time, days};
use crate::db::Conn;
use crate::error::Result;
use crate::groups;
use crate::groups::model::GroupName;
use crate::ids::InviteId;
use crate::outbox::State as MailState;
use crate::text::Text;
use crate::users::store as users;
use crate::web::{Flash, Page, PageLinks, PostForm, SignedIn, show};

/// Rows of a page.
const ROWS: i64 = 50;

/// How a state is shown: kind and icon of the tag, and the key of its word.
pub(super) struct Shown {
    pub(super) kind: &'static str,
    pub(super) icon: &'static str,
    pub(super) word: &'static str,
}

fn shown(invite: &Invite, mail: Option<&MailOfInvite>, now: Time) -> Shown {
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

/// A row of the list.
struct Row {
    id: InviteId,
    email: String,
    name: String,
    groups: String,
    shown: Shown,
    expires_at: Time,
    inviter: String,
    created_at: Time,
}

/// The filters of the list, as the address holds them.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ListForm {
    #[serde(default)]
    tab: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    newer: String,
    #[serde(default)]
    older: String,
}

impl ListForm {
    fn filter(&self) -> Filter {
        let mut filter = Filter {
            q: self.q.trim().to_owned(),
            group: self.group.parse().ok(),
            ..Filter::default()
        };
        match self.tab() {
            "pending" => filter.state = Some(State::Pending),
            "not-delivered" => {
                filter.state = Some(State::Pending);
                filter.mail = Some(MailState::Failed);
            }
            "expired" => filter.state = Some(State::Expired),
            "accepted" => filter.state = Some(State::Accepted),
            "revoked" => filter.state = Some(State::Revoked),
            _ => {}
        }
        filter
    }

    fn tab(&self) -> &str {
        match self.tab.as_str() {
            "" => "pending",
            tab => tab,
        }
    }

    /// The list without the filter by group.
    fn without_group(&self) -> String {
        let query =
            serde_urlencoded::to_string([("tab", self.tab()), ("q", &self.q)]).unwrap_or_default();
        format!("/admin/invites?{query}")
    }

    /// The list without the search.
    fn without_search(&self) -> String {
        let query = serde_urlencoded::to_string([("tab", self.tab()), ("group", &self.group)])
            .unwrap_or_default();
        format!("/admin/invites?{query}")
    }

    fn is_filtered(&self) -> bool {
        !self.q.trim().is_empty() || !self.group.is_empty()
    }
}

/// A tab of the list.
struct Tab {
    href: String,
    label: &'static str,
    current: bool,
    count: String,
}

#[derive(Template)]
#[template(path = "invites/list.html")]
struct ListPage {
    page: Page,
    form: ListForm,
    tabs: Vec<Tab>,
    groups: Vec<(String, String)>,
    group_name: String,
    rows: Vec<Row>,
    links: PageLinks,
    none_ever: bool,
}

/// `GET /admin/invites`: administrators.
pub async fn list(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    form: web::Query<ListForm>,
) -> Result<HttpResponse> {
    let form = form.into_inner();
    let filter = form.filter();
    let paging = PageLinks::paging(ROWS, &form.newer, &form.older);
    let (now, text) = (app.clock.now(), app.text);
    let (slice, counts, choices) = app
        .db
        .read(move |conn| {
            let slice = store::list(conn, &filter, &paging, now)?;
            let newer = slice.newer.clone();
            let older = slice.older.clone();
            let rows = rows(conn, slice.rows, text, now)?;
            let slice = crate::db::Slice { rows, newer, older };
            Ok((
                slice,
                store::counts(conn, now)?,
                groups::actions::grantable(conn, &who.actor)?,
            ))
        })
        .await?;
    let query = [
        ("tab", form.tab.as_str()),
        ("q", form.q.as_str()),
        ("group", form.group.as_str()),
    ];
    let links = PageLinks::of("/admin/invites", &query, &slice);
    let group_name = choices
        .iter()
        .find(|group| group.id.as_str() == form.group)
        .map(|group| group.name.clone())
        .unwrap_or_default();
    let page = page.titled("invites-title", "invites");
    show(&ListPage {
        tabs: tabs(&form, &counts, text),
        groups: choices_of(&page, choices),
        group_name,
        rows: slice.rows,
        links,
        none_ever: counts.all == 0,
        page,
        form,
    })
}

fn choices_of(page: &Page, groups: Vec<GroupName>) -> Vec<(String, String)> {
    let mut choices = vec![(String::new(), page.t("invites-any-group").to_string())];
    choices.extend(
        groups
            .into_iter()
            .map(|group| (group.id.to_string(), group.name)),
    );
    choices
}

fn tabs(form: &ListForm, counts: &Counts, text: Text) -> Vec<Tab> {
    let tab = |name: &'static str, label, count| Tab {
        href: format!("/admin/invites?tab={name}"),
        label,
        current: form.tab() == name,
        count: text.count(count),
    };
    vec![
        tab("pending", "invites-tab-pending", counts.pending),
        tab(
            "not-delivered",
            "invites-tab-not-delivered",
            counts.not_delivered,
        ),
        tab("expired", "invites-tab-expired", counts.expired),
        tab("accepted", "invites-tab-accepted", counts.accepted),
        tab("revoked", "invites-tab-revoked", counts.revoked),
        tab("all", "invites-tab-all", counts.all),
    ]
}

fn rows(conn: &mut Conn, invites: Vec<Invite>, text: Text, now: Time) -> Result<Vec<Row>> {
    let ids: Vec<_> = invites.iter().map(|invite| invite.id).collect();
    let mail_ids: Vec<_> = invites.iter().filter_map(|invite| invite.mail_id).collect();
    let makers: Vec<_> = invites
        .iter()
        .filter_map(|invite| invite.created_by)
        .collect();
    let groups = store::groups_of(conn, &ids)?;
    let group_ids: Vec<_> = groups.values().flatten().copied().collect();
    let names = groups::actions::names(conn, &group_ids)?;
    let mails = store::mails(conn, &mail_ids)?;
    let makers: std::collections::HashMap<_, _> = users::names(conn, &makers)?
        .into_iter()
        .map(|(id, name, _)| (id, name))
        .collect();
    let operator = text.get("invites-by-operator").to_string();
    Ok(invites
        .into_iter()
        .map(|invite| {
            let mail = invite.mail_id.and_then(|id| mails.get(&id));
            let of_invite = groups
                .get(&invite.id)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let mut of_invite: Vec<&str> = of_invite
                .iter()
                .filter_map(|id| names.get(id))
                .map(String::as_str)
                .collect();
            of_invite.sort_unstable();
            Row {
                id: invite.id,
                name: invite.name().to_owned(),
                groups: of_invite.join(", "),
                shown: shown(&invite, mail, now),
                expires_at: invite.expires_at,
                inviter: invite
                    .created_by
                    .and_then(|id| makers.get(&id).cloned())
                    .unwrap_or_else(|| operator.clone()),
                created_at: invite.created_at,
                email: invite.email,
            }
        })
        .collect())
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
