//! What the tests of who is let in share: the parts of paths, CSRF tokens, looks into the database.

use diesel::prelude::*;
use vestibule::access::Role;

use vestibule::clock::Time;
use vestibule::ids::{BatchId, GroupId, InviteId, KeyId, OutboxId, SessionId, TemplateId, UserId};
use vestibule::routes::{Route, routes};

use super::app::{START, TestApp};
use super::client::{Answer, Browser};

/// What a part of a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    User,
    Key,
    Invite,
    Batch,
    Session,
    Group,
    Mail,
    Template,
    Schema,
    File,
}

impl Part {
    /// Fails the test for a part that is not known yet: a new route needs a line here.
    fn of(pattern: &str, name: &str) -> Self {
        let by_place = [
            ("/settings/sessions/", Self::Session),
            ("/settings/api-keys/", Self::Key),
            ("/api/v1/keys/", Self::Key),
            ("/admin/invites/batches/", Self::Batch),
            ("/admin/invites/", Self::Invite),
            ("/api/v1/invites/batches/", Self::Batch),
            ("/api/v1/invites/", Self::Invite),
            ("/admin/invite-templates/", Self::Template),
            ("/admin/schemas/", Self::Schema),
            ("/admin/users/", Self::User),
            ("/api/v1/users/", Self::User),
            ("/api/2/roles/", Self::User),
            ("/admin/groups/", Self::Group),
            ("/api/v1/groups/", Self::Group),
            ("/api/v1/invite-templates/", Self::Template),
            ("/api/v1/schemas/", Self::Schema),
            ("/admin/outbox/", Self::Mail),
            ("/api/v1/outbox/", Self::Mail),
        ];
        match name {
            "key_id" => Self::Key,
            "user_id" => Self::User,
            "file" => Self::File,
            "id" => by_place
                .into_iter()
                .find(|(start, _)| pattern.starts_with(start))
                .map_or_else(|| panic!("what is {{id}} in {pattern}?"), |(_, part)| part),
            name => panic!("what is {{{name}}} in {pattern}?"),
        }
    }

    /// A well-formed id of nothing that exists.
    pub fn of_nothing(self) -> String {
        let now = Time::parse(START).unwrap();
        match self {
            Self::User => UserId::new(now).to_string(),
            Self::Key => KeyId::new(now).to_string(),
            Self::Invite => InviteId::new(now).to_string(),
            Self::Batch => BatchId::new(now).to_string(),
            Self::Session => SessionId::new(now).to_string(),
            Self::Group => GroupId::new(now).to_string(),
            Self::Mail => OutboxId::new(now).to_string(),
            Self::Template => TemplateId::new(now).to_string(),
            Self::Schema => "none".to_owned(),
            Self::File => "none.css".to_owned(),
        }
    }
}

/// The path of a pattern, each part filled in.
pub fn filled(pattern: &str, id: impl Fn(Part) -> String) -> String {
    let mut path = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap();
        path.push_str(before);
        path.push_str(&id(Part::of(pattern, name)));
        rest = after;
    }
    path + rest
}

/// Whether a route is a call for programs.
pub fn is_api(route: &Route) -> bool {
    route.who.is_keyed()
}

/// Whether a route takes the session cookie and answers JSON all the same, as clients of another system expect it.
pub fn answers_json(route: &Route) -> bool {
    !is_api(route) && route.path.starts_with("/api/2/")
}

/// Whether a call stands beside a page, or a page beside a call: with a key the one answers, with a cookie the other.
pub fn has_twin(route: &Route) -> bool {
    let same = |other: &Route| other.path == route.path && other.method == route.method;
    let mut twins = routes().into_iter().filter(same);
    twins.any(|other| is_api(&other) != is_api(route))
}

/// A browser of somebody with this role, or of nobody.
pub fn browser(app: &TestApp, role: Option<Role>) -> Browser {
    match role {
        None => app.anonymous(),
        Some(Role::Member) => app.member(),
        Some(Role::Admin) => app.admin(),
        Some(Role::Owner) => app.owner(),
    }
}

/// A CSRF token as a page of this browser holds it.
pub fn csrf(browser: &mut Browser) -> String {
    let page = browser.get("/settings/profile");
    if page.status == 200 {
        return page.page().form("/sign-out").value("csrf");
    }
    let page = browser.get("/sign-in").is(200).page();
    page.form("/sign-in").value("csrf")
}

/// Tries to sign in.
pub fn sign_in(browser: &mut Browser, email: &str, password: &str) -> Answer {
    let csrf = csrf(browser);
    let fields = [("csrf", &*csrf), ("email", email), ("password", password)];
    browser.post("/sign-in", &fields)
}

/// Whether the browser is signed in.
pub fn is_in(browser: &mut Browser) -> bool {
    let page = browser.get("/settings/profile");
    match page.status {
        200 => true,
        303 if page.header("location").starts_with("/sign-in") => false,
        status => panic!("{status}: {}", page.body),
    }
}

/// What the cookie of the session holds.
pub fn session_cookie(browser: &Browser) -> String {
    browser.cookies["vestibule"].clone()
}

/// The body with the values of CSRF tokens taken out.
pub fn without_tokens(body: &str) -> String {
    let mut parts = body.split("name=\"csrf\" value=\"");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('"').map_or(part, |(_, rest)| rest));
    }
    plain
}

/// The first value of a query for one column `text`.
pub fn text(app: &TestApp, sql: &str) -> String {
    #[derive(QueryableByName)]
    struct Text {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let read = app
        .parts
        .app
        .db
        .read_now(|conn| Ok(diesel::sql_query(sql).get_result::<Text>(conn)?));
    read.unwrap().text
}

/// Rows of the audit log.
pub fn audited(app: &TestApp) -> i64 {
    app.count("SELECT count(*) AS count FROM audit")
}

/// The id of the user who has this address.
pub fn user_id(app: &TestApp, email: &str) -> String {
    text(
        app,
        &format!("SELECT id AS text FROM users WHERE email = '{email}'"),
    )
}

/// The one link in the mails that came whose path starts like this.
pub fn mailed_link(app: &TestApp, path: &str) -> String {
    let mails = app.mails();
    let mut links: Vec<String> = mails
        .iter()
        .flat_map(super::smtp::Received::links)
        .filter(|link| link.contains(path))
        .collect();
    links.sort();
    links.dedup();
    assert_eq!(links.len(), 1, "{links:?}");
    links.remove(0)
}

/// Counts of all that a change would leave behind.
pub fn state(app: &TestApp) -> Vec<i64> {
    let tables = [
        "users",
        "sessions",
        "invites",
        "api_keys",
        "outbox",
        "events",
        "one_time_links",
        "one_time_links WHERE used_at IS NULL",
        "audit",
    ];
    tables
        .map(|table| app.count(&format!("SELECT count(*) AS count FROM {table}")))
        .to_vec()
}

/// Sends a request as it is written and gives the answer as it came.
pub fn raw(app: &TestApp, request: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(&app.base["http://".len()..]).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Asks for a recovery link and takes it from the mail.
pub fn recovery_link(app: &TestApp, email: &str) -> String {
    ask_recovery(&mut app.anonymous(), email).is(200);
    mailed_link(app, "/recover/new")
}

/// Asks for a recovery link.
pub fn ask_recovery(browser: &mut Browser, email: &str) -> Answer {
    let page = browser.get("/recover").is(200).page();
    browser.submit(page.form("/recover").fill("email", email).submit())
}

/// Opens a recovery link and sets a new password.
pub fn recover(browser: &mut Browser, link: &str, password: &str) -> Answer {
    let page = browser.open(link);
    if page.status != 200 {
        return page;
    }
    let form = page.page().form("/recover/new").fill("password", password);
    browser.submit(form.submit())
}
