//! Who holds this key? Answered from memory when that is safe, else from the database.
//!
//! An answer in memory is believed only under the generation of rights that it was read under, and the
//! generation is taken before the database is asked. So whatever ends or narrows a right makes every
//! answer that was read before it worthless, those included that a slow reader has yet to put in. When
//! another process ended it, that is heard within half a second; when the database cannot be asked for
//! a second, memory is not believed at all ([`crate::db::Rights`]).

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use moka::sync::Cache;

use super::actions;
use super::foreign::{self, Foreign};
use super::store::{self, Holder};
use crate::access::{Actor, ActorKind, Role, Scopes};
use crate::app::App;
use crate::clock::{Span, Time, seconds};
use crate::db::{Conn, Db, Tx};
use crate::error::{Code, Result};
use crate::ids::{KeyId, UserId};
use crate::secret::{PlainSecret, SecretDigest, SecretKind};
use crate::web::{Again, ApiCaller};

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
    /// Whether another key took its place.
    pub is_replaced: bool,
    /// Whether it takes the place of another and was not used before.
    pub is_untried: bool,
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
            again: Again::by(look_again),
        }
    }

    fn unless_ended(self, now: Time) -> Result<Self> {
        match self.expires_at {
            Some(end) if end <= now && self.is_replaced => Code::KeyRotated.refuse(),
            Some(end) if end <= now => Err(Code::KeyExpired.with("time", end)),
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
    hits: AtomicU64,
    misses: AtomicU64,
    pub(super) foreign: Foreign,
}

impl Default for KeyCache {
    fn default() -> Self {
        Self {
            good: Cache::new(GOOD_KEYS),
            bad: Cache::new(BAD_KEYS),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            foreign: Foreign::default(),
        }
    }
}

impl KeyCache {
    /// How many answers came from memory and how many from the database, since the start.
    pub fn counts(&self) -> (u64, u64) {
        (
            self.hits.load(Ordering::Relaxed),
            self.misses.load(Ordering::Relaxed),
        )
    }

    /// The key of a text, when it is remembered as one that was issued, whether or not its end has come.
    pub fn id_of(&self, text: &str) -> Option<KeyId> {
        let known = self.good.get(&SecretDigest::of(text))?;
        Some(known.what.key_id)
    }

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
/// `owner_disabled`, `key_revoked`, `key_rotated` or `key_expired`.
pub async fn authenticate(db: &Db, cache: &KeyCache, text: &str, now: Time) -> Result<Principal> {
    let digest = match PlainSecret::parse(SecretKind::ApiKey, text) {
        Some(secret) => secret.digest(),
        None => foreign::digest(db, &cache.foreign, text, now)
            .await?
            .ok_or(Code::CredentialInvalid)?,
    };
    let generation = db.rights().generation(now);
    let remembered = generation.and_then(|generation| cache.find(&digest, generation, now));
    let answer = match remembered {
        Some(answer) => {
            cache.hits.fetch_add(1, Ordering::Relaxed);
            answer
        }
        None => {
            cache.misses.fetch_add(1, Ordering::Relaxed);
            let found = db
                .look_up(move |conn| Ok(store::holder(conn, digest)?))
                .await?;
            let answer = judge(found);
            let is_untried = answer.as_ref().is_ok_and(|who| who.is_untried);
            if let Some(generation) = generation.filter(|_| !is_untried) {
                cache.keep(digest, generation, now, &answer);
            }
            answer
        }
    };
    answer?.unless_ended(now)
}

/// Notes that a key which takes the place of another was used for the first time, before the request is answered: by it the
/// other one may end. Later uses are written behind ([`super::Usage`]).
///
/// # Errors
/// When the key or its owner is not good any more, or the database is away.
pub async fn first_use(app: &App, key: &Principal, caller: &ApiCaller) -> Result<()> {
    if !key.is_untried {
        return Ok(());
    }
    let id = key.key_id;
    let note = move |tx: &mut Tx<'_>, actor: &Actor| actions::first_use(tx, actor, id);
    caller.write(app, note).await
}

/// Looks a key up again in the transaction that acts for it, and answers the role of its owner.
fn look_again(conn: &mut Conn, id: KeyId, now: Time) -> Result<Role> {
    let principal = judge(store::holder_of(conn, id)?)?;
    Ok(principal.unless_ended(now)?.role)
}

/// What a row says, its end left aside: that is looked at on every use.
fn judge(found: Option<Holder>) -> Result<Principal, Code> {
    let holder = found.ok_or(Code::CredentialInvalid)?;
    if !holder.is_active {
        return Err(Code::OwnerDisabled);
    }
    if holder.revoked_at.is_some() {
        return Err(Code::KeyRevoked);
    }
    Ok(Principal {
        key_id: holder.key_id,
        owner_id: holder.owner_id,
        role: holder.role,
        scopes: holder.scopes,
        expires_at: holder.expires_at,
        is_replaced: holder.successor_id.is_some(),
        is_untried: holder.is_untried,
    })
}

#[cfg(test)]
mod tests;
