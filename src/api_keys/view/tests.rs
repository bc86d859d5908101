use super::*;
use crate::clock::{days, hours, seconds};

fn key(now: Time, expires_at: Option<Time>) -> Key {
    let owner_id = UserId::new(now);
    Key {
        id: KeyId::new(now),
        owner_id,
        name: "Laptop".into(),
        note: String::new(),
        prefix: "vstk_4kQ9".into(),
        last_four: "0a1B".into(),
        scopes: Scopes::ALL,
        created_at: now,
        expires_at,
        revoked_at: None,
        revoked_by: None,
        revoked_reason: None,
        last_used_at: None,
        last_used_ip: None,
        last_used_agent: None,
        successor_id: None,
        successor_used_at: None,
        ends_on_first_use: false,
    }
}

#[test]
fn every_case_has_its_words() {
    let now = Time::parse("2026-11-22T09:00:00Z").unwrap();
    let view = |key: &Key| KeyView::of(Text::ENGLISH, key, now, Reader::Owner);

    let active = Key {
        last_used_at: Some(now.minus(hours(2))),
        last_used_ip: Some("203.0.113.7".into()),
        ..key(now, Some(now.plus(days(90))))
    };
    let shown = view(&active);
    assert_eq!(
        shown.sentence,
        "Your API key <strong>vstk_4kQ9…</strong> works until \
         <strong>20 February 2027, 09:00 UTC</strong> (in 90 days)."
    );
    assert_eq!(shown.used, "Last used 2 hours ago from 203.0.113.7.");
    assert_eq!((shown.tag_word.as_str(), shown.warning), ("Active", None));
    assert_eq!(shown.end_href, None);

    let soon = view(&key(now, Some(now.plus(days(5)))));
    let warning =
        "It stops working in 5 days. Make a new one now; you choose when the old one ends.";
    assert_eq!(soon.warning.as_deref(), Some(warning));
    assert_eq!(soon.used, "Not used yet.");

    for end in [now, now.minus(seconds(1))] {
        let expired = view(&key(now, Some(end)));
        assert_eq!(expired.tag_word, "Expired");
        assert!(
            expired
                .sentence
                .contains("</strong> stopped working on <strong>22 November 2026")
        );
        assert!(!expired.is_active && expired.warning.is_none());
        assert_eq!(expired.end_href, None);
    }

    let endless = view(&key(now, None));
    assert_eq!(
        (endless.tag_word.as_str(), endless.is_active),
        ("Never expires", true)
    );
    assert_eq!(
        endless.sentence,
        "Your API key <strong>vstk_4kQ9…</strong> works until you revoke it. <strong>It never expires.</strong> \
         We suggest a key that expires: set an end date below."
    );
    let end_href = endless.end_href.unwrap();
    assert!(end_href.ends_with("/end"), "{end_href}");
}

#[test]
fn who_revoked_it_is_told_and_why() {
    let now = Time::parse("2026-11-22T09:00:00Z").unwrap();
    let revoked = |by: Option<UserId>| Key {
        revoked_at: Some(now),
        revoked_by: by,
        revoked_reason: Some("<b>left</b>".into()),
        ..key(now, None)
    };
    let words = |key: &Key, reader| KeyView::of(Text::ENGLISH, key, now, reader).sentence;
    let by_admin = words(&revoked(Some(UserId::new(now))), Reader::Owner);
    assert!(
        by_admin.starts_with("An administrator revoked the API key"),
        "{by_admin}"
    );
    assert!(
        by_admin.ends_with("Reason: &lt;b&gt;left&lt;/b&gt;"),
        "{by_admin}"
    );
    let by_operator = words(&revoked(None), Reader::Owner);
    assert!(
        by_operator.starts_with("The operator of this site"),
        "{by_operator}"
    );
    let mut own = revoked(None);
    own.revoked_by = Some(own.owner_id);
    assert!(words(&own, Reader::Owner).starts_with("You revoked your API key"));
    assert!(words(&own, Reader::Administrator).starts_with("The owner revoked"));
}

#[test]
fn every_scope_has_words() {
    for scope in Scope::EACH {
        let words = scope_words(Text::ENGLISH, *scope);
        assert!(!words.starts_with("api-keys-"), "{words}");
        assert_eq!(
            can_do(Text::ENGLISH, Scopes::default().with(*scope)),
            [words]
        );
    }
    assert_eq!(
        can_do(Text::ENGLISH, Scopes::ALL),
        ["Everything you can do"]
    );
}
