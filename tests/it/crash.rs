//! The server is killed at random moments of the journey, again and again, on the same data
//! (security.md, D35). What it had answered must be true afterwards; what it had not answered happened
//! whole or not at all.
//!
//! `VESTIBULE_CRASH_ROUNDS` says how often (20).

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vestibule::secret::SecretKind;

use crate::support::app::PASSWORD;
use crate::support::client::{Answer, Api, Browser};
use crate::support::html::Submission;
use crate::support::program::{Program, Serving};
use crate::support::smtp::{Security, SmtpSink};

/// How long a start after a crash usually takes at most (D35), and how long it may on a machine that is busy besides.
const READY: Duration = Duration::from_secs(5);
const AT_LAST: Duration = Duration::from_secs(60);
const OWNER: &str = "grace@example.org";
const RITA: &str = "rita@example.org";

/// A call with an Idempotency-Key, and its answer if one came.
#[derive(Clone)]
struct Call {
    key: String,
    body: Value,
    answer: Option<String>,
}

/// What one round was told, and what it was left in the dark about.
#[derive(Default)]
struct Told {
    invites: Vec<Call>,
    links: Vec<Call>,
    /// Address and flow of who accepted, and whether that was answered.
    accepted: Vec<(String, String, bool)>,
    /// Name of a key, and the key if it was answered.
    keys: Vec<(String, Option<String>)>,
    /// The password that somebody set, and whether that was answered.
    password: Option<(String, bool)>,
}

impl Told {
    fn answers(&self) -> usize {
        self.invites.len() + self.links.len() + self.accepted.len() + self.keys.len()
    }
}

#[test]
fn whatever_was_answered_is_true_after_a_crash() {
    let rounds: usize =
        std::env::var("VESTIBULE_CRASH_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap());
    let program = Program::new();
    program.run(&["migrate"]).ok();
    for (email, role) in [(OWNER, "owner"), (RITA, "member")] {
        let args = [
            "user",
            "create",
            "--email",
            email,
            "--name",
            "Somebody",
            "--role",
            role,
            "--password-stdin",
        ];
        program.run_with(&args, PASSWORD).ok();
    }
    let key = program
        .run(&["key", "issue", "--user", OWNER, "--name", "Crash test"])
        .ok();
    let mut password = PASSWORD.to_owned();
    let mut answered = [0; 4];
    let mut waits = Vec::new();
    for round in 0..rounds {
        let mut serving = started(&program);
        let told = journey(&program, &mut serving, &key, round);
        let counts = [
            told.invites
                .iter()
                .filter(|call| call.answer.is_some())
                .count(),
            told.accepted.iter().filter(|(.., came)| *came).count(),
            told.keys
                .iter()
                .filter(|(_, secret)| secret.is_some())
                .count(),
            usize::from(told.password.is_some()),
        ];
        for (sum, count) in answered.iter_mut().zip(counts) {
            *sum += count;
        }
        let serving = started(&program);
        waits.push(serving.ready_after);
        check(&serving, &key, &told);
        password = check_password(&serving, password, told.password);
        drop(serving);
    }
    println!("answered: {answered:?} invites, acceptances, keys, rounds with a new password");
    waits.sort_unstable();
    let (usual, longest) = (waits[rounds / 2], waits[rounds - 1]);
    println!("ready again after {usual:?}, once after {longest:?}");
    assert!(usual < READY, "{waits:?}");
    assert!(
        answered.iter().all(|count| *count > 0),
        "the rounds were too short to prove anything: {answered:?}"
    );

    let serving = started(&program);
    assert_eq!(serving.terminate().code(), Some(0));
    check_rows(&program);
    check_files(program, &[PASSWORD, &password, &key]);
}

fn started(program: &Program) -> Serving {
    let serving = program.serve();
    assert!(
        serving.ready_after < AT_LAST,
        "ready after {:?}",
        serving.ready_after
    );
    serving
}

/// Several people are busy at once; then the process is gone.
fn journey(program: &Program, serving: &mut Serving, key: &str, round: usize) -> Told {
    let told = Mutex::new(Told::default());
    let owner = serving.sign_in(OWNER, PASSWORD).unwrap();
    let api = Api::new(&serving.base, Some(key.to_owned()));
    let (guest, rita) = (serving.browser(), serving.browser());
    std::thread::scope(|scope| {
        scope.spawn(|| invite(&api, round, &told));
        scope.spawn(|| accept(&api, guest, round, &told));
        scope.spawn(|| generate(owner, round, &told));
        scope.spawn(|| recover(program, rita, round, &told));
        wait_for_some(&told);
        serving.kill();
    });
    told.into_inner().unwrap()
}

/// Waits for a random number of answers, so that the moment is random on slow machines and fast ones
/// alike, and then for a part of what comes next.
fn wait_for_some(told: &Mutex<Told>) {
    const LONGEST: Duration = Duration::from_secs(3);
    let [answers, moment] = vestibule::secret::random::<2>();
    let started = Instant::now();
    while told.lock().unwrap().answers() < usize::from(answers % 16) && started.elapsed() < LONGEST
    {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_micros(u64::from(moment) * 150));
}

/// Invites people by mail.
fn invite(api: &Api, round: usize, told: &Mutex<Told>) {
    for n in 0.. {
        let key = format!("mail {round} {n}");
        let body = json!({ "email": format!("mail-{round}-{n}@example.org") });
        let answer = call(api, &key, &body);
        let went_on = answer.is_some();
        let answer = answer.map(|answer| answer.is(201).body);
        told.lock()
            .unwrap()
            .invites
            .push(Call { key, body, answer });
        if !went_on {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Invites people with a link and accepts for them.
fn accept(api: &Api, mut guest: Browser, round: usize, told: &Mutex<Told>) {
    for n in 0.. {
        let key = format!("link {round} {n}");
        let email = format!("link-{round}-{n}@example.org");
        let body = json!({ "email": email, "delivery": "link" });
        let answer = call(api, &key, &body);
        let made = answer.as_ref().map(Answer::json);
        let answer = answer.map(|answer| answer.is(201).body);
        told.lock().unwrap().links.push(Call { key, body, answer });
        let Some(made) = made else {
            break;
        };
        let url = made["invite_url"].as_str().unwrap();
        let query = url.split_once('?').unwrap().1;
        let token = query.split_once("token=").unwrap().1;
        let token = token.split('&').next().unwrap();
        let flow = made["id"].as_str().unwrap().to_owned();
        let accept = json!({
            "action": "accept", "token": token, "display_name": "Invited Person", "password": PASSWORD,
        });
        let kind = [
            ("content-type", "application/json"),
            ("accept", "application/json"),
        ];
        let path = format!("/self-service/invite?flow={flow}");
        let body = accept.to_string();
        guest.cookies.clear();
        let answer = guest.try_request("POST", &path, &kind, Some(body.as_bytes()));
        let came = answer.is_ok();
        if let Ok(answer) = answer {
            assert_eq!(answer.is(200).json()["state"], "accepted");
        }
        told.lock().unwrap().accepted.push((email, flow, came));
        if !came {
            break;
        }
    }
}

/// Makes API keys on the settings page.
fn generate(mut owner: Browser, round: usize, told: &Mutex<Told>) {
    for n in 0.. {
        let Some(form) = get(&mut owner, "/settings/api-keys/new") else {
            break;
        };
        let name = format!("Key {round} {n}");
        let form = form
            .is(200)
            .page()
            .form("/settings/api-keys/new")
            .fill("name", &name)
            .fill("scopes", "all");
        let shown = submit(&mut owner, &form.submit());
        let secret = shown.map(|shown| shown.is(200).page().text("textarea").trim().to_owned());
        let came = secret.is_some();
        told.lock().unwrap().keys.push((name, secret));
        if !came {
            break;
        }
    }
}

/// Sets a new password with a link from the command line, which works beside the server.
fn recover(program: &Program, mut rita: Browser, round: usize, told: &Mutex<Told>) {
    for n in 0.. {
        let link = program.run(&["user", "reset-link", RITA]).ok();
        let path = format!("/recover{}", link.split_once("/recover").unwrap().1);
        let Some(moved) = get(&mut rita, &path) else {
            break;
        };
        let Some(form) = get(&mut rita, moved.header("location")) else {
            break;
        };
        let password = format!("{round} quiet {n} lighthouses");
        let form = form
            .is(200)
            .page()
            .form("/recover/new")
            .fill("password", &password);
        let came = submit(&mut rita, &form.submit())
            .map(|answer| answer.is(303))
            .is_some();
        let mut told = told.lock().unwrap();
        match (came, told.password.take()) {
            (true, _) => told.password = Some((password, true)),
            // The one before was answered, so it is one of the two.
            (false, before) => {
                let before = before.map(|(before, _)| before).unwrap_or_default();
                told.password = Some((format!("{password}\n{before}"), false));
                break;
            }
        }
    }
}

fn call(api: &Api, key: &str, body: &Value) -> Option<Answer> {
    api.try_post("/api/v1/invites", body, &[("idempotency-key", key)])
        .ok()
}

fn get(browser: &mut Browser, path: &str) -> Option<Answer> {
    browser
        .try_request("GET", path, &[("accept", "text/html")], None)
        .ok()
}

fn submit(browser: &mut Browser, form: &Submission) -> Option<Answer> {
    let kind = [("content-type", form.content_type.as_str())];
    browser
        .try_request("POST", &form.action, &kind, Some(&form.body))
        .ok()
}

/// Asks the new process about what the old one said.
fn check(serving: &Serving, key: &str, told: &Told) {
    let api = Api::new(&serving.base, Some(key.to_owned()));
    // Repeats answer the former result, and do what was not done.
    let last = told.invites.len().saturating_sub(3);
    for one in &told.invites[last..] {
        let again = call(&api, &one.key, &one.body).unwrap().is(201).body;
        if let Some(before) = &one.answer {
            assert_eq!(&again, before, "the same key answers the former result");
        }
        let third = call(&api, &one.key, &one.body).unwrap().is(201).body;
        assert_eq!(third, again);
    }
    for one in told.links.iter().filter(|call| call.answer.is_none()) {
        let made = call(&api, &one.key, &one.body).unwrap().is(201).json();
        assert!(made["invite_url"].is_string(), "{made}");
    }
    for call in told.invites.iter().chain(&told.links) {
        let email = call.body["email"].as_str().unwrap();
        let found = api
            .get(&format!("/api/v1/invites?q={email}"))
            .is(200)
            .json();
        assert_eq!(
            found["items"].as_array().unwrap().len(),
            1,
            "{email}: {found}"
        );
    }
    for (email, flow, came) in &told.accepted {
        let users = api.get(&format!("/api/v1/users?q={email}")).is(200).json();
        let state = api.get(&format!("/api/v1/invites/{flow}")).is(200).json()["state"].clone();
        let made = users["items"].as_array().unwrap().len();
        assert!(
            made == 1 || !came,
            "{email} was told that the account is there"
        );
        let expected = if made == 1 { "accepted" } else { "pending" };
        assert_eq!(
            state, expected,
            "{email}: the account and the invite go together"
        );
    }
    for (name, secret) in &told.keys {
        if let Some(secret) = secret {
            let answer = Api::new(&serving.base, Some(secret.clone())).get("/api/v1/me");
            assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        }
    }
}

/// Signs Rita in, and answers the password that she has now.
fn check_password(serving: &Serving, before: String, told: Option<(String, bool)>) -> String {
    let Some((words, was_answered)) = told else {
        assert!(serving.sign_in(RITA, &before).is_ok());
        return before;
    };
    let mut possible: Vec<&str> = words.lines().collect();
    if !was_answered && possible.len() == 1 {
        possible.push(&before);
    }
    let right = possible
        .iter()
        .find(|one| serving.sign_in(RITA, one).is_ok());
    let right = right.unwrap_or_else(|| panic!("none of {possible:?} is the password"));
    (*right).to_owned()
}

/// What must hold in the database, whatever was answered.
fn check_rows(program: &Program) {
    let none = |what: &str, sql: &str| {
        let count = program.count(&format!("SELECT count(*) AS count FROM {sql}"));
        assert_eq!(count, 0, "{what}");
    };
    let same = |what: &str, one: &str, other: &str| {
        let count = |sql: &str| program.count(&format!("SELECT count(*) AS count FROM {sql}"));
        assert_eq!(count(one), count(other), "{what}");
        assert!(count(one) > 0, "{what}: there are none to compare");
    };
    same(
        "accounts made and invites accepted",
        "users WHERE invite_id IS NOT NULL",
        "invites WHERE state = 'accepted'",
    );
    none(
        "an accepted invite whose account is another's",
        "invites JOIN users ON users.id = invites.accepted_by \
         WHERE users.invite_id <> invites.id OR users.email_norm <> invites.address_norm",
    );
    none(
        "an accepted invite without an account",
        "invites WHERE state = 'accepted' AND (accepted_by IS NULL OR accepted_at IS NULL)",
    );
    none(
        "two invites for one address",
        "(SELECT address_norm FROM invites GROUP BY address_norm HAVING count(*) > 1) AS twice",
    );
    for (action, rows) in [
        ("invite.created", "invites"),
        ("invite.accepted", "invites WHERE state = 'accepted'"),
        ("user.created", "users"),
        ("api_key.created", "api_keys"),
    ] {
        let audit = format!("audit WHERE action = '{action}'");
        same(action, &audit, rows);
        none(
            action,
            &format!(
                "(SELECT target_id FROM {audit} GROUP BY target_id HAVING count(*) > 1) AS twice"
            ),
        );
        same(action, &audit, &format!("events WHERE type = '{action}'"));
    }
    same(
        "a mail for each invite by mail",
        "outbox WHERE kind = 'invite'",
        "invites WHERE delivery = 'email'",
    );
    same(
        "a mail for each key",
        "outbox WHERE kind = 'key_made'",
        "api_keys",
    );
    none(
        "a mail twice",
        "(SELECT about FROM outbox WHERE kind IN ('invite', 'key_made') \
          GROUP BY kind, about HAVING count(*) > 1) AS twice",
    );
    none(
        "an invite by mail without its mail",
        "invites WHERE delivery = 'email' AND mail_id IS NULL",
    );
    if program.is_sqlite() {
        // Looks at every page, and at every reference.
        program.run(&["backup", "copy.db"]).ok();
    }
}

/// No secret is in any file, before its mail is sent and after; the mails go out once each.
fn check_files(mut program: Program, words: &[&str]) {
    check_secrets(program.folder.path(), words);
    let sink = SmtpSink::start(Security::Plain);
    let waiting = program.count("SELECT count(*) AS count FROM outbox WHERE state = 'waiting'");
    program.set("VESTIBULE_SMTP_URL", &sink.url());
    // After hundreds of rounds, thousands of mails.
    program.patience = Duration::from_secs(1_800);
    program.run(&["jobs", "run"]).ok();
    let mails = sink.take_mails();
    assert_eq!(
        i64::try_from(mails.len()).unwrap(),
        waiting,
        "each mail goes out once"
    );
    let said = program.run(&["audit", "verify"]).ok();
    assert!(
        said.ends_with("; 0 after them wait for their seal"),
        "{said}"
    );
    check_secrets(program.folder.path(), words);
}

/// Searches every file under `folder` for whole secrets of any kind and for `words`, and says where.
fn secrets_in(folder: &Path, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(secrets_in(&path, words));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        for (at, _) in text.match_indices("vst") {
            let end = text.ceil_char_boundary((at + 54).min(text.len()));
            if let Some(kind) = SecretKind::of_well_formed(&text[at..end]) {
                found.push(format!("{} holds a {kind:?}", path.display()));
            }
        }
        let words = words.iter().filter(|word| text.contains(**word));
        found.extend(words.map(|word| format!("{} holds {word:?}", path.display())));
    }
    found
}

fn check_secrets(folder: &Path, words: &[&str]) {
    assert_eq!(secrets_in(folder, words), Vec::<String>::new());
    // The search itself: it finds one that is there.
    let planted = folder.join("planted.txt");
    std::fs::write(&planted, format!("x{}y", words[words.len() - 1])).unwrap();
    assert_eq!(secrets_in(folder, words).len(), 2);
    std::fs::remove_file(&planted).unwrap();
}
