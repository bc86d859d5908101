//! The verbs: issue and revoke.

use serde_json::json;

use super::mail::{KeyMade, KeyRevoked};
use super::model::{IssueKey, Key, KeyState, OPERATOR_POLICY};
use super::store::{self, Owner};
use super::view::start;
use crate::access::{Actor, ActorKind, Role};
use crate::app::App;
use crate::audit;
use crate::db::{Conn, Paging, Slice, Tx};
use crate::error::{Code, FieldError, Result};
use crate::events;
use crate::ids::{KeyId, UserId};
use crate::outbox::{self, Frame, Mail};
use crate::secret::{PlainSecret, SecretKind};
use crate::site;
use crate::web::SignedIn;

/// Who may make a key. There is no third way: a program with an API key never makes another.
#[derive(Clone, Debug)]
pub enum Maker {
    /// Somebody who is signed in, for themselves.
    Person(SignedIn),
    /// The command line, for a user.
    Operator(UserId),
}

/// A key that was just made, with its secret, which is nowhere else.
pub struct Issued {
    /// The key.
    pub key: Key,
    /// What is shown once.
    pub secret: PlainSecret,
}

/// Makes a key and mails its owner that there is one. The policy of the site binds people; the operator
/// may choose any end, or none.
///
/// # Errors
/// `fresh_sign_in_required` when the person last proved who they are more than ten minutes ago,
/// `not_found` and `wrong_state` about the user, `invalid_input`.
pub fn issue(tx: &mut Tx<'_>, app: &App, maker: &Maker, input: &IssueKey) -> Result<Issued> {
    let now = tx.now;
    let (actor, owner_id, policy) = match maker {
        Maker::Person(person) if !person.is_fresh(now) => {
            return Code::FreshSignInRequired.refuse();
        }
        Maker::Person(person) => {
            let policy = site::actions::current(tx)?.key_policy;
            (person.actor.clone(), person.user_id, policy)
        }
        Maker::Operator(owner) => (Actor::operator(), *owner, OPERATOR_POLICY),
    };
    let owner = store::owner(tx, owner_id)?.ok_or(Code::NotFound)?;
    if !owner.is_active() {
        return Code::WrongState.refuse();
    }
    let terms = input.check(owner.role, &policy, now)?;
    let secret = PlainSecret::generate(SecretKind::ApiKey);
    let key = store::insert(tx, KeyId::new(now), owner_id, &secret, &terms, now)?;
    let entry = audit::Entry::new("api_key.created", target(&key)).after(json!({
        "name": key.name,
        "owner_id": key.owner_id,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "expires_at": key.expires_at,
    }));
    audit::record(tx, &actor, entry)?;
    tell_apps(tx, &actor, events::kinds::API_KEY_CREATED, &key)?;
    let mail = KeyMade {
        start: start(&key),
        name: key.name.clone(),
        expires_at: key.expires_at,
        link: app.link(super::pages::LIST),
    };
    tell_owner(tx, app, &owner, &key, &mail)?;
    Ok(Issued { key, secret })
}

/// Ends one of the actor's own keys. A key that is revoked already stays as it is.
///
/// # Errors
/// `not_found`, for the keys of others too.
pub fn revoke_own(tx: &mut Tx<'_>, actor: &Actor, id: KeyId) -> Result<Key> {
    let (key, _) = store::find(tx, id)?;
    if !actor.is(key.owner_id) {
        return Code::NotFound.refuse();
    }
    Ok(end(tx, actor, key, None)?.0)
}

/// Ends a key of `owner`, as its owner or as an administrator; the operator may leave `owner` out. The
/// owner gets a mail with the `reason` when it was somebody else. A key that is revoked already stays as
/// it is.
///
/// # Errors
/// `forbidden`, `above_you`, `not_found`, `invalid_input` for a reason over 500 characters.
pub fn revoke(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    owner: Option<UserId>,
    id: KeyId,
    reason: &str,
) -> Result<Key> {
    const LONGEST_REASON: usize = 500;
    let reason = reason.trim();
    if reason.chars().count() > LONGEST_REASON {
        let error = FieldError::new("reason", "too_long");
        return Err(error.with("max", LONGEST_REASON).into());
    }
    may_handle(tx, actor, owner)?;
    let (key, key_owner) = store::find(tx, id)?;
    if owner.is_some_and(|owner| owner != key.owner_id) {
        return Code::NotFound.refuse();
    }
    let reason = Some(reason).filter(|reason| !reason.is_empty());
    let (key, is_new) = end(tx, actor, key, reason)?;
    if is_new && !actor.is(key.owner_id) {
        let mail = KeyRevoked {
            start: start(&key),
            name: key.name.clone(),
            reason: reason.unwrap_or_default().to_owned(),
            link: app.link(super::pages::LIST),
        };
        tell_owner(tx, app, &key_owner, &key, &mail)?;
    }
    Ok(key)
}

/// Ends every key of `owner`, for when the account itself ends; answers how many that were. The caller
/// has checked that the actor may do so.
///
/// # Errors
/// When the database refuses.
pub fn revoke_all(tx: &mut Tx<'_>, actor: &Actor, owner: UserId, reason: &str) -> Result<usize> {
    let ids = store::not_revoked(tx, owner)?;
    for id in &ids {
        let (key, _) = store::find(tx, *id)?;
        end(tx, actor, key, Some(reason))?;
    }
    Ok(ids.len())
}

/// A page of keys: of `owner`, for the owner and for administrators above. The operator may leave
/// `owner` out and sees everybody's.
///
/// # Errors
/// `forbidden`, `above_you`, `not_found`.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    owner: Option<UserId>,
    paging: &Paging,
) -> Result<Slice<Key>> {
    may_handle(conn, actor, owner)?;
    Ok(store::list(conn, owner, paging)?)
}

/// One of the actor's own keys.
///
/// # Errors
/// `not_found`, for the keys of others too.
pub fn own(conn: &mut Conn, actor: &Actor, id: KeyId) -> Result<Key> {
    let (key, _) = store::find(conn, id)?;
    if actor.is(key.owner_id) {
        Ok(key)
    } else {
        Code::NotFound.refuse()
    }
}

/// A key of `owner`, for the owner and for administrators above.
///
/// # Errors
/// `forbidden`, `above_you`, `not_found`.
pub fn key_of(conn: &mut Conn, actor: &Actor, owner: UserId, id: KeyId) -> Result<Key> {
    may_handle(conn, actor, Some(owner))?;
    let (key, _) = store::find(conn, id)?;
    if key.owner_id == owner {
        Ok(key)
    } else {
        Code::NotFound.refuse()
    }
}

/// One sees and ends one's own keys, and those of users that one stands above (product.md, roles). A
/// member learns nothing about who else there is.
fn may_handle(conn: &mut Conn, actor: &Actor, owner: Option<UserId>) -> Result<()> {
    let Some(owner) = owner else {
        let is_operator = actor.kind == ActorKind::Operator;
        return if is_operator {
            Ok(())
        } else {
            Code::Forbidden.refuse()
        };
    };
    if actor.is(owner) {
        return Ok(());
    }
    actor.require(Role::Admin)?;
    let owner = store::owner(conn, owner)?.ok_or(Code::NotFound)?;
    actor.require_over(owner.role)
}

/// Ends a key, and says whether it was this that ended it.
fn end(tx: &mut Tx<'_>, actor: &Actor, key: Key, reason: Option<&str>) -> Result<(Key, bool)> {
    let now = tx.now;
    let state = key.state(now);
    if state == KeyState::Revoked || !store::revoke(tx, key.id, now, actor.user, reason)? {
        return Ok((key, false));
    }
    tx.narrow_rights()?;
    let entry = audit::Entry::new("api_key.revoked", target(&key))
        .before(json!({ "name": key.name, "owner_id": key.owner_id, "state": state }))
        .after(json!({ "state": KeyState::Revoked, "reason": reason }));
    audit::record(tx, actor, entry)?;
    tell_apps(tx, actor, events::kinds::API_KEY_REVOKED, &key)?;
    let revoked = Key {
        revoked_at: Some(now),
        revoked_by: actor.user,
        revoked_reason: reason.map(str::to_owned),
        ..key
    };
    Ok((revoked, true))
}

fn target(key: &Key) -> audit::Target {
    audit::Target::new("api_key", key.id)
}

fn tell_apps(tx: &mut Tx<'_>, actor: &Actor, kind: &'static str, key: &Key) -> Result<()> {
    let data = json!({
        "key_id": key.id,
        "user_id": key.owner_id,
        "name": key.name,
        "prefix": key.prefix,
        "expires_at": key.expires_at,
    });
    events::emit(tx, actor, kind, data)?;
    Ok(())
}

/// Mails the owner, who may have no address.
fn tell_owner(
    tx: &mut Tx<'_>,
    app: &App,
    owner: &Owner,
    key: &Key,
    mail: &impl Mail,
) -> Result<()> {
    let Some(email) = &owner.email else {
        return Ok(());
    };
    let frame = Frame::of(app, &site::actions::current(tx)?.site_name);
    let letter = frame.letter(mail, email, &owner.name, Some(key.id.as_str()))?;
    outbox::actions::enqueue(tx, app, &letter)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::model::Ends;
    use super::super::testing::{actor, asked, issued, set_status, signed_in, user};
    use super::*;
    use crate::access::{Scope, Scopes};
    use crate::clock::{days, minutes, seconds};
    use crate::db::Db;
    use crate::db::scratch::Scratch;

    fn issue_as(db: &Db, maker: Maker, input: IssueKey) -> Result<Issued> {
        let policy = KeyPolicy::default();
        db.write_now(move |tx| issue(tx, &maker, &input, &policy))
    }

    fn revoke_as(db: &Db, actor: Actor, owner: Option<UserId>, id: KeyId) -> Result<Key> {
        db.write_now(move |tx| revoke(tx, &actor, owner, id, " lost laptop "))
    }

    #[test]
    fn a_key_is_kept_without_its_secret() {
        let scratch = Scratch::new();
        let owner = user(&scratch.db, Role::Member);
        let person = signed_in(owner, Role::Member, scratch.clock.now());
        let made = issue_as(&scratch.db, Maker::Person(person), asked(Ends::In(90))).unwrap();
        let (key, text) = (made.key, made.secret.reveal().to_owned());
        assert!(text.starts_with(&key.prefix) && text.ends_with(&key.last_four));
        assert_eq!(key.prefix.len(), 9);
        assert_eq!(
            key.expires_at.unwrap(),
            key.created_at.plus(days(90)).whole_seconds()
        );
        let found = scratch
            .db
            .read_now(|conn| own(conn, &actor(owner, Role::Member), key.id));
        assert_eq!(found.unwrap(), key);
        assert!(!format!("{key:?}").contains(&text));
    }

    #[test]
    fn only_a_fresh_sign_in_makes_a_key_and_the_operator_chooses_any_end() {
        let scratch = Scratch::new();
        let owner = user(&scratch.db, Role::Member);
        let stale = scratch.clock.now().minus(minutes(10)).minus(seconds(1));
        let person = |at| Maker::Person(signed_in(owner, Role::Member, at));
        let refused = issue_as(&scratch.db, person(stale), asked(Ends::In(90)));
        assert_eq!(refused.err().unwrap().code(), Code::FreshSignInRequired);

        let fresh = scratch.clock.now().minus(minutes(9));
        let never = issue_as(&scratch.db, person(fresh), asked(Ends::Never));
        assert_eq!(never.err().unwrap().code(), Code::InvalidInput);
        let endless = issued(&scratch.db, owner, Ends::Never).key;
        assert_eq!(endless.expires_at, None);
        assert_eq!(
            endless.state(scratch.clock.now().plus(days(9_999))),
            KeyState::Active
        );
    }

    #[test]
    fn an_account_that_is_not_active_gets_no_key() {
        let scratch = Scratch::new();
        let owner = user(&scratch.db, Role::Member);
        set_status(&scratch.db, owner, "suspended");
        let made = issue_as(&scratch.db, Maker::Operator(owner), asked(Ends::Never));
        assert_eq!(made.err().unwrap().code(), Code::WrongState);
        let nobody = UserId::new(scratch.clock.now());
        let made = issue_as(&scratch.db, Maker::Operator(nobody), asked(Ends::Never));
        assert_eq!(made.err().unwrap().code(), Code::NotFound);
    }

    #[test]
    fn the_role_is_the_owners_whatever_the_session_says() {
        let scratch = Scratch::new();
        let owner = user(&scratch.db, Role::Member);
        let person = signed_in(owner, Role::Owner, scratch.clock.now());
        let mut input = asked(Ends::In(1));
        input.scopes = Scopes::default().with(Scope::AuditRead);
        let made = issue_as(&scratch.db, Maker::Person(person), input);
        assert_eq!(made.err().unwrap().code(), Code::InvalidInput);
    }

    #[test]
    fn one_revokes_ones_own_and_those_of_users_below() {
        use Role::{Admin, Member, Owner};
        let scratch = Scratch::new();
        let db = &scratch.db;
        for (role, other, answer) in [
            (Member, Member, Some(Code::Forbidden)),
            (Member, Owner, Some(Code::Forbidden)),
            (Admin, Member, None),
            (Admin, Admin, None),
            (Admin, Owner, Some(Code::AboveYou)),
            (Owner, Owner, None),
        ] {
            let (actor, owner) = (actor(user(db, role), role), user(db, other));
            let key = issued(db, owner, Ends::In(9)).key.id;
            let revoked = revoke_as(db, actor.clone(), Some(owner), key);
            assert_eq!(
                revoked.as_ref().err().map(|why| why.code()),
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
        let scratch = Scratch::new();
        let db = &scratch.db;
        let (mine, theirs) = (user(db, Role::Owner), user(db, Role::Member));
        let me = actor(mine, Role::Owner);
        let key = issued(db, theirs, Ends::In(9)).key.id;
        let code = |answer: Result<Key>| answer.unwrap_err().code();
        assert_eq!(
            code(db.read_now(|conn| own(conn, &me, key))),
            Code::NotFound
        );
        let actor = me.clone();
        let revoked = db.write_now(move |tx| revoke_own(tx, &actor, key));
        assert_eq!(code(revoked), Code::NotFound);
        assert_eq!(
            code(revoke_as(db, me.clone(), Some(mine), key)),
            Code::NotFound
        );
        assert_eq!(code(revoke_as(db, me, None, key)), Code::Forbidden);
        assert!(revoke_as(db, Actor::operator(), None, key).is_ok());
    }

    #[test]
    fn a_second_revocation_changes_nothing() {
        let scratch = Scratch::new();
        let db = &scratch.db;
        let owner = user(db, Role::Member);
        let key = issued(db, owner, Ends::In(9)).key.id;
        let me = actor(owner, Role::Member);
        let again = me.clone();
        let first = db.write_now(move |tx| revoke_own(tx, &me, key)).unwrap();
        let second = revoke_as(db, again, Some(owner), key).unwrap();
        assert_eq!(first, second);
        assert_eq!(second.revoked_reason, None);
    }

    #[test]
    fn every_key_ends_with_the_account() {
        let scratch = Scratch::new();
        let db = &scratch.db;
        let (owner, other) = (user(db, Role::Member), user(db, Role::Member));
        for _ in 0..3 {
            issued(db, owner, Ends::In(9));
        }
        issued(db, other, Ends::In(9));
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
        let scratch = Scratch::new();
        let db = &scratch.db;
        let owner = user(db, Role::Member);
        let me = actor(owner, Role::Member);
        let made: Vec<_> = (0..5)
            .map(|_| issued(db, owner, Ends::In(9)).key.id)
            .collect();
        issued(db, user(db, Role::Member), Ends::In(9));
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
}
