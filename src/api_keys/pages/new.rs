//! Making a key: the form, and the page that shows the secret once, as the answer to the form and in no
//! other way.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::access::{Role, Scope, Scopes};
use crate::api_keys::actions::{self, Issued, Maker};
use crate::api_keys::model::{Ends, IssueKey, choices, scopes_for};
use crate::api_keys::view::{can_do, scope_words, start};
use crate::app::App;
use crate::clock::{Time, days};
use crate::db::Tx;
use crate::error::{Code, Error, FieldError, Result};
use crate::sign_in::sessions::{NewSecret, hand_over};
use crate::sign_in::{self, password};
use crate::site::{self, KeyPolicy};
use crate::text::Text;
use crate::web::{FormErrors, Guest, Page, PostForm, SignedIn, UsedForms, render};

const PATH: &str = "/settings/api-keys/new";
/// The fields in the order of the page.
const FIELDS: [&str; 6] = ["password", "name", "note", "expires", "ends_on", "scopes"];

/// One choice of a group of radio buttons or checkboxes.
struct Choice {
    value: String,
    label: String,
    hint: String,
    checked: bool,
}

#[derive(Template)]
#[template(path = "api_keys/new.html")]
struct NewPage {
    page: Page,
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
    let typed = Typed::of_pairs(&query);
    if !person.is_fresh(page.now()) {
        let to = typed.confirm_href();
        return Ok(HttpResponse::SeeOther()
            .insert_header(("location", to))
            .finish());
    }
    let policy = policy(&app).await?;
    let form = NewPage::of(&app, page, &person, typed, &policy);
    crate::web::show(&form)
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
    let mut person = person;
    let session = person.session_id;
    let stamp = form.get("stamp");
    // Before the form is taken: a database that is away must not use it up.
    let policy = policy(&app).await?;
    let typed = Typed::of_form(&form);
    let password = form.get("password");
    if !person.is_fresh(page.now()) && !password.is_empty() {
        match confirm(&app, &person, &guest, password).await {
            Ok(secret) => hand_over(&cookie, secret)?,
            Err(why) => return refuse(&app, page, &person, typed, &policy, why),
        }
        person.authenticated_at = app.clock.now();
    }
    let Some(first_use) = forms.take(&app.master, session, stamp)? else {
        let page = page.titled("api-keys-already-shown-title", "api-keys");
        return render(StatusCode::CONFLICT, &AlreadyShownPage { page });
    };
    match issue(&app, &person, &typed, &policy).await {
        Ok(issued) => show_once(&app, page, &issued),
        Err(why) => {
            forms.give_back(&first_use);
            refuse(&app, page, &person, typed, &policy, why)
        }
    }
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

async fn policy(app: &App) -> Result<KeyPolicy> {
    let settings = app.db.read(site::actions::current).await?;
    Ok(settings.key_policy)
}

async fn issue(
    app: &web::Data<App>,
    person: &SignedIn,
    typed: &Typed,
    policy: &KeyPolicy,
) -> Result<Issued> {
    let (input, mut errors) = typed.read(policy);
    if !errors.is_empty() {
        // What could not be read is told together with what could but is not right.
        let now = app.clock.now();
        if let Err(Error::Invalid(more)) = input.check(person.actor.role, policy, now) {
            errors.splice(0..0, more);
        }
        return Err(Error::Invalid(errors));
    }
    let (house, maker) = (app.clone(), Maker::Person(Box::new(person.clone())));
    person
        .write(app, move |tx, _| actions::issue(tx, &house, &maker, &input))
        .await
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
    policy: &KeyPolicy,
    why: Error,
) -> Result<HttpResponse> {
    let mut form = NewPage::of(app, page, person, typed, policy);
    if why.code() == Code::FreshSignInRequired {
        return render(StatusCode::FORBIDDEN, &form);
    }
    form.errors = FormErrors::of(app.text, why)?.in_order(&FIELDS);
    let status = form.page.refuse(&form.errors);
    render(status, &form)
}

impl NewPage {
    fn of(app: &App, page: Page, person: &SignedIn, typed: Typed, policy: &KeyPolicy) -> Self {
        Self {
            lives: lives(app.text, policy, page.now(), &typed.expires),
            scopes: scopes(app.text, person.actor.role, &typed.scopes),
            stamp: UsedForms::stamp(&app.master, person.session_id),
            asks_password_of: (!person.is_fresh(page.now())).then(|| person.email.clone()),
            page: page.titled("api-keys-new-title", "api-keys"),
            confirm_href: typed.confirm_href(),
            typed,
            errors: FormErrors::none(),
        }
    }
}

fn lives(text: Text, policy: &KeyPolicy, now: Time, chosen: &str) -> Vec<Choice> {
    let default = policy.default_days.to_string();
    let chosen = if chosen.is_empty() { &default } else { chosen };
    let choice = |value: String, label: String, hint: String| Choice {
        checked: value == chosen,
        value,
        label,
        hint,
    };
    let mut lives: Vec<Choice> = choices(policy)
        .into_iter()
        .map(|count| {
            let last = text.day(now.plus(days(count)));
            let label = text.get("api-keys-life-days").arg("count", count);
            let hint = text.get("api-keys-life-ends").arg("day", last);
            choice(count.to_string(), label.to_string(), hint.to_string())
        })
        .collect();
    let label = text.get("api-keys-life-date").to_string();
    lives.push(choice("date".into(), label, String::new()));
    if policy.never_allowed {
        let label = text.get("api-keys-life-never").to_string();
        let hint = text.get("api-keys-life-never-hint").to_string();
        lives.push(choice("never".into(), label, hint));
    }
    lives
}

fn scopes(text: Text, role: Role, chosen: &[String]) -> Vec<Choice> {
    let choice = |value: &str, label: String, hint: String| Choice {
        value: value.to_owned(),
        label,
        hint,
        checked: chosen.iter().any(|scope| scope == value),
    };
    let all = choice(
        "all",
        text.get("api-keys-scope-all").to_string(),
        text.get("api-keys-scope-all-hint").to_string(),
    );
    let one = |scope: Scope| {
        let name = scope.as_str();
        choice(name, scope_words(text, scope), name.to_owned())
    };
    std::iter::once(all)
        .chain(scopes_for(role).map(one))
        .collect()
}

/// The form as it was filled in.
#[derive(Clone, Debug, Default)]
struct Typed {
    name: String,
    note: String,
    /// A number of days, `date` or `never`; empty is the default of the site.
    expires: String,
    /// A day, when `expires` is `date`.
    ends_on: String,
    scopes: Vec<String>,
}

impl Typed {
    fn of_form(form: &PostForm) -> Self {
        Self {
            name: form.get("name").to_owned(),
            note: form.get("note").to_owned(),
            expires: form.get("expires").to_owned(),
            ends_on: form.get("ends_on").to_owned(),
            scopes: form.all("scopes").map(str::to_owned).collect(),
        }
    }

    fn of_pairs(pairs: &[(String, String)]) -> Self {
        let all = |name: &str| -> Vec<String> {
            let named = pairs.iter().filter(|(field, _)| field == name);
            named.map(|(_, value)| value.clone()).collect()
        };
        let first = |name: &str| all(name).into_iter().next().unwrap_or_default();
        Self {
            name: first("name"),
            note: first("note"),
            expires: first("expires"),
            ends_on: first("ends_on"),
            scopes: all("scopes"),
        }
    }

    /// The way to the password, from where it comes back to this form as it is filled in now.
    fn confirm_href(&self) -> String {
        let single = [
            ("name", &self.name),
            ("note", &self.note),
            ("expires", &self.expires),
            ("ends_on", &self.ends_on),
        ];
        let scopes = self.scopes.iter().map(|scope| ("scopes", scope));
        let pairs: Vec<_> = single
            .into_iter()
            .chain(scopes)
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
        let next = if query.is_empty() {
            PATH.to_owned()
        } else {
            format!("{PATH}?{query}")
        };
        let next = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
        format!("/sign-in/confirm?{next}")
    }

    /// What is asked for, and what could not be read.
    fn read(&self, policy: &KeyPolicy) -> (IssueKey, Vec<FieldError>) {
        let mut errors = Vec::new();
        let words = self.scopes.iter().map(String::as_str);
        let scopes = Scopes::read(words).unwrap_or_else(|word| {
            errors.push(FieldError::new("scopes", "not_a_scope").with("scope", word));
            Scopes::ALL
        });
        let default = Ends::In(policy.default_days);
        let ends = self.ends(default).unwrap_or_else(|error| {
            errors.push(error);
            default
        });
        let input = IssueKey {
            name: self.name.clone(),
            note: self.note.clone(),
            scopes,
            ends,
        };
        (input, errors)
    }

    fn ends(&self, default: Ends) -> Result<Ends, FieldError> {
        match self.expires.as_str() {
            "" => Ok(default),
            "never" => Ok(Ends::Never),
            "date" if self.ends_on.is_empty() => Err(FieldError::new("ends_on", "date_missing")),
            "date" => Time::parse(&format!("{}T00:00:00Z", self.ends_on))
                .map(Ends::At)
                .ok_or_else(|| FieldError::new("ends_on", "not_a_date")),
            days => days
                .parse()
                .map(Ends::In)
                .map_err(|_| FieldError::new("expires", "not_a_choice")),
        }
    }
}

#[cfg(test)]
mod tests;
