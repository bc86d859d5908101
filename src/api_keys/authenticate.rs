//! Who holds this key? Answered from memory when that is safe, else from the database.
//!
//! An answer in memory is believed only under the generation of rights that it was read under, and the
//! generation is taken before the database is asked. So whatever ends or narrows a right makes every
//! answer that was read before it worthless, those included that a slow reader has yet to put in. When
//! another process ended it, that is heard within half a second; when the database cannot be asked for
//! a second, memory is not believed at all ([`crate::db::Rights`]).

use std::net::IpAddr;

use moka::sync::Cache;

use super::model::Key;
use super::store::{self, Owner};
use crate::access::{Actor, ActorKind, Role, Scopes};
use crate::clock::{Span, Time, seconds};
use crate::db::Db;
use crate::error::{Code, Result};
use crate::ids::{KeyId, UserId};
use crate::secret::{PlainSecret, SecretDigest, SecretKind};
use crate::web::ApiCaller;

/// Keys that open something, about 200 bytes each.
const GOOD_KEYS: u64 = 50_000;
/// Keys that open nothing. Apart from the others, so that whoever sends random keys pushes none out.
const BAD_KEYS: u64 = 10_000;
/// How long a good key is believed. Rights that grew do not change the generation; they arrive by then.
const GOOD_FOR: Span = seconds(30);
/// How long a bad one is refused unasked.
const BAD_FOR: Span = seconds(5);

/// A key that is good: what its holder may do, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The key.
    pub key_id: KeyId,
    /// Its owner, whose account is active.
    pub owner_id: UserId,
    /// The owner's role.
    pub role: Role,
    /// What the key may do, before the role is looked at.
    pub scopes: Scopes,
    /// When the key ends.
    pub expires_at: Option<Time>,
}

impl Principal {
    /// The caller of a request that came with this key.
    pub fn caller(&self, ip: Option<IpAddr>, request_id: String) -> ApiCaller {
        ApiCaller {
            actor: Actor {
                kind: ActorKind::ApiKey(self.key_id),
                user: Some(self.owner_id),
                role: self.role,
                ip,
                request_id,
            },
            user_id: self.owner_id,
            key_id: self.key_id,
            scopes: self.scopes,
            expires_at: self.expires_at,
        }
    }

    fn unless_ended(self, now: Time) -> Result<Self, Code> {
        match self.expires_at {
            Some(end) if end <= now => Err(Code::KeyExpired),
            _ => Ok(self),
        }
    }
}

/// What was read from the database, when, and under which generation of rights.
#[derive(Clone, Debug)]
struct Known<T> {
    generation: u64,
    read_at: Time,
    what: T,
}

impl<T> Known<T> {
    fn believed(self, generation: u64, now: Time, span: Span) -> Option<T> {
        let age = now - self.read_at;
        (self.generation == generation && age <= span).then_some(self.what)
    }
}

/// What this process remembers of keys: digests, never secrets. Bounded.
#[derive(Debug)]
pub struct KeyCache {
    good: Cache<SecretDigest, Known<Principal>>,
    bad: Cache<SecretDigest, Known<Code>>,
}

impl Default for KeyCache {
    fn default() -> Self {
        Self {
            good: Cache::new(GOOD_KEYS),
            bad: Cache::new(BAD_KEYS),
        }
    }
}

impl KeyCache {
    fn find(
        &self,
        digest: &SecretDigest,
        generation: u64,
        now: Time,
    ) -> Option<Result<Principal, Code>> {
        let good = self.good.get(digest);
        if let Some(principal) = good.and_then(|known| known.believed(generation, now, GOOD_FOR)) {
            return Some(Ok(principal));
        }
        let bad = self.bad.get(digest);
        bad.and_then(|known| known.believed(generation, now, BAD_FOR))
            .map(Err)
    }

    fn keep(
        &self,
        digest: SecretDigest,
        generation: u64,
        read_at: Time,
        answer: &Result<Principal, Code>,
    ) {
        match answer {
            Ok(principal) => self.good.insert(
                digest,
                Known {
                    generation,
                    read_at,
                    what: principal.clone(),
                },
            ),
            Err(code) => self.bad.insert(
                digest,
                Known {
                    generation,
                    read_at,
                    what: *code,
                },
            ),
        }
    }
}

/// Says who holds the key `text` and what it may do at `now`.
///
/// # Errors
/// `credential_invalid`; and only when the whole secret is one that was issued here, the more telling
/// `owner_disabled`, `key_revoked` or `key_expired`.
pub async fn authenticate(db: &Db, cache: &KeyCache, text: &str, now: Time) -> Result<Principal> {
    let Some(secret) = PlainSecret::parse(SecretKind::ApiKey, text) else {
        return Code::CredentialInvalid.refuse();
    };
    let digest = secret.digest();
    let generation = db.rights().generation(now);
    let remembered = generation.and_then(|generation| cache.find(&digest, generation, now));
    let answer = match remembered {
        Some(answer) => answer,
        None => {
            let found = db
                .read(move |conn| Ok(store::by_digest(conn, digest)?))
                .await?;
            let answer = judge(found);
            if let Some(generation) = generation {
                cache.keep(digest, generation, now, &answer);
            }
            answer
        }
    };
    Ok(answer.and_then(|principal| principal.unless_ended(now))?)
}

/// What a row says, its end left aside: that is looked at on every use.
fn judge(found: Option<(Key, Owner)>) -> Result<Principal, Code> {
    let (key, owner) = found.ok_or(Code::CredentialInvalid)?;
    if !owner.is_active() {
        return Err(Code::OwnerDisabled);
    }
    if key.revoked_at.is_some() {
        return Err(Code::KeyRevoked);
    }
    Ok(Principal {
        key_id: key.id,
        owner_id: key.owner_id,
        role: owner.role,
        scopes: key.scopes,
        expires_at: key.expires_at,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::super::actions;
    use super::super::model::Ends;
    use super::super::testing::{issued, set_status, user};
    use super::*;
    use crate::clock::hours;
    use crate::db::scratch::Scratch;

    fn ask(db: &Db, cache: &KeyCache, text: &str, now: Time) -> Result<Principal, Code> {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(authenticate(db, cache, text, now))
            .map_err(|why| why.code())
    }

    fn revoke(db: &Db, id: KeyId) {
        let actor = Actor::operator();
        db.write_now(move |tx| actions::revoke(tx, &actor, None, id, ""))
            .unwrap();
    }

    struct House {
        scratch: Scratch,
        cache: KeyCache,
        owner: UserId,
    }

    impl House {
        fn new() -> Self {
            let scratch = Scratch::new();
            let owner = user(&scratch.db, Role::Admin);
            scratch.db.refresh_rights().unwrap();
            Self {
                scratch,
                cache: KeyCache::default(),
                owner,
            }
        }

        fn ask(&self, text: &str) -> Result<Principal, Code> {
            let now = self.scratch.clock.now();
            ask(&self.scratch.db, &self.cache, text, now)
        }

        fn remembers(&self, digest: SecretDigest) -> bool {
            self.cache.good.contains_key(&digest)
        }
    }

    #[test]
    fn a_good_key_says_who_and_what_and_is_remembered() {
        let house = House::new();
        let made = issued(&house.scratch.db, house.owner, Ends::In(90));
        let text = made.secret.reveal();
        let principal = house.ask(text).unwrap();
        assert_eq!(principal.owner_id, house.owner);
        assert_eq!(principal.role, Role::Admin);
        assert_eq!(principal.scopes, Scopes::ALL);
        assert!(house.remembers(made.secret.digest()));
        assert_eq!(house.ask(text).unwrap(), principal);
        let caller = principal.caller(None, "r1".into());
        assert_eq!(caller.actor.kind, ActorKind::ApiKey(made.key.id));
        assert_eq!(caller.expires_at, made.key.expires_at);
    }

    #[test]
    fn whatever_is_not_exactly_a_key_is_invalid() {
        let house = House::new();
        let made = issued(&house.scratch.db, house.owner, Ends::In(90));
        let text = made.secret.reveal();
        let never_issued = PlainSecret::generate(SecretKind::ApiKey);
        let client = PlainSecret::generate(SecretKind::Client);
        for bad in [
            "",
            " ",
            "vstk_",
            &text[..53],
            &format!("{text} "),
            &text.to_uppercase(),
            never_issued.reveal(),
            client.reveal(),
        ] {
            for _ in 0..2 {
                assert_eq!(house.ask(bad), Err(Code::CredentialInvalid), "{bad}");
            }
        }
        assert!(!house.remembers(never_issued.digest()));
    }

    #[test]
    fn the_end_counts_to_the_microsecond_from_memory_too() {
        let house = House::new();
        let made = issued(&house.scratch.db, house.owner, Ends::In(1));
        let (text, end) = (made.secret.reveal(), made.key.expires_at.unwrap());
        let micro = Time::from_micros(1) - Time::from_micros(0);
        house.scratch.clock.advance(hours(23));
        for _ in 0..2 {
            house.scratch.db.refresh_rights().unwrap();
            let ask = |now| ask(&house.scratch.db, &house.cache, text, now);
            assert!(ask(end.minus(micro)).is_ok());
            assert_eq!(ask(end), Err(Code::KeyExpired));
            assert_eq!(ask(end.plus(micro)), Err(Code::KeyExpired));
        }
        let endless = issued(&house.scratch.db, house.owner, Ends::Never);
        assert!(house.ask(endless.secret.reveal()).is_ok());
    }

    #[test]
    fn revoked_and_disabled_are_told_at_the_next_request() {
        let house = House::new();
        let db = &house.scratch.db;
        let (one, two) = (
            issued(db, house.owner, Ends::In(9)),
            issued(db, house.owner, Ends::In(9)),
        );
        assert!(house.ask(one.secret.reveal()).is_ok());
        revoke(db, one.key.id);
        assert_eq!(house.ask(one.secret.reveal()), Err(Code::KeyRevoked));
        assert!(house.ask(two.secret.reveal()).is_ok());
        for status in ["suspended", "deleted", "merged"] {
            set_status(db, house.owner, status);
            assert_eq!(
                house.ask(two.secret.reveal()),
                Err(Code::OwnerDisabled),
                "{status}"
            );
            assert_eq!(
                house.ask(one.secret.reveal()),
                Err(Code::OwnerDisabled),
                "{status}"
            );
        }
    }

    #[test]
    fn another_process_is_heard_at_its_next_look_and_no_look_means_no_trust() {
        let house = House::new();
        let other = house.scratch.again();
        let made = issued(&house.scratch.db, house.owner, Ends::In(9));
        let text = made.secret.reveal();
        assert!(house.ask(text).is_ok());
        revoke(&other, made.key.id);
        house.scratch.db.refresh_rights().unwrap();
        assert_eq!(house.ask(text), Err(Code::KeyRevoked));

        let made = issued(&house.scratch.db, house.owner, Ends::In(9));
        let text = made.secret.reveal();
        assert!(house.ask(text).is_ok());
        revoke(&other, made.key.id);
        house.scratch.clock.advance(seconds(2));
        assert_eq!(house.ask(text), Err(Code::KeyRevoked));
    }

    #[test]
    fn a_slow_read_does_not_bring_a_revoked_key_back() {
        let house = House::new();
        let db = &house.scratch.db;
        let made = issued(db, house.owner, Ends::In(9));
        let digest = made.secret.digest();
        // A request that has read the row and is then held up …
        let now = house.scratch.clock.now();
        let generation = db.rights().generation(now).unwrap();
        let read = db
            .read_now(|conn| Ok(store::by_digest(conn, digest)?))
            .unwrap();
        // … while the key is revoked …
        revoke(db, made.key.id);
        // … puts in what it read.
        house.cache.keep(digest, generation, now, &judge(read));
        assert!(house.remembers(digest));
        assert_eq!(house.ask(made.secret.reveal()), Err(Code::KeyRevoked));
    }

    #[test]
    fn no_request_after_the_answer_to_a_revocation_gets_through() {
        let house = House::new();
        let (db, cache) = (&house.scratch.db, &house.cache);
        for _ in 0..20 {
            let made = issued(db, house.owner, Ends::In(9));
            let text = made.secret.reveal();
            let revoked = Arc::new(AtomicBool::new(false));
            let (clock, flag) = (&house.scratch.clock, &revoked);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(move || {
                        loop {
                            let was_revoked = flag.load(Ordering::Acquire);
                            let answer = ask(db, cache, text, clock.now());
                            if was_revoked {
                                assert_eq!(answer, Err(Code::KeyRevoked));
                                return;
                            }
                        }
                    });
                }
                db.refresh_rights().unwrap();
                revoke(db, made.key.id);
                revoked.store(true, Ordering::Release);
            });
        }
    }

    #[test]
    fn random_keys_stay_out_of_the_way_of_good_ones() {
        let house = House::new();
        let made = issued(&house.scratch.db, house.owner, Ends::In(9));
        assert!(house.ask(made.secret.reveal()).is_ok());
        let unknown = PlainSecret::generate(SecretKind::ApiKey);
        assert_eq!(house.ask(unknown.reveal()), Err(Code::CredentialInvalid));
        assert!(house.cache.bad.contains_key(&unknown.digest()));
        assert!(house.remembers(made.secret.digest()));
    }
}
