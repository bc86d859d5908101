//! What the tests of this room share: an app on a database of its own, with users in it.

use std::sync::Arc;

use diesel::prelude::*;

use super::actions::{self, Issued, Maker};
use super::model::{Ends, IssueKey, Key};
use crate::access::{Actor, ActorKind, Role, Scopes};
use crate::app::App;
use crate::clock::Time;
use crate::config::Config;
use crate::db::schema::users;
use crate::db::scratch::Scratch;
use crate::db::{Db, Json};
use crate::error::Result;
use crate::ids::{KeyId, SessionId, UserId};
use crate::passwords::{Cost, Passwords};
use crate::secret::MasterKey;
use crate::text::Text;
use crate::web::{Again, SignedIn};

/// An app, and the database that goes away with it.
pub(super) struct House {
    pub(super) app: Arc<App>,
    pub(super) scratch: Scratch,
}

impl House {
    pub(super) fn new() -> Self {
        let scratch = Scratch::new();
        let app = App {
            config: Config::load([]).unwrap(),
            db: scratch.db.clone(),
            clock: scratch.clock.clone(),
            master: MasterKey::from_bytes(&[7; 32]),
            passwords: Passwords::start(Cost::CHEAP, 1).unwrap(),
            limits: Default::default(),
            text: Text::ENGLISH,
        };
        Self {
            app: Arc::new(app),
            scratch,
        }
    }

    pub(super) fn db(&self) -> &Db {
        &self.scratch.db
    }

    pub(super) fn now(&self) -> Time {
        self.scratch.clock.now()
    }

    pub(super) fn issue(&self, maker: Maker, input: IssueKey) -> Result<Issued> {
        let app = self.app.clone();
        self.db()
            .write_now(move |tx| actions::issue(tx, &app, &maker, &input))
    }

    /// A key that the operator made.
    pub(super) fn issued(&self, owner: UserId, ends: Ends) -> Issued {
        self.issue(Maker::Operator(owner), asked(ends)).unwrap()
    }

    pub(super) fn revoke(&self, actor: &Actor, owner: Option<UserId>, id: KeyId) -> Result<Key> {
        self.revoke_in(self.db(), actor, owner, id)
    }

    /// The same through another handle on the database, as another process does it.
    pub(super) fn revoke_in(
        &self,
        db: &Db,
        actor: &Actor,
        owner: Option<UserId>,
        id: KeyId,
    ) -> Result<Key> {
        let (app, actor) = (self.app.clone(), actor.clone());
        db.write_now(move |tx| actions::revoke(tx, &app, &actor, owner, id, " lost laptop "))
    }
}

/// What was written down beside the keys themselves, oldest first.
pub(super) struct Told {
    pub(super) audit: Vec<String>,
    pub(super) events: Vec<String>,
    pub(super) mails: Vec<String>,
    pub(super) everything: String,
}

impl House {
    pub(super) fn told(&self) -> Told {
        use crate::db::schema::{audit, events, outbox};
        type Row = (String, Json, Json);
        self.db()
            .read_now(|conn| {
                let log: Vec<Row> = audit::table
                    .order((audit::at, audit::id))
                    .select((audit::action, audit::before, audit::after))
                    .load(conn)?;
                let told: Vec<(String, Json)> = events::table
                    .order((events::at, events::id))
                    .select((events::kind, events::data))
                    .load(conn)?;
                let mails: Vec<(String, String)> = outbox::table
                    .order((outbox::created_at, outbox::id))
                    .select((outbox::kind, outbox::subject))
                    .load(conn)?;
                Ok(Told {
                    everything: format!("{log:?} {told:?} {mails:?}"),
                    audit: log.into_iter().map(|(action, ..)| action).collect(),
                    events: told.into_iter().map(|(kind, _)| kind).collect(),
                    mails: mails.into_iter().map(|(kind, _)| kind).collect(),
                })
            })
            .unwrap()
    }
}

pub(super) fn user(db: &Db, role: Role) -> UserId {
    db.write_now(move |tx| {
        let id = UserId::new(tx.now);
        let now = tx.now;
        diesel::insert_into(users::table)
            .values((
                users::id.eq(id),
                users::email.eq(format!("{id}@example.org")),
                users::email_norm.eq(format!("{id}@example.org")),
                users::email_verified.eq(true),
                users::display_name.eq("Dia"),
                users::name_norm.eq("dia"),
                users::role.eq(role),
                users::status.eq("active"),
                users::schema_id.eq("default"),
                users::traits.eq(Json::object()),
                users::metadata_public.eq(Json::object()),
                users::metadata_admin.eq(Json::object()),
                users::created_at.eq(now),
                users::updated_at.eq(now),
            ))
            .execute(&mut **tx)?;
        Ok(id)
    })
    .unwrap()
}

pub(super) fn set_status(db: &Db, id: UserId, status: &'static str) {
    db.write_now(move |tx| {
        tx.narrow_rights()?;
        let row = diesel::update(users::table.find(id)).set(users::status.eq(status));
        row.execute(&mut **tx)?;
        Ok(())
    })
    .unwrap();
}

pub(super) fn actor(id: UserId, role: Role) -> Actor {
    Actor {
        kind: ActorKind::User,
        user: Some(id),
        role,
        ..Actor::operator()
    }
}

pub(super) fn signed_in(id: UserId, role: Role, authenticated_at: Time) -> SignedIn {
    SignedIn {
        actor: actor(id, role),
        user_id: id,
        name: "Dia".into(),
        email: "dia@example.org".into(),
        session_id: SessionId::new(authenticated_at),
        authenticated_at,
        again: Again::by(match role {
            Role::Member => |_, _, _| Ok(Role::Member),
            Role::Admin => |_, _, _| Ok(Role::Admin),
            Role::Owner => |_, _, _| Ok(Role::Owner),
        }),
    }
}

pub(super) fn asked(ends: Ends) -> IssueKey {
    IssueKey {
        name: "Laptop".into(),
        note: "In the safe".into(),
        scopes: Scopes::ALL,
        ends,
    }
}
