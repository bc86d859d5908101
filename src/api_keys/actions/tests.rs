use super::super::model::Ends;
use super::super::testing::{House, actor, asked, set_status, signed_in, user};
use super::*;
use crate::access::{Scope, Scopes};
use crate::clock::{days, minutes, seconds};
use crate::error::Error;

#[test]
fn a_key_is_kept_without_its_secret() {
    let house = House::new();
    let owner = user(house.db(), Role::Member);
    let person = signed_in(owner, Role::Member, house.now());
    let made = house
        .issue(Maker::Person(Box::new(person)), asked(Ends::In(90)))
        .unwrap();
    let (key, text) = (made.key, made.secret.reveal().to_owned());
    assert!(text.starts_with(&key.prefix) && text.ends_with(&key.last_four));
    assert_eq!(key.prefix.len(), 9);
    assert_eq!(
        key.expires_at.unwrap(),
        key.created_at.plus(days(90)).whole_seconds()
    );
    let found = house
        .db()
        .read_now(|conn| own(conn, &actor(owner, Role::Member), key.id));
    assert_eq!(found.unwrap(), key);
    assert!(!format!("{key:?}").contains(&text));
}

#[test]
fn only_a_fresh_sign_in_makes_a_key_and_the_operator_chooses_any_end() {
    let house = House::new();
    let owner = user(house.db(), Role::Member);
    let stale = house.now().minus(minutes(10)).minus(seconds(1));
    let person = |at| Maker::Person(Box::new(signed_in(owner, Role::Member, at)));
    let refused = house.issue(person(stale), asked(Ends::In(90)));
    assert_eq!(refused.err().unwrap().code(), Code::FreshSignInRequired);

    let fresh = house.now().minus(minutes(9));
    let never = house.issue(person(fresh), asked(Ends::Never));
    assert_eq!(never.err().unwrap().code(), Code::InvalidInput);
    let endless = house.issued(owner, Ends::Never).key;
    assert_eq!(endless.expires_at, None);
    assert_eq!(
        endless.state(house.now().plus(days(9_999))),
        KeyState::Active
    );
}

#[test]
fn an_account_that_is_not_active_gets_no_key() {
    let house = House::new();
    let owner = user(house.db(), Role::Member);
    set_status(house.db(), owner, "suspended");
    let made = house.issue(Maker::Operator(owner), asked(Ends::Never));
    assert_eq!(made.err().unwrap().code(), Code::WrongState);
    let nobody = UserId::new(house.now());
    let made = house.issue(Maker::Operator(nobody), asked(Ends::Never));
    assert_eq!(made.err().unwrap().code(), Code::NotFound);
}

#[test]
fn the_role_is_the_owners_whatever_the_session_says() {
    let house = House::new();
    let owner = user(house.db(), Role::Member);
    let person = signed_in(owner, Role::Owner, house.now());
    let mut input = asked(Ends::In(1));
    input.scopes = Scopes::default().with(Scope::AuditRead);
    let made = house.issue(Maker::Person(Box::new(person)), input);
    assert_eq!(made.err().unwrap().code(), Code::InvalidInput);
}

#[test]
fn one_revokes_ones_own_and_those_of_users_below() {
    use Role::{Admin, Member, Owner};
    let house = House::new();
    let db = house.db();
    for (role, other, answer) in [
        (Member, Member, Some(Code::Forbidden)),
        (Member, Owner, Some(Code::Forbidden)),
        (Admin, Member, None),
        (Admin, Admin, None),
        (Admin, Owner, Some(Code::AboveYou)),
        (Owner, Owner, None),
    ] {
        let (actor, owner) = (actor(user(db, role), role), user(db, other));
        let key = house.issued(owner, Ends::In(9)).key.id;
        let revoked = house.revoke(&actor, Some(owner), key);
        assert_eq!(
            revoked.as_ref().err().map(Error::code),
            answer,
            "{role} {other}"
        );
        let seen = db.read_now(|conn| key_of(conn, &actor, owner, key));
        assert_eq!(seen.err().map(|why| why.code()), answer, "{role} {other}");
        let seen = db.read_now(|conn| list(conn, &actor, Some(owner), &Paging::first(5)));
        assert_eq!(seen.err().map(|why| why.code()), answer, "{role} {other}");
        if let Ok(key) = revoked {
            assert_eq!(key.revoked_by, actor.user);
            assert_eq!(key.revoked_reason.as_deref(), Some("lost laptop"));
        }
    }
}

#[test]
fn the_key_of_another_is_not_found() {
    let house = House::new();
    let db = house.db();
    let (mine, theirs) = (user(db, Role::Owner), user(db, Role::Member));
    let me = actor(mine, Role::Owner);
    let key = house.issued(theirs, Ends::In(9)).key.id;
    let code = |answer: Result<Key>| answer.unwrap_err().code();
    assert_eq!(
        code(db.read_now(|conn| own(conn, &me, key))),
        Code::NotFound
    );
    let actor = me.clone();
    let revoked = db.write_now(move |tx| revoke_own(tx, &actor, key));
    assert_eq!(code(revoked), Code::NotFound);
    assert_eq!(code(house.revoke(&me, Some(mine), key)), Code::NotFound);
    assert_eq!(code(house.revoke(&me, None, key)), Code::Forbidden);
    assert!(house.revoke(&Actor::operator(), None, key).is_ok());
}

#[test]
fn a_second_revocation_changes_nothing() {
    let house = House::new();
    let db = house.db();
    let owner = user(db, Role::Member);
    let key = house.issued(owner, Ends::In(9)).key.id;
    let me = actor(owner, Role::Member);
    let again = me.clone();
    let first = db.write_now(move |tx| revoke_own(tx, &me, key)).unwrap();
    let second = house.revoke(&again, Some(owner), key).unwrap();
    assert_eq!(first, second);
    assert_eq!(second.revoked_reason, None);
}

#[test]
fn every_key_ends_with_the_account() {
    let house = House::new();
    let db = house.db();
    let (owner, other) = (user(db, Role::Member), user(db, Role::Member));
    for _ in 0..3 {
        house.issued(owner, Ends::In(9));
    }
    house.issued(other, Ends::In(9));
    let end = || db.write_now(move |tx| revoke_all(tx, &Actor::operator(), owner, "left"));
    assert_eq!(end().unwrap(), 3);
    assert_eq!(end().unwrap(), 0);
    let all = db
        .read_now(|conn| list(conn, &Actor::operator(), None, &Paging::first(9)))
        .unwrap();
    let alive = all.rows.iter().filter(|key| key.revoked_at.is_none());
    assert_eq!(alive.map(|key| key.owner_id).collect::<Vec<_>>(), [other]);
}

#[test]
fn keys_are_listed_page_by_page_newest_first() {
    let house = House::new();
    let db = house.db();
    let owner = user(db, Role::Member);
    let me = actor(owner, Role::Member);
    let made: Vec<_> = (0..5)
        .map(|_| house.issued(owner, Ends::In(9)).key.id)
        .collect();
    house.issued(user(db, Role::Member), Ends::In(9));
    let mut paging = Paging::first(2);
    let mut seen = Vec::new();
    loop {
        let page = db
            .read_now(|conn| list(conn, &me, Some(owner), &paging))
            .unwrap();
        seen.extend(page.rows.iter().map(|key| key.id));
        let Some(older) = page.older else { break };
        paging.from = Some(older);
    }
    assert!(seen.iter().rev().eq(&made));
}

#[test]
fn the_log_the_apps_and_the_owner_are_told_and_none_gets_the_secret() {
    let house = House::new();
    let owner = user(house.db(), Role::Member);
    let admin = actor(user(house.db(), Role::Admin), Role::Admin);
    let made = house.issued(owner, Ends::In(9));
    for _ in 0..2 {
        house.revoke(&admin, Some(owner), made.key.id).unwrap();
    }
    let me = actor(owner, Role::Member);
    let own = house.issued(owner, Ends::In(9)).key.id;
    house
        .db()
        .write_now(move |tx| revoke_own(tx, &me, own))
        .unwrap();

    let told = house.told();
    let twice = ["api_key.created", "api_key.revoked"].repeat(2);
    assert_eq!(told.audit, twice);
    assert_eq!(told.events, twice);
    assert_eq!(told.mails, ["key_made", "key_revoked", "key_made"]);
    let secret = made.secret.reveal();
    assert!(told.everything.contains(&made.key.prefix));
    assert!(!told.everything.contains(&secret[..20]));
}

#[test]
fn nothing_is_told_of_what_was_refused() {
    let house = House::new();
    let owner = user(house.db(), Role::Member);
    let stale = house.now().minus(minutes(11));
    let person = Maker::Person(Box::new(signed_in(owner, Role::Member, stale)));
    assert!(house.issue(person, asked(Ends::In(9))).is_err());
    assert!(
        house
            .issue(Maker::Operator(owner), asked(Ends::In(0)))
            .is_err()
    );
    let told = house.told();
    assert!(told.audit.is_empty() && told.events.is_empty() && told.mails.is_empty());
}
