//! Users in the console: the list, and one user with groups, keys and sessions.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::access::Role;
use crate::api_keys::view::KeyView;
use crate::api_keys::{self, Keys};
use crate::app::App;
use crate::clock::Time;
use crate::db::{Paging, Slice};
use crate::error::Result;
use crate::groups;
use crate::ids::UserId;
use crate::sign_in::{actions as sign_in, store as sessions};
use crate::users::actions::{self, Endings};
use crate::users::model::{Status, User};
use crate::users::store::{self, Filter};
use crate::web::{Flash, FormErrors, Page, PageLinks, PostForm, SignedIn, render, show};

/// Rows of a page.
const ROWS: i64 = 50;

/// The filters of the list, as the address holds them.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ListForm {
    #[serde(default)]
    q: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    newer: String,
    #[serde(default)]
    older: String,
}

/// A row of the list.
struct Row {
    id: UserId,
    name: String,
    /// The address, or the phone number of who has none.
    email: String,
    role: Role,
    active: bool,
    status: Status,
    groups: String,
    last_seen_at: Option<Time>,
}

#[derive(Template)]
#[template(path = "console/users.html")]
struct ListPage {
    page: Page,
    form: ListForm,
    roles: Vec<(String, String)>,
    statuses: Vec<(String, String)>,
    rows: Vec<Row>,
    links: PageLinks,
}

/// `GET /admin/users`: administrators.
pub async fn list(
    app: web::Data<App>,
    page: Page,
    _: SignedIn,
    form: web::Query<ListForm>,
) -> Result<HttpResponse> {
    let form = form.into_inner();
    let filter = Filter {
        q: form.q.trim().to_owned(),
        status: form.status.parse().ok(),
        role: form.role.parse().ok(),
        ..Filter::default()
    };
    let paging: Paging = PageLinks::paging(ROWS, &form.newer, &form.older);
    let slice: Slice<Row> = app
        .db
        .read(move |conn| {
            let slice = store::lines(conn, &filter, &paging)?;
            let ids: Vec<UserId> = slice.rows.iter().map(|user| user.id).collect();
            let mut groups = groups::actions::groups_of(conn, &ids)?;
            Ok(slice.map(|user| {
                let names = groups.remove(&user.id).unwrap_or_default();
                let names: Vec<String> = names.into_iter().map(|group| group.name).collect();
                let email = user.email.or(user.phone).unwrap_or_default();
                Row {
                    id: user.id,
                    name: if user.display_name.is_empty() {
                        email.clone()
                    } else {
                        user.display_name
                    },
                    email,
                    role: user.role,
                    active: user.status == Status::Active,
                    status: user.status,
                    groups: names.join(", "),
                    last_seen_at: user.last_seen_at,
                }
            }))
        })
        .await?;
    let query = [
        ("q", form.q.as_str()),
        ("status", form.status.as_str()),
        ("role", form.role.as_str()),
    ];
    let links = PageLinks::of("/admin/users", &query, &slice);
    let page = page.titled("nav-users", "users");
    let any = |key: &'static str| vec![(String::new(), page.t(key).to_string())];
    let mut roles = any("users-any-role");
    roles.extend(
        Role::ALL
            .iter()
            .map(|role| (role.to_string(), page.t(format!("role-{role}")).to_string())),
    );
    let mut statuses = any("users-any-status");
    statuses.extend(
        Status::ALL
            .iter()
            .map(|one| (one.to_string(), page.t(format!("users-{one}")).to_string())),
    );
    show(&ListPage {
        roles,
        statuses,
        rows: slice.rows,
        links,
        page,
        form,
    })
}

#[derive(Template)]
#[template(path = "console/user.html")]
struct DetailPage {
    page: Page,
    user: User,
    groups: Vec<String>,
    keys: Option<Vec<KeyView>>,
    sessions: usize,
    may_act: bool,
    is_self: bool,
}

impl DetailPage {
    fn is_active(&self) -> bool {
        self.user.status == Status::Active
    }

    fn is_deleted(&self) -> bool {
        self.user.status == Status::Deleted
    }
}

/// `GET /admin/users/{id}`: administrators.
pub async fn detail(
    app: web::Data<App>,
    keys: web::Data<Keys>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    let (now, text, actor) = (app.clock.now(), app.text, who.actor.clone());
    let (user, groups, keys, live) = app
        .db
        .read(move |conn| {
            let user = actions::visible(conn, &actor, id)?;
            let groups = groups::actions::groups_of(conn, &[id])?
                .remove(&id)
                .unwrap_or_default();
            let keys = api_keys::view::keys_of(conn, &keys, text, &actor, id, now)?;
            Ok((user, groups, keys, sessions::of_user(conn, id, now)?.len()))
        })
        .await?;
    let title = match user.status {
        Status::Deleted => page.t("users-deleted-name"),
        _ => page.t("users-title-of").arg("name", user.label()),
    };
    let page = page.headed(title, "users");
    show(&DetailPage {
        may_act: who.actor.require_over(user.role).is_ok(),
        is_self: who.actor.is(id),
        groups: groups.into_iter().map(|group| group.name).collect(),
        keys,
        sessions: live,
        user,
        page,
    })
}

#[derive(Template)]
#[template(path = "console/suspend.html")]
struct SuspendPage {
    page: Page,
    errors: FormErrors,
    user: User,
    reason: String,
}

async fn target(app: &web::Data<App>, who: &SignedIn, id: UserId) -> Result<User> {
    let actor = who.actor.clone();
    app.db
        .read(move |conn| actions::visible(conn, &actor, id))
        .await
}

fn suspend_page(page: Page, user: User, reason: &str) -> SuspendPage {
    let title = page.t("users-suspend-title").arg("name", user.label());
    let page = page.headed(title, "users");
    SuspendPage {
        page,
        errors: FormErrors::none(),
        user,
        reason: reason.to_owned(),
    }
}

/// `GET /admin/users/{id}/suspend`: administrators.
pub async fn confirm_suspend(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let user = target(&app, &who, id.parse()?).await?;
    show(&suspend_page(page, user, ""))
}

/// `POST /admin/users/{id}/suspend`: administrators.
pub async fn suspend(
    app: web::Data<App>,
    endings: web::Data<Endings>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
    form: PostForm,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    let done = async {
        let reason = form.get("reason").to_owned();
        let (shared, end) = (app.clone(), endings.on_suspend);
        who.write(&app, move |tx, actor| {
            actions::suspend(tx, &shared, actor, id, &reason, end)
        })
        .await
    };
    match done.await {
        Ok(user) => {
            let words = app
                .text
                .get("users-suspended-flash")
                .arg("name", user.label());
            Ok(Flash::ok(words).redirect(&app, &format!("/admin/users/{id}")))
        }
        Err(why) => {
            let errors = FormErrors::of(app.text, why)?;
            let user = target(&app, &who, id).await?;
            let mut shown = suspend_page(page, user, form.get("reason"));
            let status = shown.page.refuse(&errors);
            shown.errors = errors;
            render(status, &shown)
        }
    }
}

/// `POST /admin/users/{id}/reactivate`: administrators.
pub async fn reactivate(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    let user = who
        .write(&app, move |tx, actor| actions::reactivate(tx, actor, id))
        .await?;
    let words = app
        .text
        .get("users-reactivated-flash")
        .arg("name", user.label());
    Ok(Flash::ok(words).redirect(&app, &format!("/admin/users/{id}")))
}

/// `POST /admin/users/{id}/sign-out`: administrators. Ends every session of the user.
pub async fn sign_out(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    let count = who
        .write(&app, move |tx, actor| {
            let user = actions::visible(tx, actor, id)?;
            actor.require_over(user.role)?;
            sign_in::sign_out_all(tx, actor, id, None)
        })
        .await?;
    let words = app.text.get("settings-sessions-ended").arg("count", count);
    Ok(Flash::ok(words).redirect(&app, &format!("/admin/users/{id}")))
}
