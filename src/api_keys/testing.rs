//! What the tests of this room share: a database with users in it.

use diesel::prelude::*;

use super::actions::{self, Issued, Maker};
use super::model::{Ends, IssueKey, KeyPolicy};
use crate::access::{Actor, ActorKind, Role, Scopes};
use crate::clock::Time;
use crate::db::Db;
use crate::db::Json;
use crate::db::schema::users;
use crate::ids::{SessionId, UserId};
use crate::web::SignedIn;

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

pub(super) fn issued(db: &Db, owner: UserId, ends: Ends) -> Issued {
    db.write_now(move |tx| {
        let maker = Maker::Operator(owner);
        actions::issue(tx, &maker, &asked(ends), &KeyPolicy::default())
    })
    .unwrap()
}
