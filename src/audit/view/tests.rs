use serde_json::json;

use super::super::seal::{Broken, Fault};
use super::*;
use crate::clock::hours;
use crate::db::Json;
use crate::ids::AuditId;

const NOW: Time = Time::from_micros(1_700_000_000_000_000);

fn row(action: &str, actor: (&str, Option<&str>), target: (&str, &str), after: Value) -> Row {
    Row {
        id: AuditId::new(NOW),
        at: NOW,
        actor_kind: actor.0.into(),
        actor_id: actor.1.map(str::to_owned),
        action: action.into(),
        target_kind: target.0.into(),
        target_id: target.1.into(),
        result: "ok".into(),
        ip: None,
        request_id: String::new(),
        before: Json(Value::Null),
        after: Json(after),
        seq: Some(18_204),
        seal: None,
    }
}

fn names() -> Names {
    [
        ("usr_1", "Grace Hopper"),
        ("usr_2", "Ada Lovelace"),
        ("key_1", "Grace Hopper"),
    ]
    .map(|(id, name)| (id.to_owned(), name.to_owned()))
    .into()
}

fn told(row: Row) -> String {
    EntryView::of(Text::ENGLISH, row, &names()).sentence
}

#[test]
fn what_has_a_page_is_linked_to_it() {
    for (kind, id, href) in [
        ("invite", "inv_1", Some("/admin/invites/inv_1")),
        ("user", "usr_1", Some("/admin/users/usr_1")),
        ("user", "", None),
        ("group", "grp_1", None),
        ("api_key", "key_1", None),
    ] {
        let row = row("x", ("system", None), (kind, id), Value::Null);
        let entry = EntryView::of(Text::ENGLISH, row, &names());
        assert_eq!(entry.target_href.as_deref(), href, "{kind}");
    }
}

#[test]
fn entries_read_as_sentences_with_names() {
    let invite = || json!({ "email": "ada@example.org", "name": "x" });
    let user = ("user", Some("usr_1"));
    assert_eq!(
        told(row("invite.revoked", user, ("invite", "inv_1"), invite())),
        "Grace Hopper revoked the invite to ada@example.org."
    );
    assert_eq!(
        told(row(
            "user.suspended",
            ("api_key", Some("key_1")),
            ("user", "usr_2"),
            Value::Null
        )),
        "Grace Hopper (with an API key) suspended Ada Lovelace."
    );
    assert_eq!(
        told(row(
            "invite.expired",
            ("system", None),
            ("invite", "inv_1"),
            Value::Null
        )),
        "The invite to inv_1 expired."
    );
    assert_eq!(
        told(row(
            "user.recovery_asked",
            ("anonymous", None),
            ("user", ""),
            Value::Null
        )),
        "Somebody who was not signed in asked for a link to set a new password for somebody unknown."
    );
    assert_eq!(
        told(row(
            "shelf.painted",
            ("operator", None),
            ("shelf", "shl_1"),
            Value::Null
        )),
        "The operator (on the command line): shelf.painted (shl_1)."
    );
    assert_eq!(
        told(row(
            "user.suspended",
            ("user", Some("usr_gone")),
            ("user", "usr_2"),
            Value::Null
        )),
        "usr_gone suspended Ada Lovelace."
    );
}

#[test]
fn a_sentence_says_what_changed_and_who_did_it_for_themselves() {
    let own = |action: &str, before: Value, after: Value| {
        let mut row = row(action, ("user", Some("usr_1")), ("user", "usr_1"), after);
        row.before = Json(before);
        told(row)
    };
    let of_ada = |before: Value, after: Value| {
        let by = ("user", Some("usr_1"));
        let mut row = row("user.updated", by, ("user", "usr_2"), after);
        row.before = Json(before);
        told(row)
    };
    let none = || Value::Null;
    for (said, words) in [
        (
            own("user.created", none(), json!({ "role": "owner" })),
            "Grace Hopper set up Vestibule and became its owner.",
        ),
        (
            own("user.created", none(), json!({ "invite_id": "inv_1" })),
            "Grace Hopper accepted an invite and got an account.",
        ),
        (
            own("session.ended", none(), json!({ "sessions": 1 })),
            "Grace Hopper signed out.",
        ),
        (
            own("session.ended", none(), json!({ "sessions": 3 })),
            "Grace Hopper signed out of 3 sessions.",
        ),
        (
            own(
                "user.updated",
                json!({ "display_name": "Grace" }),
                json!({ "display_name": "Grace Hopper" }),
            ),
            "Grace changed their name to Grace Hopper.",
        ),
        (
            of_ada(
                json!({ "role": "member", "status": "active" }),
                json!({ "role": "admin", "status": "active" }),
            ),
            "Grace Hopper changed the role of Ada Lovelace to Administrator.",
        ),
        (
            of_ada(
                json!({ "role": "member", "email_verified": false }),
                json!({ "role": "admin", "email_verified": true, "groups_added": [] }),
            ),
            "Grace Hopper changed the account of Ada Lovelace: role, confirmed address.",
        ),
        (
            of_ada(json!({ "role": "member" }), json!({ "role": "member" })),
            "Grace Hopper changed the account of Ada Lovelace.",
        ),
    ] {
        assert_eq!(said, words);
    }
}

#[test]
fn what_changed_is_listed_field_by_field() {
    let list = changes(
        &json!({ "role": "member", "n": 1 }),
        &json!({ "role": "admin", "groups": ["a"] }),
    );
    let told: Vec<_> = list
        .iter()
        .map(|it| (it.field.as_str(), it.before.as_deref(), it.after.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("role", Some("member"), Some("admin")),
            ("n", Some("1"), None),
            ("groups", None, Some("[\"a\"]")),
        ]
    );
    assert!(changes(&Value::Null, &Value::Null).is_empty());
    assert_eq!(changes(&json!("a"), &Value::Null).len(), 1);
}

#[test]
fn the_integrity_line_says_how_far_the_log_is_checked() {
    let say = |sealed, unsealed, checked| {
        let it = Integrity::of(
            Text::ENGLISH,
            &Standing {
                sealed,
                unsealed,
                checked,
            },
            NOW.plus(hours(3)),
        );
        (it.kind, it.words)
    };
    let ago = Text::ENGLISH.relative(NOW, NOW.plus(hours(3)));
    assert_eq!(
        say(0, 0, None),
        ("info", "No entry is sealed yet.".to_owned())
    );
    assert_eq!(
        say(7, 0, None).1,
        "Sealed to entry 7. The first check follows within a day."
    );
    assert_eq!(
        say(18_300, 1, Some((NOW, 18_204, None))),
        (
            "ok",
            format!("Checked to entry 18,204, {ago}. 1 newer entry is not sealed yet.")
        )
    );
    assert!(
        say(2, 1_001, None)
            .1
            .ends_with("More than 1,000 newer entries are not sealed yet.")
    );
    let broken = Some(Broken {
        seq: 9,
        fault: Fault::Changed,
    });
    assert_eq!(say(18_300, 0, Some((NOW, 8, broken))).0, "bad");
}

#[test]
fn each_group_and_chip_has_words() {
    for key in super::super::pages::keys() {
        assert!(Text::ENGLISH.has(&key), "{key}");
    }
}
