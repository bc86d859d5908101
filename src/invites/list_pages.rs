//! The list of invites in the console.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::model::{Invite, State};
use super::pages::{Shown, shown};
use super::store::{self, Counts, Filter};
use crate::app::App;
use crate::clock::Time;
use crate::db::Conn;
use crate::error::Result;
use crate::groups;
use crate::groups::model::GroupName;
use crate::ids::InviteId;
use crate::outbox::State as MailState;
use crate::text::Text;
use crate::users::store as users;
use crate::web::{Page, PageLinks, SignedIn, show};

/// Rows of a page.
const ROWS: i64 = 50;

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
            "pending" => {
                filter.state = Some(State::Pending);
                filter.but_mail = Some(MailState::Failed);
            }
            "not-delivered" => {
                filter.state = Some(State::Pending);
                filter.mail = Some(MailState::Failed);
            }
            "expired" => filter.state = Some(State::Expired),
            "accepted" => filter.state = Some(State::Accepted),
            "declined" => filter.state = Some(State::Declined),
            "revoked" => filter.state = Some(State::Revoked),
            "on-hold" => filter.state = Some(State::Suspended),
            "approval" => filter.state = Some(State::AwaitingApproval),
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
        tab("declined", "invites-tab-declined", counts.declined),
        tab("revoked", "invites-tab-revoked", counts.revoked),
        tab("on-hold", "invites-tab-on-hold", counts.on_hold),
        tab("approval", "invites-tab-approval", counts.to_approve),
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
                email: invite.whom(text),
            }
        })
        .collect())
}
