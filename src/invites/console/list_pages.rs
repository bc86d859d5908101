//! The list of invites in the console.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::detail_pages::{Shown, shown};
use super::list_form::{ListForm, ROW_CHOICES};
use crate::access::Role;
use crate::app::{App, Kept};
use crate::clock::Time;
use crate::db::Conn;
use crate::error::Result;
use crate::groups;
use crate::ids::InviteId;
use crate::invite_templates;
use crate::invites::model::Invite;
use crate::invites::store::{self, Counts};
use crate::text::{Message, Text};
use crate::users::store as users;
use crate::web::{FormErrors, Page, PageLinks, SignedIn, render};

/// A row of the list.
pub(super) struct Row {
    pub(super) id: InviteId,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) groups: String,
    pub(super) shown: Shown,
    pub(super) expires_at: Time,
    pub(super) inviter: String,
    inviter_id: String,
    pub(super) created_at: Time,
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
    errors: FormErrors,
    form: ListForm,
    tabs: Vec<Tab>,
    groups: Vec<(String, String)>,
    templates: Vec<(String, String)>,
    makers: Vec<(String, String)>,
    sizes: Vec<(String, String)>,
    chips: Vec<(&'static str, Message)>,
    rows: Vec<Row>,
    links: PageLinks,
    /// How many match in words, when they are more than the page shows.
    matching: Option<String>,
    none_ever: bool,
}

/// `GET /admin/invites`: administrators all; members who may invite their own.
pub async fn list(
    app: web::Data<App>,
    counts: web::Data<Kept<Counts>>,
    page: Page,
    who: SignedIn,
    form: web::Query<ListForm>,
) -> Result<HttpResponse> {
    let form = form.into_inner();
    listing(&app, &counts, page, who, form, FormErrors::none()).await
}

/// The list, with what was wrong with what was to be done to some of it.
pub(super) async fn listing(
    app: &App,
    counts: &Kept<Counts>,
    page: Page,
    who: SignedIn,
    form: ListForm,
    errors: FormErrors,
) -> Result<HttpResponse> {
    let all = who.actor.role >= Role::Admin;
    let filter = form.filter(&who);
    let paging = PageLinks::paging(form.rows(), &form.newer, &form.older);
    let (now, text) = (app.clock.now(), app.text);
    let (by, me) = (filter.invited_by, who.user_id);
    let counts = if all {
        let read = move |conn: &mut Conn| Ok(store::counts(conn, now)?);
        Some(counts.get(app, read).await?)
    } else {
        None
    };
    // What is narrowed by nothing but the tab was counted for the tab.
    let of_tab = counts.filter(|_| !form.is_filtered());
    let of_tab = of_tab.and_then(|counts| Some((in_tab(&form, &counts)?, false)));
    let (slice, groups, templates, maker, matching) = app
        .db
        .read(move |conn| {
            let slice = store::list(conn, &filter, &paging, now)?;
            let newer = slice.newer.clone();
            let older = slice.older.clone();
            let rows = rows(conn, slice.rows, text, now)?;
            let slice = crate::db::Slice { rows, newer, older };
            let is_part = slice.newer.is_some() || slice.older.is_some();
            let matching = match of_tab {
                _ if !is_part => None,
                Some(known) => Some(known),
                None => Some(store::count_matching(conn, &filter, now)?),
            };
            let maker = users::names(conn, &Vec::from_iter(by))?;
            Ok((
                slice,
                groups::actions::grantable(conn, &who.actor)?,
                invite_templates::actions::list(conn, &who.actor)?,
                maker.into_iter().next().map(|(_, name, _)| name),
                matching,
            ))
        })
        .await?;
    let links = PageLinks::of("/admin/invites", &form.pairs(), &slice);
    let mut page = page.titled("invites-title", "invites");
    let status: StatusCode = page.refuse(&errors);
    let any = |key: &'static str| (String::new(), page.t(key).to_string());
    let mut choices = Choices {
        groups: vec![any("invites-any-group")],
        templates: vec![any("invites-any-template")],
        makers: vec![any("invites-anybody")],
    };
    let groups = groups.into_iter();
    choices
        .groups
        .extend(groups.map(|group| (group.id.to_string(), group.name)));
    let templates = templates.into_iter();
    choices
        .templates
        .extend(templates.map(|template| (template.id.to_string(), template.name)));
    choices
        .makers
        .push((me.to_string(), page.t("invites-me").to_string()));
    if let (Some(by), Some(name)) = (by, maker)
        && by != me
    {
        choices.makers.push((by.to_string(), name));
    }
    let count = |(count, or_more): (usize, bool)| {
        let count = text.count(i64::try_from(count).unwrap_or(i64::MAX));
        if or_more { format!("{count}+") } else { count }
    };
    let sizes = ROW_CHOICES.map(|rows| {
        let words = page.t("invites-rows").arg("count", rows);
        (rows.to_string(), words.to_string())
    });
    render(
        status,
        &ListPage {
            none_ever: match &counts {
                Some(counts) => counts.all == 0,
                None => slice.rows.is_empty() && !form.is_filtered(),
            },
            tabs: counts.map_or_else(Vec::new, |counts| tabs(&form, &counts, text)),
            chips: choices.chips(&page, &form),
            groups: choices.groups,
            templates: choices.templates,
            makers: choices.makers,
            sizes: sizes.to_vec(),
            rows: slice.rows,
            links,
            matching: matching.map(count),
            errors,
            page,
            form,
        },
    )
}

/// What the filters offer: values and words.
struct Choices {
    groups: Vec<(String, String)>,
    templates: Vec<(String, String)>,
    makers: Vec<(String, String)>,
}

impl Choices {
    /// The filters in force, each with its words.
    fn chips(&self, page: &Page, form: &ListForm) -> Vec<(&'static str, Message)> {
        let named = |choices: &[(String, String)], value: &str| {
            let chosen = choices.iter().find(|(known, _)| known == value);
            chosen.map_or_else(|| value.to_owned(), |(_, words)| words.clone())
        };
        let pairs = form.pairs().into_iter();
        pairs
            .filter_map(|(name, value)| {
                let words = match name {
                    "q" => page.t("invites-chip-search").arg("q", value),
                    "group" => {
                        let group = named(&self.groups, value);
                        page.t("invites-chip-group").arg("group", group)
                    }
                    "by" => {
                        let name = named(&self.makers, value);
                        page.t("invites-chip-by").arg("name", name)
                    }
                    "template" => {
                        let name = named(&self.templates, value);
                        page.t("invites-chip-template").arg("name", name)
                    }
                    "batch" => page.t("invites-chip-batch"),
                    _ => return None,
                };
                Some((name, words))
            })
            .collect()
    }
}

/// The tabs: name, label, how many invites.
fn of_each_tab(counts: &Counts) -> [(&'static str, &'static str, i64); 9] {
    [
        ("pending", "invites-tab-pending", counts.pending),
        (
            "not-delivered",
            "invites-tab-not-delivered",
            counts.not_delivered,
        ),
        ("expired", "invites-tab-expired", counts.expired),
        ("accepted", "invites-tab-accepted", counts.accepted),
        ("declined", "invites-tab-declined", counts.declined),
        ("revoked", "invites-tab-revoked", counts.revoked),
        ("on-hold", "invites-tab-on-hold", counts.on_hold),
        ("approval", "invites-tab-approval", counts.to_approve),
        ("all", "invites-tab-all", counts.all),
    ]
}

/// How many invites are in the tab that is shown, when there is such a tab.
fn in_tab(form: &ListForm, counts: &Counts) -> Option<usize> {
    let tabs = of_each_tab(counts);
    let (.., count) = tabs.iter().find(|(name, ..)| *name == form.tab())?;
    usize::try_from(*count).ok()
}

fn tabs(form: &ListForm, counts: &Counts, text: Text) -> Vec<Tab> {
    let tab = |(name, label, count): (&'static str, _, _)| Tab {
        href: format!("/admin/invites?tab={name}"),
        label,
        current: form.tab() == name,
        count: text.count(count),
    };
    of_each_tab(counts).map(tab).into()
}

/// The rows of invites.
pub(super) fn rows(
    conn: &mut Conn,
    invites: Vec<Invite>,
    text: Text,
    now: Time,
) -> Result<Vec<Row>> {
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
                role: invite.role,
                inviter_id: invite
                    .created_by
                    .map(|id| id.to_string())
                    .unwrap_or_default(),
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
