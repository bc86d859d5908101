//! Batches of invites: files and calls, what becomes of each line, and of all of them together.

mod console;
mod files;
mod rights;
mod several;

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::days;

use crate::support::app::TestApp;
use crate::support::client::{Answer, Api};
use crate::support::invited::Invited;

const PATH: &str = "/api/v1/invites/batches";
const INVITES: &str = "/api/v1/invites";

fn send(api: &Api, path: &str, file: &str) -> Answer {
    let kind = [("content-type", "text/csv; charset=utf-8")];
    api.send("POST", path, &kind, Some(file.as_bytes()))
}

/// Sends a file in earnest.
fn sent(api: &Api, file: &str) -> Value {
    send(api, PATH, file).is(201).json()
}

/// What would become of the lines of a file: line, verdict and code.
fn rehearsed(api: &Api, file: &str) -> Vec<(i64, String, Value)> {
    let answer = send(api, &format!("{PATH}?dry_run=true"), file);
    lines(&answer.is(200).json())
}

fn lines(told: &Value) -> Vec<(i64, String, Value)> {
    let rows = told["rows"].as_array().unwrap();
    let line = |row: &Value| {
        let verdict = row["verdict"].as_str().unwrap().to_owned();
        assert_eq!(row["code"].is_null(), verdict == "ready", "{row}");
        assert_eq!(row["code"].is_null(), row["detail"].is_null(), "{row}");
        (row["line"].as_i64().unwrap(), verdict, row["code"].clone())
    };
    rows.iter().map(line).collect()
}

fn counts(batch: &Value) -> [i64; 4] {
    ["ready", "already_member", "already_invited", "invalid"]
        .map(|name| batch["counts"][name].as_i64().unwrap())
}

fn people(from: usize, to: usize) -> String {
    let lines = (from..to).map(|number| format!("p{number}@example.org,Person {number}\n"));
    format!("email,name\n{}", lines.collect::<String>())
}

fn invites(app: &TestApp) -> i64 {
    app.count("SELECT count(*) AS count FROM invites")
}

#[test]
fn good_lines_are_sent_whatever_the_others_say() {
    let app = TestApp::start();
    let api = app.api();
    let group = json!({ "name": "Analysts" });
    let group = api.post("/api/v1/groups", &group).is(201).json();
    api.post(INVITES, &json!({ "email": "bob@example.org" }))
        .is(201);
    app.mails();
    let file = "email,name,role,groups,message,locale\n\
        ada@example.org,Ada,admin,analysts,\"Hello,\nAda\",en\n\
        bob@example.org,,,,,\n\
        Ada@Example.org,,,,,\n\
        nobody,,,,,\n\
        cyd@example.org,,king,,,\n\
        dan@example.org,,,Nobody,,\n\
        eve@example.org,,,,,tlh\n\
        grace@example.org,,,,,\n\
        fay@example.org\n";
    let expected = [
        (2, "ready", None),
        (4, "already_invited", Some("invite_exists")),
        (5, "invalid", Some("doubled")),
        (6, "invalid", Some("not_an_email")),
        (7, "invalid", Some("not_a_choice")),
        (8, "invalid", Some("group_not_grantable")),
        (9, "invalid", Some("not_a_choice")),
        // Who has an account is not told.
        (10, "ready", None),
        (11, "ready", None),
    ];
    let expected = expected.map(|(line, verdict, code)| (line, verdict.to_owned(), json!(code)));
    assert_eq!(rehearsed(&api, file), expected);
    assert_eq!((invites(&app), app.mails().len()), (1, 0));

    let batch = sent(&api, file);
    assert_eq!(batch["state"], "done");
    assert_eq!(counts(&batch), [3, 0, 1, 5]);
    let id = batch["id"].as_str().unwrap();
    let mut to: Vec<String> = app
        .mails()
        .iter()
        .flat_map(|mail| mail.to.clone())
        .collect();
    to.sort();
    assert_eq!(
        to,
        ["ada@example.org", "fay@example.org", "grace@example.org"]
    );
    let read = api.get(&format!("{PATH}/{id}")).is(200).json();
    assert_eq!(read["counts"]["sent"], 3);

    let list = api.get(&format!("{INVITES}?batch={id}")).is(200).json();
    let made = list["items"].as_array().unwrap();
    assert_eq!(made.len(), 3);
    let ada = made
        .iter()
        .find(|invite| invite["email"] == "ada@example.org");
    let ada = ada.unwrap();
    assert_eq!(ada["batch_id"], batch["id"]);
    assert_eq!(ada["traits"], json!({ "name": "Ada" }));
    assert_eq!(
        (&ada["role"], &ada["groups"]),
        (&json!("admin"), &json!([group["id"]]))
    );
    assert_eq!(ada["message"], "Hello,\nAda");
    assert_eq!(ada["mail"]["state"], "sent");

    let results = api.get(&format!("{PATH}/{id}/results.csv")).is(200);
    assert_eq!(results.header("content-type"), "text/csv; charset=utf-8");
    assert!(
        results
            .header("content-disposition")
            .starts_with("attachment")
    );
    let mut reader = csv_rows(&results.body);
    assert_eq!(reader.remove(0)[..4], ["line", "email", "name", "verdict"]);
    assert_eq!(reader.len(), 9);
    assert_eq!(reader[0][..4], ["2", "ada@example.org", "Ada", "ready"]);
    assert_eq!(reader[0][6], ada["id"].as_str().unwrap());
    assert_eq!(reader[0][7], "sent");
    assert_eq!(reader[1][3..5], ["already_invited", "invite_exists"]);
    assert!(reader[2][5].contains("Line 2"), "{:?}", reader[2]);

    // Once more is harmless.
    let again = sent(&api, file);
    assert_eq!(counts(&again), [0, 0, 4, 5]);
    assert_eq!((invites(&app), app.mails().len()), (4, 0));
}

/// The cells of a file without line ends inside of them.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn rows_of_json_are_invites_with_what_holds_for_all_of_them() {
    let app = TestApp::start();
    let api = app.api();
    let body = json!({
        "defaults": { "message": "Come.", "label": "course", "expires_in": 86_400 },
        "rows": [
            { "email": "ada@example.org" },
            { "email": "bob@example.org", "label": "staff", "traits": { "name": "Bob" } },
            { "phone": "+351215550100" },
            { "email": "cyd@example.org", "delivery": "link" },
            { "email": "dan@example.org", "colour": "red" },
            { "email": ["eve@example.org"] },
            {},
        ],
    });
    let told = api.post(&format!("{PATH}?dry_run=true"), &body).is(200);
    let told = lines(&told.json());
    let codes: Vec<Value> = told.iter().map(|(_, _, code)| code.clone()).collect();
    assert_eq!(
        json!(codes),
        json!([
            null,
            null,
            null,
            "only_by_message",
            "unknown_field",
            "wrong_type",
            "required"
        ])
    );
    let batch = api.post(PATH, &body).is(201).json();
    assert_eq!(counts(&batch), [3, 0, 0, 4]);
    let made = api.get(INVITES).is(200).json()["items"].clone();
    let of = |field: &str, value: &str| {
        let all = made.as_array().unwrap().iter();
        all.clone().find(|invite| invite[field] == value).unwrap()
    };
    let (ada, bob) = (
        of("email", "ada@example.org"),
        of("email", "bob@example.org"),
    );
    assert_eq!(
        (&ada["label"], &ada["message"]),
        (&json!("course"), &json!("Come."))
    );
    assert_eq!(
        (&bob["label"], &bob["message"]),
        (&json!("staff"), &json!("Come."))
    );
    assert_eq!(ada["expires_at"], "2026-11-23T09:00:00Z");
    assert_eq!(of("phone", "+351215550100")["delivery"], "sms");
    app.leaves_mails();
}

#[test]
fn a_body_that_cannot_be_a_batch_is_refused_whole() {
    let app = TestApp::start();
    let api = app.api();
    let plain =
        |kind: &str, body: &[u8]| api.send("POST", PATH, &[("content-type", kind)], Some(body));
    assert_eq!(
        plain("text/plain", b"email\n").is(415).code(),
        "unsupported_media_type"
    );
    for (body, field, code) in [
        (json!({}), "rows", "required"),
        (json!({ "rows": [] }), "rows", "no_lines"),
        (json!({ "rows": [1] }), "rows[0]", "wrong_type"),
        (
            json!({ "rows": vec![json!({}); 10_001] }),
            "rows",
            "too_many_lines",
        ),
        (json!({ "rows": [{}], "more": 1 }), "more", "unknown_field"),
        // 4 MiB for each of 10,000 rows would be 40 GB.
        (
            json!({ "defaults": { "message": "x".repeat(4 << 20) }, "rows": vec![json!({}); 10_000] }),
            "defaults",
            "too_long",
        ),
    ] {
        let error = api.post(PATH, &body).is(422).json()["errors"][0].clone();
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code))
        );
    }
    let odd = api.send(
        "POST",
        &format!("{PATH}?dry=1"),
        &[("content-type", "text/csv")],
        Some(b"email\n"),
    );
    assert_eq!(odd.is(422).code(), "invalid_input");
    // More than one MiB, which other calls refuse, and more than five.
    let mut file = people(0, 10_000);
    file.push_str(&"\n".repeat(4 * 1024 * 1024));
    assert_eq!(rehearsed(&api, &file).len(), 10_000);
    file.push_str(&"\n".repeat(1024 * 1024));
    let large = send(&api, PATH, &file).is(413);
    assert_eq!(large.code(), "too_large");
    assert!(large.json()["detail"].as_str().unwrap().contains("5 MiB"));
    assert_eq!(invites(&app), 0);
}

#[test]
fn a_repeat_with_the_same_key_answers_the_same_batch() {
    let app = TestApp::start();
    let api = app.api();
    let headers = [("content-type", "text/csv"), ("idempotency-key", "k-1")];
    let file = people(0, 3);
    let first = api
        .send("POST", PATH, &headers, Some(file.as_bytes()))
        .is(201);
    let again = api
        .send("POST", PATH, &headers, Some(file.as_bytes()))
        .is(201);
    assert_eq!(first.body, again.body);
    let other = api.send("POST", PATH, &headers, Some(people(0, 4).as_bytes()));
    assert_eq!(other.is(422).code(), "idempotency_mismatch");
    assert_eq!(app.mails().len(), 3);
    assert_eq!(app.count("SELECT count(*) AS count FROM invite_batches"), 1);
}

#[test]
fn many_at_once_make_one_invite_for_each_address() {
    let app = TestApp::start();
    let api = app.api();
    let file = people(0, 40);
    let ready: i64 = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..64)
            .map(|_| scope.spawn(|| counts(&sent(&api, &file))))
            .collect();
        let counted = calls.into_iter().map(|call| call.join().unwrap());
        counted
            .map(|[ready, member, invited, invalid]| {
                assert_eq!((ready + invited, member, invalid), (40, 0, 0));
                ready
            })
            .sum()
    });
    assert_eq!(ready, 40);
    assert_eq!((invites(&app), app.mails().len()), (40, 40));
    let audited = app.count("SELECT count(*) AS count FROM audit WHERE action = 'invite.created'");
    assert_eq!(audited, 40);
}

#[test]
fn a_large_file_becomes_as_many_invites_mails_entries_and_events() {
    let app = TestApp::start();
    let api = app.api();
    let batch = sent(&api, &people(0, 1_013));
    assert_eq!(
        (&batch["state"], counts(&batch)),
        (&json!("done"), [1_013, 0, 0, 0])
    );
    for (table, wanted) in [
        ("invites", 1_013),
        ("invite_links", 1_013),
        ("outbox WHERE kind = 'invite' AND state = 'waiting'", 1_013),
        (
            "audit WHERE action = 'invite.created' AND actor_kind = 'api_key'",
            1_013,
        ),
        ("audit WHERE action = 'invite.batch_sent'", 1),
        ("events WHERE type = 'invite.created'", 1_013),
        ("invite_batch_rows", 1_013),
        ("invite_batch_pieces", 0),
        // The invite has them.
        ("invite_batch_rows WHERE email <> ''", 0),
    ] {
        let count = app.count(&format!("SELECT count(*) AS count FROM {table}"));
        assert_eq!(count, wanted, "{table}");
    }
    app.leaves_mails();
}

#[test]
fn an_invite_of_a_batch_is_accepted_like_any_other() {
    let app = TestApp::start();
    sent(&app.api(), "email,name,role\nada@example.org,Ada,admin\n");
    let link = app.mailed_link();
    let (_, query) = link.split_once("flow=").unwrap();
    let id = query.split('&').next().unwrap().to_owned();
    let invited = Invited { id, link };
    let accepted = app
        .anonymous()
        .post_json(&invited.path(), &invited.accept(), &[]);
    assert_eq!(accepted.is(200).json()["state"], "accepted");
    app.mails();
    let users = app.api().get("/api/v1/users?q=ada").is(200).json();
    assert_eq!(users["items"][0]["role"], "admin");
    assert_eq!(users["items"][0]["email_verified"], true);
}

#[test]
fn a_batch_is_revoked_as_one() {
    let app = TestApp::start();
    let api = app.api();
    app.user("dia@example.org", "Dia", Role::Member);
    let batch = sent(&api, &people(0, 300));
    let path = format!("{PATH}/{}", batch["id"].as_str().unwrap());
    let one = api.get(&format!("{INVITES}?q=p7@")).is(200).json();
    let one = one["items"][0]["id"].as_str().unwrap().to_owned();
    api.post(&format!("{INVITES}/{one}/revoke"), &json!({}))
        .is(200);
    let revoked = api
        .post(&format!("{path}/revoke"), &json!({}))
        .is(200)
        .json();
    assert_eq!(revoked["state"], "revoked");
    assert_eq!(
        app.count("SELECT count(*) AS count FROM invites WHERE state = 'revoked'"),
        300
    );
    assert_eq!(app.mails().len(), 0);
    let twice = api.post(&format!("{path}/revoke"), &json!({})).is(409);
    assert_eq!(twice.code(), "wrong_state");
    assert_eq!(
        app.count("SELECT count(*) AS count FROM invite_batches WHERE busy"),
        0
    );
    // The addresses are free again, and those whose time was over were so before.
    assert_eq!(counts(&sent(&api, &people(0, 2))), [2, 0, 0, 0]);
    app.mails();
    app.advance(days(30));
    assert_eq!(counts(&sent(&api, &people(0, 2))), [2, 0, 0, 0]);
    assert_eq!(app.mails().len(), 2);
}

#[test]
fn a_batch_is_forgotten_with_the_people_of_its_lines() {
    let app = TestApp::start();
    let api = app.api();
    api.patch("/api/v1/settings", &json!({ "invite_erase_days": 10 }))
        .is(200);
    sent(&api, "email\nada@example.org\nnobody\n");
    app.mails();
    // The longest life of an invite, and the days.
    app.advance(days(99));
    app.run_jobs();
    let batches = "SELECT count(*) AS count FROM invite_batches";
    assert_eq!(app.count(batches), 1);
    app.advance(days(2));
    app.run_jobs();
    assert_eq!(app.count(batches), 0);
    assert_eq!(
        app.count("SELECT count(*) AS count FROM invite_batch_rows"),
        0
    );
    assert_eq!(invites(&app), 1);
}
