//! The form that gives an end to a key that has none.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::typed::{self, Choice, Typed};
use crate::access::Actor;
use crate::api_keys::LIST;
use crate::api_keys::actions::{self, endless};
use crate::api_keys::model::{Ends, Key};
use crate::api_keys::view::start;
use crate::app::App;
use crate::db::{Conn, Tx};
use crate::error::{Code, Result};
use crate::ids::KeyId;
use crate::site::{self, KeyPolicy};
use crate::web::{Flash, FormErrors, Page, PostForm, SignedIn, render};

#[derive(Template)]
#[template(path = "api_keys/end.html")]
struct EndPage {
    page: Page,
    action: String,
    key: Key,
    start: String,
    lives: Vec<Choice>,
    typed: Typed,
    errors: FormErrors,
}

impl EndPage {
    fn of(app: &App, page: Page, (key, policy): (Key, KeyPolicy), typed: Typed) -> Self {
        Self {
            action: format!("{LIST}/{}/end", key.id),
            start: start(&key),
            lives: typed::lives(app.text, &policy, page.now(), &typed.expires),
            page: page.titled("api-keys-end-title", "api-keys"),
            key,
            typed,
            errors: FormErrors::none(),
        }
    }
}

/// A key of the person that has no end, and what they may choose.
async fn read(app: &App, person: &SignedIn, id: KeyId) -> Result<(Key, KeyPolicy)> {
    let (actor, now) = (person.actor.clone(), app.clock.now());
    let read = move |conn: &mut Conn| {
        let key = actions::own(conn, &actor, id)?;
        if !key.is_endless(now) {
            return Code::WrongState.refuse();
        }
        let policy = site::actions::current(conn)?.key_policy;
        Ok((key, endless::bounded(policy)))
    };
    app.db.read(read).await
}

/// `GET /settings/api-keys/{id}/end`: anybody signed in, about a key of their own that has no end.
///
/// # Errors
/// `not_found`; `wrong_state` for a key that has an end or does not work any more.
pub async fn end_form(
    app: web::Data<App>,
    page: Page,
    person: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let found = read(&app, &person, id.parse()?).await?;
    crate::web::show(&EndPage::of(&app, page, found, Typed::default()))
}

/// `POST /settings/api-keys/{id}/end`: the same.
///
/// # Errors
/// As [`end_form`].
pub async fn set_end(
    app: web::Data<App>,
    page: Page,
    person: SignedIn,
    id: web::Path<String>,
    form: PostForm,
) -> Result<HttpResponse> {
    let id: KeyId = id.parse()?;
    let found = read(&app, &person, id).await?;
    let typed = Typed::of_form(&form);
    let done = match typed.ends(Ends::In(found.1.default_days)) {
        Ok(ends) => {
            let act = move |tx: &mut Tx<'_>, actor: &Actor| endless::set_end(tx, actor, id, ends);
            person.write(&app, act).await
        }
        Err(why) => Err(why.into()),
    };
    match done {
        Ok(key) => {
            let end = key.expires_at.map(|end| app.text.moment(end));
            let words = app.text.get("api-keys-end-done");
            let words = words
                .arg("start", start(&key))
                .arg("moment", end.unwrap_or_default());
            Ok(Flash::ok(words).redirect(&app, LIST))
        }
        Err(why) => {
            let errors = FormErrors::of(app.text, why)?.in_order(&["expires", "ends_on"]);
            let mut asked = EndPage::of(&app, page, found, typed);
            let status = asked.page.refuse(&errors);
            asked.errors = errors;
            render(status, &asked)
        }
    }
}
