//! The pages of API keys: a user's own under `/settings`, and the end of a key by an administrator.

mod end;
mod new;
mod typed;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

pub use end::{end_form, set_end};
pub use new::{create, new, rotate, rotate_form};

use super::Keys;
use super::LIST;
use super::actions;
use super::model::{Key, KeyState};
use super::view::{KeyView, Reader, Rotation, start};
use crate::app::App;
use crate::db::Conn;
use crate::error::Result;
use crate::ids::{KeyId, UserId};
use crate::web::{Flash, FormErrors, Page, PageLinks, PostForm, SignedIn, render};

/// Keys on one page of the list.
const PER_PAGE: i64 = 50;

/// Which part of the list is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Part {
    newer: String,
    older: String,
}

#[derive(Template)]
#[template(path = "api_keys/list.html")]
struct ListPage {
    page: Page,
    rotations: Vec<Rotation>,
    keys: Vec<KeyView>,
    links: PageLinks,
}

/// `GET /settings/api-keys`: anybody signed in, about their own keys.
///
/// # Errors
/// When the database is away.
pub async fn list(
    app: web::Data<App>,
    keys: web::Data<Keys>,
    page: Page,
    person: SignedIn,
    part: web::Query<Part>,
) -> Result<HttpResponse> {
    let paging = PageLinks::paging(PER_PAGE, &part.newer, &part.older);
    let now = page.now();
    let read = move |conn: &mut Conn| {
        let pairs = actions::under_way(conn, person.user_id, now)?;
        let all = actions::list(conn, &person.actor, Some(person.user_id), &paging)?;
        Ok((pairs, all))
    };
    let (pairs, found) = app.db.read(read).await?;
    let rotation = |(mut old, mut new): (Key, Key)| {
        keys.usage.complete(&mut old);
        keys.usage.complete(&mut new);
        Rotation::of(app.text, &old, &new, now)
    };
    let rotations: Vec<Rotation> = pairs.into_iter().map(rotation).collect();
    let shown = found.map(|mut key| {
        keys.usage.complete(&mut key);
        let mut view = KeyView::of(app.text, &key, now, Reader::Owner);
        // One rotation at a time.
        if rotations.iter().any(|pair| pair.new.id == key.id) {
            view.replace_href = None;
        }
        view
    });
    let links = PageLinks::of(LIST, &[], &shown);
    crate::web::show(&ListPage {
        page: page.titled("api-keys-title", "api-keys"),
        rotations,
        keys: shown.rows,
        links,
    })
}

/// The page that asks before a key is revoked.
#[derive(Template)]
#[template(path = "api_keys/revoke.html")]
struct RevokePage {
    page: Page,
    key: KeyView,
    /// Where the page leads back to.
    back: String,
    /// Whether the reader says why: an administrator may, and the owner reads it.
    says_why: bool,
    reason: String,
    errors: FormErrors,
}

/// `GET /settings/api-keys/{id}/revoke`: anybody signed in, about their own key. Asks first.
///
/// # Errors
/// `not_found`.
pub async fn confirm_revoke(
    app: web::Data<App>,
    keys: web::Data<Keys>,
    page: Page,
    person: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: KeyId = id.parse()?;
    let read = move |conn: &mut Conn| actions::own(conn, &person.actor, id);
    let mut key = app.db.read(read).await?;
    if key.state(page.now()) == KeyState::Revoked {
        let gone = app.text.get("api-keys-already-revoked");
        return Ok(Flash::warn(gone.arg("start", start(&key))).redirect(&app, LIST));
    }
    keys.usage.complete(&mut key);
    crate::web::show(&RevokePage {
        key: KeyView::of(app.text, &key, page.now(), Reader::Owner),
        page: page.titled("api-keys-revoke-title", "api-keys"),
        back: LIST.to_owned(),
        says_why: false,
        reason: String::new(),
        errors: FormErrors::none(),
    })
}

/// `POST /settings/api-keys/{id}/revoke`: anybody signed in, for their own key.
///
/// # Errors
/// `not_found`.
pub async fn revoke(
    app: web::Data<App>,
    person: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: KeyId = id.parse()?;
    let key = person
        .write(&app, move |tx, actor| actions::revoke_own(tx, actor, id))
        .await?;
    let done = app.text.get("api-keys-revoked").arg("start", start(&key));
    Ok(Flash::ok(done).redirect(&app, LIST))
}

/// `GET /admin/users/{id}/keys/{key_id}/revoke`: administrators, about users below. Asks first.
///
/// # Errors
/// `forbidden`, `above_you`, `not_found`.
pub async fn confirm_revoke_of_user(
    app: web::Data<App>,
    keys: web::Data<Keys>,
    page: Page,
    admin: SignedIn,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse> {
    let (owner, id) = (path.0.parse()?, path.1.parse()?);
    let asked = ask_for_user(&app, &keys, page, admin, owner, id).await?;
    crate::web::show(&asked)
}

async fn ask_for_user(
    app: &App,
    keys: &Keys,
    page: Page,
    admin: SignedIn,
    owner: UserId,
    id: KeyId,
) -> Result<RevokePage> {
    let read = move |conn: &mut Conn| actions::key_of(conn, &admin.actor, owner, id);
    let mut key = app.db.read(read).await?;
    keys.usage.complete(&mut key);
    Ok(RevokePage {
        key: KeyView::of(app.text, &key, page.now(), Reader::Administrator),
        page: page.titled("api-keys-revoke-title", "users"),
        back: format!("/admin/users/{owner}"),
        says_why: true,
        reason: String::new(),
        errors: FormErrors::none(),
    })
}

/// `POST /admin/users/{id}/keys/{key_id}/revoke`: administrators, for users below. The form may hold a
/// `reason`, which the owner reads.
///
/// # Errors
/// `forbidden`, `above_you`, `not_found`.
pub async fn revoke_of_user(
    app: web::Data<App>,
    keys: web::Data<Keys>,
    page: Page,
    admin: SignedIn,
    path: web::Path<(String, String)>,
    form: PostForm,
) -> Result<HttpResponse> {
    let (owner, id): (UserId, KeyId) = (path.0.parse()?, path.1.parse()?);
    let reason = form.get("reason").to_owned();
    let (house, why) = (app.clone(), reason.clone());
    let revoked = admin
        .write(&app, move |tx, actor| {
            actions::revoke(tx, &house, actor, Some(owner), id, &why)
        })
        .await;
    match revoked {
        Ok(key) => {
            let done = app.text.get("api-keys-revoked").arg("start", start(&key));
            Ok(Flash::ok(done).redirect(&app, &format!("/admin/users/{owner}")))
        }
        Err(why) => {
            let errors = FormErrors::of(app.text, why)?;
            let mut asked = ask_for_user(&app, &keys, page, admin, owner, id).await?;
            let status = asked.page.refuse(&errors);
            (asked.errors, asked.reason) = (errors, reason);
            render(status, &asked)
        }
    }
}

#[cfg(test)]
mod tests;
