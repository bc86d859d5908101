//! Making a key, by itself or in place of another: the form, and the page that shows the secret once, as the answer to
//! the form and in no other way.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::typed::{self, Choice, Typed};
use crate::api_keys::actions::{self, Issued, Maker};
use crate::api_keys::model::Key;
use crate::api_keys::view::{can_do, start};
use crate::app::App;
use crate::clock::Time;
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::ids::KeyId;
use crate::sign_in::sessions::{NewSecret, hand_over};
use crate::sign_in::{self, password};
use crate::site::{self, KeyPolicy};
use crate::web::{FormErrors, Guest, Page, PostForm, SignedIn, UsedForms, render};

const PATH: &str = "/settings/api-keys/new";
/// The fields in the order of the page.
const FIELDS: [&str; 7] = [
    "password", "name", "note", "expires", "ends_on", "scopes", "overlap",
];

#[derive(Template)]
#[template(path = "api_keys/new.html")]
struct NewPage {
    page: Page,
    action: String,
    /// How the key begins in place of which one is made.
    replaces: Option<String>,
    overlaps: Vec<Choice>,
    typed: Typed,
    lives: Vec<Choice>,
    scopes: Vec<Choice>,
    stamp: String,
    errors: FormErrors,
    /// Whose password the form asks for too, when the last proof of who they are is too old.
    asks_password_of: Option<String>,
    /// Where they prove it in another way, and come back from with what they have filled in.
    confirm_href: String,
}

#[derive(Template)]
#[template(path = "api_keys/shown.html")]
struct ShownPage<'a> {
    page: Page,
    secret: &'a str,
    name: &'a str,
    start: String,
    expires_at: Option<Time>,
    can_do: Vec<String>,
    command: String,
}

#[derive(Template)]
#[template(path = "api_keys/already_shown.html")]
struct AlreadyShownPage {
    page: Page,
}

/// What a form makes.
#[derive(Clone)]
struct Purpose {
    policy: KeyPolicy,
    /// The key in place of which one is made.
    old: Option<Key>,
}

impl Purpose {
    async fn read(app: &App, person: &SignedIn, old: Option<KeyId>) -> Result<Self> {
        let (owner, now) = (person.user_id, app.clock.now());
        let read = move |conn: &mut Conn| {
            let policy = site::actions::current(conn)?.key_policy;
            let old = match old {
                Some(id) => Some(actions::replaceable(conn, owner, id, now)?.0),
                None => None,
            };
            Ok(Self { policy, old })
        };
        app.db.read(read).await
    }

    fn path(&self) -> String {
        match &self.old {
            Some(old) => format!("/settings/api-keys/{}/rotate", old.id),
            None => PATH.to_owned(),
        }
    }
}

/// `GET /settings/api-keys/new`: anybody signed in; who signed in more than ten minutes ago gives the
/// password first. The query may hold what to start with, under the names of the fields.
///
/// # Errors
/// When the page cannot be made.
pub async fn new(
    app: web::Data<App>,
    page: Page,
    person: SignedIn,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let purpose = Purpose::read(&app, &person, None).await?;
    form(&app, page, &person, &purpose, Typed::of_pairs(&query))
}

/// `GET /settings/api-keys/{id}/rotate`: anybody signed in, about a key of their own. The same form, which begins with
/// what the old key was made with.
///
/// # Errors
/// `not_found`; `wrong_state` and `rotation_in_progress` for a key that cannot be replaced.
pub async fn rotate_form(
    app: web::Data<App>,
    page: Page,
    person: SignedIn,
    id: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let purpose = Purpose::read(&app, &person, Some(id.parse()?)).await?;
    let mut typed = Typed::of_pairs(&query);
    if let Some(old) = purpose.old.as_ref().filter(|_| typed.is_empty()) {
        typed = Typed::of_key(old, &purpose.policy);
    }
    form(&app, page, &person, &purpose, typed)
}

fn form(
    app: &App,
    page: Page,
    person: &SignedIn,
    purpose: &Purpose,
    typed: Typed,
) -> Result<HttpResponse> {
    if !person.is_fresh(page.now()) {
        let to = typed.confirm_href(&purpose.path());
        return Ok(HttpResponse::SeeOther()
            .insert_header(("location", to))
            .finish());
    }
    crate::web::show(&NewPage::of(app, page, person, typed, purpose))
}

/// What came with the form.
pub struct Posted {
    forms: web::Data<UsedForms>,
    page: Page,
    person: SignedIn,
    guest: Guest,
    cookie: Session,
    form: PostForm,
}

/// `POST /settings/api-keys/new`: anybody signed in within the last ten minutes, or with the password beside the other
/// fields, for themselves. Answers with the secret; the same form sent again answers without it.
///
/// # Errors
/// `form_expired` for a form of another session.
pub async fn create(
    app: web::Data<App>,
    forms: web::Data<UsedForms>,
    page: Page,
    person: SignedIn,
    guest: Guest,
    cookie: Session,
    form: PostForm,
) -> Result<HttpResponse> {
    let posted = Posted {
        forms,
        page,
        person,
        guest,
        cookie,
        form,
    };
    answer(&app, None, posted).await
}

/// `POST /settings/api-keys/{id}/rotate`: the same, for a key of their own.
///
/// # Errors
/// `form_expired`, `not_found`, `wrong_state`, `rotation_in_progress`.
#[expect(clippy::too_many_arguments, reason = "each is an extractor")]
pub async fn rotate(
    app: web::Data<App>,
    forms: web::Data<UsedForms>,
    page: Page,
    person: SignedIn,
    guest: Guest,
    cookie: Session,
    id: web::Path<String>,
    form: PostForm,
) -> Result<HttpResponse> {
    let posted = Posted {
        forms,
        page,
        person,
        guest,
        cookie,
        form,
    };
    answer(&app, Some(id.parse()?), posted).await
}

async fn answer(app: &web::Data<App>, old: Option<KeyId>, posted: Posted) -> Result<HttpResponse> {
    let Posted {
        forms,
        page,
        mut person,
        guest,
        cookie,
        form,
    } = posted;
    let session = person.session_id;
    // A form that has made its key says so, although that key is in the place of the old one by now.
    if forms.is_used(&app.master, session, form.get("stamp"))? {
        return already_shown(page);
    }
    // Before the form is taken: a database that is away must not use it up.
    let purpose = Purpose::read(app, &person, old).await?;
    let typed = Typed::of_form(&form);
    let password = form.get("password");
    if !person.is_fresh(page.now()) && !password.is_empty() {
        match confirm(app, &person, &guest, password).await {
            Ok(secret) => hand_over(&cookie, secret)?,
            Err(why) => return refuse(app, page, &person, typed, &purpose, why),
        }
        person.authenticated_at = app.clock.now();
    }
    let Some(first_use) = forms.take(&app.master, session, form.get("stamp"))? else {
        return already_shown(page);
    };
    match issue(app, &person, &typed, &purpose).await {
        Ok(issued) => show_once(app, page, &issued),
        Err(why) => {
            forms.give_back(&first_use);
            refuse(app, page, &person, typed, &purpose, why)
        }
    }
}

fn already_shown(page: Page) -> Result<HttpResponse> {
    let page = page.titled("api-keys-already-shown-title", "api-keys");
    render(StatusCode::CONFLICT, &AlreadyShownPage { page })
}

/// Takes the password of who is signed in, for a session that counts as fresh.
async fn confirm(app: &App, person: &SignedIn, guest: &Guest, entered: &str) -> Result<NewSecret> {
    let (who, id) = (person.clone(), person.session_id);
    let renew = move |tx: &mut Tx<'_>, user| {
        let actor = who.acts(tx)?;
        sign_in::actions::confirm(tx, &actor, id, user)
    };
    let typed = (person.email.as_str(), entered);
    let proved = password::act(app, &person.actor, &guest.source, typed, renew);
    proved.await.map_err(|why| match why.code() {
        Code::SignInFailed => FieldError::new("password", "password_wrong").into(),
        _ => why,
    })
}

async fn issue(
    app: &web::Data<App>,
    person: &SignedIn,
    typed: &Typed,
    purpose: &Purpose,
) -> Result<Issued> {
    let (input, mut errors) = typed.read(&purpose.policy);
    let overlap = typed.overlap().map_err(|why| errors.push(why));
    let (true, Ok(overlap)) = (errors.is_empty(), overlap) else {
        // What could not be read is told together with what could but is not right.
        let now = app.clock.now();
        if let Err(Error::Invalid(more)) = input.check(person.actor.role, &purpose.policy, now) {
            errors.splice(0..0, more);
        }
        return Err(Error::Invalid(errors));
    };
    let (house, who) = (app.clone(), person.clone());
    let old = purpose.old.as_ref().map(|key| key.id);
    let act = move |tx: &mut Tx<'_>, _: &_| match old {
        Some(id) => actions::rotate(tx, &house, &who, id, &input, overlap),
        None => actions::issue(tx, &house, &Maker::Person(Box::new(who.clone())), &input),
    };
    person.write(app, act).await
}

fn show_once(app: &App, page: Page, issued: &Issued) -> Result<HttpResponse> {
    let (key, url) = (&issued.key, app.link("/api/v1/me"));
    crate::web::show(&ShownPage {
        page: page.titled("api-keys-shown-title", "api-keys"),
        secret: issued.secret.reveal(),
        name: &key.name,
        start: start(key),
        expires_at: key.expires_at,
        can_do: can_do(app.text, key.scopes),
        command: format!("curl -H \"Authorization: Bearer $VESTIBULE_KEY\" {url}"),
    })
}

/// The form again, with what was typed in it.
fn refuse(
    app: &App,
    page: Page,
    person: &SignedIn,
    typed: Typed,
    purpose: &Purpose,
    why: Error,
) -> Result<HttpResponse> {
    let mut form = NewPage::of(app, page, person, typed, purpose);
    if why.code() == Code::FreshSignInRequired {
        return render(StatusCode::FORBIDDEN, &form);
    }
    form.errors = FormErrors::of(app.text, why)?.in_order(&FIELDS);
    let status = form.page.refuse(&form.errors);
    render(status, &form)
}

impl NewPage {
    fn of(app: &App, page: Page, person: &SignedIn, typed: Typed, purpose: &Purpose) -> Self {
        let (text, now) = (app.text, page.now());
        let path = purpose.path();
        let overlaps = purpose
            .old
            .as_ref()
            .map(|old| typed::overlaps(text, old.expires_at, now, &typed.overlap));
        Self {
            replaces: purpose.old.as_ref().map(start),
            overlaps: overlaps.unwrap_or_default(),
            lives: typed::lives(text, &purpose.policy, now, &typed.expires),
            scopes: typed::scopes(text, person.actor.role, &typed.scopes),
            stamp: UsedForms::stamp(&app.master, person.session_id),
            asks_password_of: (!person.is_fresh(now)).then(|| person.email.clone()),
            page: page.titled("api-keys-new-title", "api-keys"),
            confirm_href: typed.confirm_href(&path),
            action: path,
            typed,
            errors: FormErrors::none(),
        }
    }
}
