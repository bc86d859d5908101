use std::rc::Rc;

use actix_web::dev::Service as _;
use actix_web::http::StatusCode;
use actix_web::{App as Server, HttpMessage as _, test as http, web};
use scraper::{Html, Selector};

use super::super::testing::{House, actor, asked, signed_in, user};
use super::super::{Keys, actions::Maker};
use crate::access::Role;
use crate::api_keys::model::Ends;
use crate::app::App;
use crate::clock::{Time, minutes};
use crate::ids::UserId;
use crate::web::{Chrome, SignedIn, UsedForms, Visit, answers};

/// A browser with a session, against the pages of this room.
struct Browser {
    app: web::Data<App>,
    keys: web::Data<Keys>,
    forms: web::Data<UsedForms>,
    person: SignedIn,
}

struct Answer {
    status: StatusCode,
    location: String,
    html: String,
}

impl Answer {
    fn has(&self, text: &str) -> bool {
        self.html.contains(text)
    }

    fn value(&self, selector: &str) -> String {
        let page = Html::parse_document(&self.html);
        let selector = Selector::parse(selector).unwrap();
        let found = page.select(&selector).next();
        let found = found.unwrap_or_else(|| panic!("no such element in\n{}", self.html));
        let value = found.value().attr("value").map(str::to_owned);
        value.unwrap_or_else(|| found.text().collect::<String>().trim().to_owned())
    }
}

impl Browser {
    fn of(house: &House, id: UserId, role: Role, authenticated_at: Time) -> Self {
        Self {
            app: web::Data::from(house.app.clone()),
            keys: web::Data::new(Keys::default()),
            forms: web::Data::new(UsedForms::default()),
            person: signed_in(id, role, authenticated_at),
        }
    }

    fn send(&self, request: http::TestRequest) -> Answer {
        let (app, keys, person) = (self.app.clone(), self.keys.clone(), self.person.clone());
        let forms = self.forms.clone();
        actix_web::rt::System::new().block_on(async move {
            let server = http::init_service(
                Server::new()
                    .app_data(app)
                    .app_data(keys)
                    .app_data(forms)
                    .wrap_fn(move |request, next| {
                        request.extensions_mut().insert(Rc::new(Visit {
                            request_id: "r1".into(),
                            signed_in: Some(person.clone()),
                            binding: person.session_id.to_string(),
                            chrome: Chrome {
                                site_name: "Lab".into(),
                                ..Chrome::default()
                            },
                            ..Visit::default()
                        }));
                        next.call(request)
                    })
                    .wrap(actix_web::middleware::from_fn(answers))
                    .route("/settings/api-keys", web::get().to(super::list))
                    .route("/settings/api-keys/new", web::get().to(super::new))
                    .route("/settings/api-keys/new", web::post().to(super::create))
                    .route(
                        "/settings/api-keys/{id}/revoke",
                        web::get().to(super::confirm_revoke),
                    )
                    .route(
                        "/settings/api-keys/{id}/revoke",
                        web::post().to(super::revoke),
                    )
                    .route(
                        "/admin/users/{id}/keys/{key_id}/revoke",
                        web::get().to(super::confirm_revoke_of_user),
                    )
                    .route(
                        "/admin/users/{id}/keys/{key_id}/revoke",
                        web::post().to(super::revoke_of_user),
                    ),
            )
            .await;
            let answer = http::call_service(&server, request.to_request()).await;
            let header = |name: &str| {
                let value = answer.headers().get(name);
                value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
            };
            let (status, location) = (answer.status(), header("location"));
            assert_eq!(header("cache-control"), "no-store");
            let body = http::read_body(answer).await;
            Answer {
                status,
                location,
                html: String::from_utf8(body.to_vec()).unwrap(),
            }
        })
    }

    fn get(&self, path: &str) -> Answer {
        self.send(http::TestRequest::get().uri(path))
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(http::TestRequest::post().uri(path).set_form(fields))
    }

    /// Fills in the form of a page and sends it to where the page says.
    fn submit(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let form = "main form[method=post]";
        let html = Html::parse_document(&page.html);
        let selector = Selector::parse(form).unwrap();
        let action = html
            .select(&selector)
            .next()
            .unwrap()
            .value()
            .attr("action");
        let hidden = Selector::parse(&format!("{form} input[type=hidden]")).unwrap();
        let mut all: Vec<(&str, &str)> = html
            .select(&hidden)
            .filter_map(|input| Some((input.value().attr("name")?, input.value().attr("value")?)))
            .collect();
        all.extend_from_slice(fields);
        self.post(action.unwrap(), &all)
    }
}

fn member(house: &House) -> Browser {
    let id = user(house.db(), Role::Member);
    Browser::of(house, id, Role::Member, house.now())
}

const FILLED_IN: &[(&str, &str)] = &[
    ("name", "Laptop <b>"),
    ("expires", "30"),
    ("scopes", "users:read"),
    ("scopes", "keys:read"),
];

#[test]
fn a_form_that_met_a_fault_can_be_sent_again() {
    let house = House::new();
    let browser = member(&house);
    let form = browser.get("/settings/api-keys/new");
    house.scratch.tamper("ALTER TABLE settings RENAME TO away");
    let failed = browser.submit(&form, FILLED_IN);
    assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    house.scratch.tamper("ALTER TABLE away RENAME TO settings");
    assert_eq!(browser.submit(&form, FILLED_IN).status, StatusCode::OK);
}

#[test]
fn a_key_is_made_shown_once_and_listed() {
    let house = House::new();
    let browser = member(&house);
    let empty = browser.get("/settings/api-keys");
    assert!(empty.has("You have no API key.") && empty.has("Generate API key"));

    let form = browser.get("/settings/api-keys/new");
    assert_eq!(form.status, StatusCode::OK);
    assert!(form.has("It will stop working on 20 February 2027."));
    assert!(!form.has("audit:read") && !form.has("value=\"never\""));

    let shown = browser.submit(&form, FILLED_IN);
    assert_eq!(shown.status, StatusCode::OK);
    let secret = shown.value("textarea#secret");
    assert!(
        secret.starts_with("vstk_") && secret.len() == 54,
        "{secret}"
    );
    assert_eq!(shown.html.matches(&secret).count(), 1);
    assert!(shown.has("Laptop &#60;b&#62;") || shown.has("Laptop &lt;b&gt;"));
    assert!(shown.has("$VESTIBULE_KEY"));

    let again = browser.submit(&form, FILLED_IN);
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.has("This key was already shown. If you did not copy it, make a new key."));
    assert!(!again.has("vstk_"));

    let list = browser.get("/settings/api-keys");
    assert!(list.has(&secret[..9]) && !list.has(&secret[..12]));
    assert!(list.has("Not used yet.") && list.has("2 things"));
    assert_eq!(
        list.html.matches("<tr role=\"row\">").count(),
        2,
        "the head and one key"
    );
}

#[test]
fn a_refused_form_comes_back_as_it_was_and_can_be_sent_again() {
    let house = House::new();
    let browser = member(&house);
    let form = browser.get("/settings/api-keys/new");
    let refused = browser.submit(
        &form,
        &[("name", ""), ("note", "My note"), ("expires", "date")],
    );
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.has("<title>Error: "));
    assert!(refused.has("Choose what the key can do.") && refused.has("My note"));
    assert_eq!(refused.value("input[name=expires][checked]"), "date");
    assert_eq!(refused.html.matches("href=\"#f-").count(), 3);
    assert_eq!(browser.submit(&refused, FILLED_IN).status, StatusCode::OK);
    assert_eq!(
        browser.submit(&form, FILLED_IN).status,
        StatusCode::OK,
        "given back"
    );
}

#[test]
fn who_signed_in_long_ago_gives_the_password_first() {
    let house = House::new();
    let mut browser = member(&house);
    let form = browser.get("/settings/api-keys/new");
    browser.person.authenticated_at = house.now().minus(minutes(11));
    let sent_away = browser.get("/settings/api-keys/new?name=CI");
    assert_eq!(sent_away.status, StatusCode::SEE_OTHER);
    assert_eq!(
        sent_away.location,
        "/sign-in/confirm?next=%2Fsettings%2Fapi-keys%2Fnew%3Fname%3DCI"
    );
    let refused = browser.submit(&form, FILLED_IN);
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.has("Prove again that it is you to make a key."));
    assert_eq!(refused.value("input[name=expires][checked]"), "30");
    assert_eq!(refused.value("input[name=password]"), "");
    assert!(!refused.has("vstk_"));
    assert_eq!(house.told().audit, [""; 0]);
}

#[test]
fn a_form_of_another_session_makes_nothing() {
    let house = House::new();
    let (browser, other) = (member(&house), member(&house));
    let (form, mine) = (
        browser.get("/settings/api-keys/new"),
        other.get("/settings/api-keys/new"),
    );
    assert_eq!(other.submit(&form, FILLED_IN).status, StatusCode::FORBIDDEN);
    let csrf = mine.value("input[name=csrf]");
    let stamp = form.value("input[name=stamp]");
    let mixed = [
        ("csrf", csrf.as_str()),
        ("stamp", stamp.as_str()),
        ("name", "x"),
        ("scopes", "all"),
    ];
    let answer = other.post("/settings/api-keys/new", &mixed);
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(house.told().audit.is_empty());
}

#[test]
fn one_revokes_ones_own_key_after_a_question() {
    let house = House::new();
    let browser = member(&house);
    let maker = Maker::Operator(browser.person.user_id);
    let key = house.issue(maker, asked(Ends::Never)).unwrap().key;
    let path = format!("/settings/api-keys/{}/revoke", key.id);
    assert!(browser.get("/settings/api-keys").has(&path));
    let question = browser.get(&path);
    assert!(question.has("Revoke this API key?") && !question.has("name=\"reason\""));
    let done = browser.submit(&question, &[]);
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(done.location, "/settings/api-keys");
    let list = browser.get("/settings/api-keys");
    assert!(list.has("You revoked your API key") && !list.has(&path));
    assert_eq!(browser.get(&path).status, StatusCode::SEE_OTHER);

    let stranger = member(&house);
    assert_eq!(stranger.get(&path).status, StatusCode::NOT_FOUND);
    let csrf = stranger
        .get("/settings/api-keys/new")
        .value("input[name=csrf]");
    let answer = stranger.post(&path, &[("csrf", &csrf)]);
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[test]
fn an_administrator_revokes_with_a_reason_that_the_owner_reads() {
    let house = House::new();
    let browser = member(&house);
    let owner = browser.person.user_id;
    let key = house.issued(owner, Ends::In(9)).key;
    let admin = user(house.db(), Role::Admin);
    let admin = Browser::of(&house, admin, Role::Admin, house.now());
    let path = format!("/admin/users/{owner}/keys/{}/revoke", key.id);
    let question = admin.get(&path);
    let long = "x".repeat(501);
    let refused = admin.submit(&question, &[("reason", &long)]);
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.has(&long) && refused.has("Use at most 500 characters for the reason."));
    let done = admin.submit(&question, &[("reason", "Found in a public repository")]);
    assert_eq!(done.location, format!("/admin/users/{owner}"));
    let list = browser.get("/settings/api-keys");
    assert!(list.has("An administrator revoked the API key"));
    assert!(list.has("Reason: Found in a public repository"));

    let above = user(house.db(), Role::Owner);
    let key = house.issued(above, Ends::In(9)).key;
    let path = format!("/admin/users/{above}/keys/{}/revoke", key.id);
    assert_eq!(admin.get(&path).status, StatusCode::FORBIDDEN);
    let views = house.db().read_now(|conn| {
        let (keys, text, now) = (Keys::default(), house.app.text, house.now());
        super::super::view::keys_of(conn, &keys, text, &actor(above, Role::Admin), owner, now)
    });
    assert_eq!(views.unwrap().unwrap().len(), 1);
}
