use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::actions::Issued;
use super::super::model::Ends;
use super::super::testing::{self, set_status, user};
use super::*;

fn ask(db: &Db, cache: &KeyCache, text: &str, now: Time) -> Result<Principal, Code> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(authenticate(db, cache, text, now))
        .map_err(|why| why.code())
}

struct House {
    base: testing::House,
    cache: KeyCache,
    owner: UserId,
}

impl House {
    fn new() -> Self {
        let base = testing::House::new();
        let owner = user(base.db(), Role::Admin);
        base.db().refresh_rights().unwrap();
        Self {
            base,
            cache: KeyCache::default(),
            owner,
        }
    }

    fn db(&self) -> &Db {
        self.base.db()
    }

    fn issued(&self, ends: Ends) -> Issued {
        self.base.issued(self.owner, ends)
    }

    fn ask(&self, text: &str) -> Result<Principal, Code> {
        ask(self.db(), &self.cache, text, self.base.now())
    }

    fn revoke(&self, id: KeyId) {
        self.revoke_in(self.db(), id);
    }

    fn revoke_in(&self, db: &Db, id: KeyId) {
        let revoked = self.base.revoke_in(db, &Actor::operator(), None, id);
        assert!(revoked.is_ok());
    }

    fn remembers(&self, digest: SecretDigest) -> bool {
        self.cache.good.contains_key(&digest)
    }
}

#[test]
fn a_good_key_says_who_and_what_and_is_remembered() {
    let house = House::new();
    let made = house.issued(Ends::In(90));
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
    let made = house.issued(Ends::In(90));
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
    let made = house.issued(Ends::In(1));
    let (text, end) = (made.secret.reveal(), made.key.expires_at.unwrap());
    let micro = Time::from_micros(1) - Time::from_micros(0);
    house.base.scratch.clock.advance(end - house.base.now());
    for _ in 0..2 {
        house.db().refresh_rights().unwrap();
        let ask = |now| ask(house.db(), &house.cache, text, now);
        assert!(ask(end.minus(micro)).is_ok());
        assert_eq!(ask(end), Err(Code::KeyExpired));
        assert_eq!(ask(end.plus(micro)), Err(Code::KeyExpired));
    }
    let endless = house.issued(Ends::Never);
    assert!(house.ask(endless.secret.reveal()).is_ok());
}

#[test]
fn revoked_and_disabled_are_told_at_the_next_request() {
    let house = House::new();
    let db = house.db();
    let (one, two) = (house.issued(Ends::In(9)), house.issued(Ends::In(9)));
    assert!(house.ask(one.secret.reveal()).is_ok());
    house.revoke(one.key.id);
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
    let other = house.base.scratch.again();
    let made = house.issued(Ends::In(9));
    let text = made.secret.reveal();
    assert!(house.ask(text).is_ok());
    house.revoke_in(&other, made.key.id);
    house.db().refresh_rights().unwrap();
    assert_eq!(house.ask(text), Err(Code::KeyRevoked));

    let made = house.issued(Ends::In(9));
    let text = made.secret.reveal();
    assert!(house.ask(text).is_ok());
    house.revoke_in(&other, made.key.id);
    house.base.scratch.clock.advance(seconds(2));
    assert_eq!(house.ask(text), Err(Code::KeyRevoked));
}

#[test]
fn a_slow_read_does_not_bring_a_revoked_key_back() {
    let house = House::new();
    let db = house.db();
    let made = house.issued(Ends::In(9));
    let digest = made.secret.digest();
    // A request that has read the row and is then held up …
    let now = house.base.now();
    let generation = db.rights().generation(now).unwrap();
    let read = db
        .read_now(|conn| Ok(store::holder(conn, digest)?))
        .unwrap();
    // … while the key is revoked …
    house.revoke(made.key.id);
    // … puts in what it read.
    house.cache.keep(digest, generation, now, &judge(read));
    assert!(house.remembers(digest));
    assert_eq!(house.ask(made.secret.reveal()), Err(Code::KeyRevoked));
}

#[test]
fn no_request_after_the_answer_to_a_revocation_gets_through() {
    let house = House::new();
    let (db, cache) = (house.db(), &house.cache);
    for _ in 0..20 {
        let made = house.issued(Ends::In(9));
        let text = made.secret.reveal();
        let revoked = Arc::new(AtomicBool::new(false));
        let (clock, flag) = (&house.base.scratch.clock, &revoked);
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
            house.revoke(made.key.id);
            revoked.store(true, Ordering::Release);
        });
    }
}

#[test]
fn random_keys_stay_out_of_the_way_of_good_ones() {
    let house = House::new();
    let made = house.issued(Ends::In(9));
    assert!(house.ask(made.secret.reveal()).is_ok());
    let unknown = PlainSecret::generate(SecretKind::ApiKey);
    assert_eq!(house.ask(unknown.reveal()), Err(Code::CredentialInvalid));
    assert!(house.cache.bad.contains_key(&unknown.digest()));
    assert!(house.remembers(made.secret.digest()));
}

#[test]
fn what_is_no_key_of_ours_is_looked_up_only_where_keys_were_imported() {
    use super::super::actions::import::{import, read};
    use crate::text::Text;

    let house = House::new();
    let key = "a-key-of-another-site-1";
    let asked = |count: usize| {
        for number in 0..count {
            let text = format!("nonsense-of-anybody-{number}");
            assert_eq!(house.ask(&text), Err(Code::CredentialInvalid));
        }
        house.cache.counts()
    };
    assert_eq!(asked(50), (0, 0), "nobody asks the database");
    assert_eq!(house.ask(key), Err(Code::CredentialInvalid));
    let digest = SecretDigest::of(key);
    let hex: String = digest
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let email = format!("{}@example.org", house.owner);
    let file = format!("email,sha256_hex,scopes\n{email},{hex},all\n");
    let lines = read(Text::ENGLISH, file.as_bytes()).unwrap();
    let act = move |tx: &mut Tx<'_>| import(tx, &Actor::operator(), &lines, false);
    house.db().write_now(act).unwrap();
    house.base.scratch.clock.advance(seconds(6));
    house.db().refresh_rights().unwrap();
    let principal = house.ask(key).unwrap();
    assert_eq!(principal.owner_id, house.owner);
    assert_eq!(house.ask(key).unwrap(), principal);
    assert_eq!(house.cache.counts(), (1, 1));
    // Now it costs what a well-formed key costs that was never issued: one look-up, remembered for a while.
    assert_eq!(asked(50), (1, 51));
    assert_eq!(asked(50), (51, 51));
    // What begins like a secret of ours, or is no key at all, is refused unasked.
    for text in [
        "vstk_damaged-0123456789",
        "vstc_0123456789",
        "short",
        &"x".repeat(10_000),
    ] {
        assert_eq!(house.ask(text), Err(Code::CredentialInvalid));
    }
    assert_eq!(house.cache.counts(), (51, 51));
}
