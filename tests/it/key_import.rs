//! Keys that people had before they came here.

use std::fs;

use serde_json::json;
use vestibule::access::{Actor, Role};
use vestibule::api_keys::actions::import::{Verdict, import, read};
use vestibule::clock::{days, seconds};
use vestibule::secret::SecretDigest;
use vestibule::text::Text;

use crate::support::app::TestApp;
use crate::support::client::Api;
use crate::support::door::user_id;
use crate::support::program::{Program, Said};
use crate::support::smtp::Received;

const MIA: &str = "mia@example.org";
/// As Aleph makes them: 32 random bytes in base64url.
const ALEPHS: &str = "Yk3-_fQ0w2m7Zr8bTq1xVd5nHs9uLc4eAj6oGiPpKtM";
const HEAD: &str = "email,name,sha256_hex,scopes,expires_at\n";

fn hex(key: &str) -> String {
    let digest = SecretDigest::of(key);
    let digits = digest.as_bytes().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

/// Imports lines, and tells what became of each: the code of a refusal, `new` or `there`.
fn imported(app: &TestApp, lines: &str) -> Vec<String> {
    let lines = read(Text::ENGLISH, format!("{HEAD}{lines}").as_bytes()).unwrap();
    let act = move |tx: &mut vestibule::db::Tx<'_>| import(tx, &Actor::operator(), &lines, false);
    let verdicts = app.parts.app.db.write_now(act).unwrap();
    let word = |verdict: &Verdict| match verdict {
        Verdict::New(id) => {
            assert!(id.is_some());
            "new".to_owned()
        }
        Verdict::There => "there".to_owned(),
        Verdict::Refused(why) => vestibule::web::reason(Text::ENGLISH, why).0.to_owned(),
    };
    verdicts.iter().map(word).collect()
}

fn program(app: &TestApp, key: &str) -> Api {
    Api::new(&app.base, Some(key.to_owned()))
}

#[test]
fn a_key_from_elsewhere_works_here_until_it_ends() {
    let app = TestApp::start();
    app.user(MIA, "Mia", Role::Member);
    let api = program(&app, ALEPHS);
    assert_eq!(api.get("/api/v1/me").is(401).code(), "credential_invalid");
    let line = format!("{MIA},Nightly,sha256${},all,2026-12-22\n", hex(ALEPHS));
    assert_eq!(imported(&app, &line), ["new"]);
    // That none was imported is believed for five seconds.
    assert_eq!(api.get("/api/v1/me").is(401).code(), "credential_invalid");
    app.advance(seconds(6));
    let me = api.get("/api/v1/me").is(200);
    assert_eq!(me.json()["user"]["email"], MIA);
    assert_eq!(me.header("vestibule-key-expires"), "2026-12-22T00:00:00Z");
    for headers in [
        ("authorization", format!("ApiKey {ALEPHS}")),
        ("x-api-key", ALEPHS.to_owned()),
    ] {
        let headers = [(headers.0, headers.1.as_str())];
        app.no_key()
            .send("GET", "/api/v1/me", &headers, None)
            .is(200);
    }
    for wrong in [
        &ALEPHS[1..],
        &ALEPHS[..42],
        &ALEPHS.to_lowercase(),
        &hex(ALEPHS),
    ] {
        let refused = program(&app, wrong).get("/api/v1/me").is(401);
        assert_eq!(refused.code(), "credential_invalid", "{wrong}");
    }
    let keys = api.get("/api/v1/keys").is(200).json();
    assert_eq!(keys["items"][0]["name"], "Nightly");
    assert_eq!(
        keys["items"][0]["prefix"],
        format!("sha256:{}", &hex(ALEPHS)[..8])
    );
    assert!(app.mails().is_empty(), "nobody got a new key");
    app.advance(days(23));
    let told = app.mails();
    assert_eq!(told.len(), 1);
    assert!(
        told[0].subject().contains(&hex(ALEPHS)[..8]),
        "{}",
        told[0].subject()
    );
    app.advance(days(7));
    assert_eq!(api.get("/api/v1/me").is(401).code(), "key_expired");
    app.mails();
}

#[test]
fn a_key_from_elsewhere_rotates_into_one_of_ours_and_can_be_reported() {
    let app = TestApp::start();
    app.user(MIA, "Mia", Role::Member);
    let line = |key: &str| format!("{MIA},Nightly,{},all,\n", hex(key));
    assert_eq!(
        imported(&app, &(line(ALEPHS) + &line("1234567890"))),
        ["new", "new"]
    );
    let old = program(&app, ALEPHS);
    let listed = old.get("/api/v1/keys").is(200).json();
    let ours = |key: &serde_json::Value| key["prefix"] == format!("sha256:{}", &hex(ALEPHS)[..8]);
    let id = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| ours(key))
        .unwrap()["id"]
        .clone();
    let path = format!("/api/v1/keys/{}/rotate", id.as_str().unwrap());
    let made = old
        .post(&path, &json!({ "overlap_seconds": 0 }))
        .is(201)
        .json();
    let secret = made["api_key"].as_str().unwrap();
    assert!(secret.starts_with("vstk_"));
    program(&app, secret).get("/api/v1/me").is(200);
    assert_eq!(old.get("/api/v1/me").is(401).code(), "key_rotated");
    let mails = app.mails();
    let subjects: Vec<String> = mails.iter().map(Received::subject).collect();
    assert_eq!(subjects.len(), 2, "{subjects:?}");
    assert!(
        subjects
            .iter()
            .any(|subject| subject.contains("still in use"))
    );
    let other = program(&app, "1234567890");
    other.get("/api/v1/me").is(200);
    let report = json!({ "api_key": "1234567890", "found_at": "a build log" });
    app.no_key().post("/api/v1/leaked-keys", &report).is(202);
    assert_eq!(other.get("/api/v1/me").is(401).code(), "key_revoked");
    assert_eq!(app.mails().len(), 1);
}

#[test]
fn each_line_has_its_verdict_and_a_second_time_changes_nothing() {
    let app = TestApp::start();
    app.user(MIA, "Mia", Role::Member);
    app.user("ben@example.org", "Ben", Role::Member);
    app.user("left@example.org", "Left", Role::Member);
    let left = user_id(&app, "left@example.org");
    let path = format!("/api/v1/users/{left}/suspension");
    app.api().put(&path, &json!({ "reason": "left" })).is(200);
    let of = |number: usize| hex(&format!("key number {number}"));
    let file: String = [
        format!("{MIA},One,{},all,", of(1)),
        format!("MIA@Example.org,,{},users:read,2027-02-20T09:00:00Z", of(2)),
        format!("nobody@example.org,One,{},all,", of(3)),
        format!("not an address,One,{},all,", of(4)),
        format!("left@example.org,One,{},all,", of(5)),
        format!("ben@example.org,Same,{},all,", of(1)),
        "ben@example.org,Short,abc,all,".to_owned(),
        format!("ben@example.org,No scopes,{},,", of(6)),
        format!("ben@example.org,No scope,{},users:fly,", of(6)),
        format!("ben@example.org,Too much,{},audit:read,", of(7)),
        format!("ben@example.org,Over,{},all,2026-11-21", of(8)),
        format!("ben@example.org,Good,{},all,", of(9)),
    ]
    .map(|line| line + "\n")
    .concat();
    let first = imported(&app, &file);
    let refused = [
        "no_such_user",
        "not_an_email",
        "owner_disabled",
        "doubled_digest",
        "not_a_digest",
        "nothing_chosen",
        "not_a_scope",
        "scope_above_role",
        "not_in_future",
    ];
    let verdicts = |good: &str| {
        let mut all = vec![good.to_owned(); 2];
        all.extend(refused.map(str::to_owned));
        all.push(good.to_owned());
        all
    };
    assert_eq!(first[3], "not_an_email");
    assert_eq!(first, verdicts("new"));
    let kept = "SELECT count(*) AS count FROM api_keys WHERE is_imported";
    assert_eq!(app.count(kept), 3);
    assert_eq!(imported(&app, &file), verdicts("there"));
    // Somebody else does not get it, and one that was revoked stays revoked.
    let line = format!("ben@example.org,Mine,{},all,\n", of(2));
    assert_eq!(imported(&app, &line), ["digest_of_another"]);
    let all = program(&app, "key number 1");
    app.execute("UPDATE api_keys SET revoked_at = created_at WHERE name = 'One'");
    assert_eq!(imported(&app, &file), verdicts("there"));
    assert_eq!(all.get("/api/v1/me").is(401).status, 401);
    assert_eq!(app.count(kept), 3);
    let audited = "SELECT count(*) AS count FROM audit WHERE action = 'api_key.imported'";
    assert_eq!(app.count(audited), 3);
    assert!(app.mails().is_empty());
}

fn keys(program: &Program, name: &str, file: &str, more: &[&str]) -> Said {
    let path = program.path(name);
    fs::write(&path, file).unwrap();
    let mut args = vec!["import", "keys", path.to_str().unwrap()];
    args.extend(more);
    program.run(&args)
}

#[test]
fn the_command_imports_what_it_can_and_tells_the_rest_by_its_line() {
    let program = Program::new();
    program.run(&["migrate"]).ok();
    let args = [
        "user", "create", "--email", MIA, "--name", "Mia", "--role", "member",
    ];
    program.run(&args).ok();
    let good = format!("{HEAD}{MIA},Nightly,{},all,\n", hex(ALEPHS));
    let file = format!("{good}\nno@example.org,Lost,{},all,\n", hex("another key"));
    let dry = keys(&program, "keys.csv", &file, &["--dry-run"]);
    assert_eq!(dry.code, 1);
    let lines: Vec<&str> = dry.out.lines().collect();
    assert_eq!(lines[0], format!("2\t{MIA}\twould be imported"));
    assert!(
        lines[1].starts_with("4\tno@example.org\trefused: no_such_user: "),
        "{lines:?}"
    );
    assert!(
        dry.err
            .contains("Nothing was changed. New: 1. There already: 0. Refused: 1.")
    );
    let count = "SELECT count(*) AS count FROM api_keys";
    assert_eq!(program.count(count), 0);
    let done = keys(&program, "keys.csv", &file, &[]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        done.out.starts_with(&format!("2\t{MIA}\timported as key_")),
        "{done:?}"
    );
    assert!(
        done.err
            .contains("Imported: 1. There already: 0. Refused: 1."),
        "{done:?}"
    );
    let again = keys(&program, "keys.csv", &good, &[]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(again.out, format!("2\t{MIA}\tthere already"));
    assert_eq!(program.count(count), 1);
    let listed = program.run(&["key", "list"]).ok();
    assert!(
        listed.contains(&format!(
            "sha256:{}…\tall\tactive\tnever",
            &hex(ALEPHS)[..8]
        )),
        "{listed}"
    );
    let serving = program.serve();
    let api = Api::new(&serving.base, Some(ALEPHS.to_owned()));
    api.get("/api/v1/me").is(200);
    for (name, file, words) in [
        ("empty.csv", "", "line for each"),
        ("head.csv", HEAD, "There is no key in it."),
        (
            "column.csv",
            "email,sha256_hex,role\n",
            "There is no column “role”",
        ),
        ("digest.csv", "email,name\na@example.org,x\n", "sha256_hex"),
    ] {
        keys(&program, name, file, &[]).refused(2, words);
    }
    program
        .run(&["import", "keys", "nowhere.csv"])
        .refused(2, "nowhere.csv");
}
