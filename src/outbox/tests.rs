//! The pages and the API as a browser and a program see them.

use std::cell::Cell;
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, test, web};
use serde_json::Value;

use super::model::State;
use super::testing::TestApp;
use super::worker::tests::{Script, deliver_with};
use super::{api, pages};
use crate::access::{Actor, ActorKind, Role, Scopes};
use crate::ids::{KeyId, OutboxId, SessionId, UserId};
use crate::web::{Again, ApiCaller, Chrome, Csrf, SignedIn, Visit};

const BINDING: &str = "ses_test";

fn visit(app: &crate::app::App) -> Visit {
    let now = app.clock.now();
    let user = UserId::new(now);
    let actor = |kind| Actor {
        kind,
        user: Some(user),
        role: Role::Admin,
        ..Actor::operator()
    };
    let key = KeyId::new(now);
    Visit {
        request_id: "r1".into(),
        ip: None,
        least: Default::default(),
        telling: None,
        is_program: Default::default(),
        retry_after: Default::default(),
        text: Default::default(),
        agent: String::new(),
        signed_in: Some(SignedIn {
            actor: actor(ActorKind::User),
            user_id: user,
            name: "Ana".into(),
            email: "ana@example.org".into(),
            session_id: SessionId::new(now),
            authenticated_at: now,
            again: Again::by(|_, _, _| Ok(Role::Admin)),
        }),
        api: Some(ApiCaller {
            actor: actor(ActorKind::ApiKey(key)),
            user_id: user,
            key_id: key,
            scopes: Scopes::ALL,
            expires_at: None,
            again: Again::by(|_, _, _| Ok(Role::Admin)),
        }),
        chrome: Chrome {
            site_name: "Lab".into(),
            ..Chrome::default()
        },
        may_invite: false,
        binding: BINDING.into(),
        flash: None,
        flash_shown: Cell::new(false),
    }
}

/// Sends one request as an administrator; a form when there are fields.
async fn ask(
    test_app: &TestApp,
    method: Method,
    path: &str,
    form: Option<&str>,
) -> (StatusCode, String) {
    let app = test_app.app.clone();
    let data = web::Data::from(app.clone());
    let service = actix_web::App::new()
        .app_data(data)
        .wrap_fn(|request, next| {
            let app = request.app_data::<web::Data<crate::app::App>>().cloned();
            request
                .extensions_mut()
                .insert(Rc::new(visit(&app.expect("an app"))));
            next.call(request)
        })
        .route("/admin/outbox", web::get().to(pages::list))
        .route("/admin/outbox/test", web::post().to(pages::send_test))
        .route("/admin/outbox/{id}", web::get().to(pages::detail))
        .route("/admin/outbox/{id}/retry", web::post().to(pages::retry))
        .route("/admin/outbox/{id}/cancel", web::post().to(pages::cancel))
        .route("/api/v1/outbox", web::get().to(api::list))
        .route("/api/v1/outbox/{id}/retry", web::post().to(api::retry));
    let service = test::init_service(service).await;
    let mut request = test::TestRequest::with_uri(path).method(method);
    if let Some(fields) = form {
        let csrf = Csrf::of(&app.master, BINDING).value();
        request = request
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(format!("csrf={csrf}&{fields}"));
    }
    let answer: ServiceResponse<_> = match service.call(request.to_request()).await {
        Ok(answer) => answer.map_into_boxed_body(),
        Err(why) => {
            return (why.as_response_error().status_code(), String::new());
        }
    };
    let (status, location) = (answer.status(), answer.headers().get("location").cloned());
    let body = answer.into_body().try_into_bytes().expect("a whole body");
    let body = String::from_utf8(body.to_vec()).expect("text");
    (
        status,
        location.map_or(body, |to| to.to_str().expect("a path").to_owned()),
    )
}

async fn get(test_app: &TestApp, path: &str) -> String {
    let (status, body) = ask(test_app, Method::GET, path, None).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}

#[actix_web::test]
async fn the_list_says_what_waits_what_failed_and_what_is_missing() {
    let test = TestApp::start();
    let empty = get(&test, "/admin/outbox").await;
    assert!(
        empty.contains("Mail is not set up. No mail is waiting here."),
        "{empty}"
    );
    assert!(
        empty.contains("VESTIBULE_SMTP_URL") && empty.contains("No mail is waiting</h2>"),
        "{empty}"
    );

    let bad = test.enqueue("bad@example.org");
    deliver_with(
        &test,
        Script::refusing("bad@example.org", "550 5.1.1 No such <user>."),
    );
    test.enqueue("ada@example.org");
    test.enqueue("bob@example.org");
    let list = get(&test, "/admin/outbox").await;
    assert!(list.contains("2 mails are waiting here."), "{list}");
    assert!(
        list.contains("ada@example.org") && !list.contains("bad@example.org"),
        "{list}"
    );
    let found = get(&test, "/admin/outbox?q=ad").await;
    assert!(
        found.contains("ada@example.org") && !found.contains("bob@example.org"),
        "{found}"
    );
    let failed = get(&test, "/admin/outbox?state=failed").await;
    let words = "The mail server said: 550 5.1.1 No such &#60;user&#62;. Check the address.";
    assert!(failed.contains(words), "{failed}");
    // Without a mail server nothing can be tried.
    assert!(
        !failed.contains(&format!("/admin/outbox/{bad}/retry")),
        "{failed}"
    );
    assert!(!failed.contains("outbox-"), "a text is missing: {failed}");
    get(&test, "/admin/outbox?state=nonsense&older=nonsense").await;
}

#[actix_web::test]
async fn a_long_list_is_walked_there_and_back() {
    let test = TestApp::start();
    for n in 0..120 {
        test.enqueue(&format!("a{n}@example.org"));
    }
    let mut path = "/admin/outbox?state=waiting&q=a".to_owned();
    let mut seen = 0;
    let link = |page: &str, rel: &str| {
        let (_, after) = page.split_once(&format!("rel=\"{rel}\" href=\""))?;
        after
            .split_once('"')
            .map(|(href, _)| href.replace("&#38;", "&").replace("&amp;", "&"))
    };
    loop {
        let page = get(&test, &path).await;
        seen += page.matches("/cancel\"").count();
        match link(&page, "next") {
            Some(next) => path = next,
            None => break,
        }
    }
    assert_eq!(seen, 120);
    let back = link(&get(&test, &path).await, "prev").expect("newer mails");
    assert_eq!(get(&test, &back).await.matches("/cancel\"").count(), 50);
}

#[actix_web::test]
async fn a_mail_shows_its_text_without_links_and_can_be_cancelled_once() {
    let test = TestApp::start();
    let id = test.enqueue("ada@example.org");
    let path = format!("/admin/outbox/{id}");
    let page = get(&test, &path).await;
    assert!(
        page.contains("Open (link hidden) now") && !page.contains("vsti_"),
        "{page}"
    );

    let (status, to) = ask(&test, Method::POST, &format!("{path}/retry"), Some("")).await;
    assert_eq!(
        (status, to.as_str()),
        (StatusCode::SEE_OTHER, path.as_str())
    );
    for _ in 0..2 {
        let (status, to) = ask(&test, Method::POST, &format!("{path}/cancel"), Some("")).await;
        assert_eq!(
            (status, to.as_str()),
            (StatusCode::SEE_OTHER, path.as_str())
        );
    }
    assert_eq!(test.find(id).state, State::Cancelled);
    let page = get(&test, &path).await;
    assert!(
        page.contains("The text was erased") && !page.contains("/retry"),
        "{page}"
    );

    let (status, _) = ask(&test, Method::POST, &format!("{path}/cancel"), None).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "no form without its token");
    let nobody = OutboxId::new(test.app.clock.now());
    let (status, _) = ask(&test, Method::GET, &format!("/admin/outbox/{nobody}"), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn a_test_mail_needs_a_mail_server_and_an_address() {
    let test = TestApp::start();
    let (status, page) = ask(
        &test,
        Method::POST,
        "/admin/outbox/test",
        Some("to=a%40x.org"),
    )
    .await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("There is no mail server set up"), "{page}");

    let test = TestApp::with_mail_server();
    for (bad, words) in [
        ("", "Enter an email address."),
        ("ada", "not a full email address"),
    ] {
        let (status, page) = ask(
            &test,
            Method::POST,
            "/admin/outbox/test",
            Some(&format!("to={bad}")),
        )
        .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            page.contains(words) && page.contains("<title>Error: "),
            "{page}"
        );
    }
    let (status, to) = ask(
        &test,
        Method::POST,
        "/admin/outbox/test",
        Some("to=a%40x.org"),
    )
    .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let id = to
        .rsplit('/')
        .next()
        .and_then(|id| id.parse().ok())
        .expect("the mail's page");
    assert_eq!(
        (
            test.find(id).recipient.as_str(),
            test.find(id).kind.as_str()
        ),
        ("a@x.org", "test")
    );
    assert!(get(&test, &to).await.contains("This is a test."));
}

#[actix_web::test]
async fn programs_see_the_same_and_can_try_again() {
    let test = TestApp::start();
    let id = test.enqueue("bad@example.org");
    test.enqueue("ada@example.org");
    deliver_with(
        &test,
        Script::refusing("bad@example.org", "550 no such user"),
    );
    let list: Value =
        serde_json::from_str(&get(&test, "/api/v1/outbox?state=failed").await).unwrap();
    let mail = &list["items"][0];
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (mail["id"].as_str(), mail["to"].as_str()),
        (Some(id.as_str()), Some("bad@example.org"))
    );
    assert_eq!(
        (mail["channel"].as_str(), mail["kind"].as_str()),
        (Some("mail"), Some("test"))
    );
    assert_eq!(mail["last_error"], "550 no such user");
    assert_eq!(
        (&mail["next_attempt_at"], &mail["sent_at"]),
        (&Value::Null, &Value::Null)
    );
    let sent: Value = serde_json::from_str(&get(&test, "/api/v1/outbox?q=ada").await).unwrap();
    assert_eq!(
        (&sent["items"][0]["state"], &sent["items"][0]["attempts"]),
        (&"sent".into(), &1.into())
    );

    let path = format!("/api/v1/outbox/{id}/retry");
    let (status, body) = ask(&test, Method::POST, &path, None).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let mail: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&mail["state"], &mail["attempts"]),
        (&"waiting".into(), &0.into())
    );
    assert!(mail["next_attempt_at"].is_string());
    let (status, _) = ask(&test, Method::GET, "/api/v1/outbox?state=lost", None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}
