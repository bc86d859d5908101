use diesel::prelude::*;

use super::*;
use crate::db::schema::{audit, group_members, users};
use crate::db::scratch::Scratch;
use crate::db::{Db, Json};

fn user(db: &Db, name: &'static str) -> Actor {
    let id = db
        .write_now(move |tx| {
            let id = UserId::new(tx.now);
            diesel::insert_into(users::table)
                .values((
                    users::id.eq(id),
                    users::email_verified.eq(false),
                    users::display_name.eq(name),
                    users::name_norm.eq(name),
                    users::role.eq("member"),
                    users::status.eq("active"),
                    users::schema_id.eq("default"),
                    users::traits.eq(Json::object()),
                    users::metadata_public.eq(Json::object()),
                    users::metadata_admin.eq(Json::object()),
                    users::created_at.eq(tx.now),
                    users::updated_at.eq(tx.now),
                ))
                .execute(&mut **tx)?;
            Ok(id)
        })
        .unwrap();
    Actor {
        user: Some(id),
        role: Role::Member,
        ..Actor::operator()
    }
}

fn make_now(db: &Db, actor: &Actor, name: &str) -> Result<GroupView> {
    let input = MakeGroup {
        name: name.to_owned(),
        description: String::new(),
    };
    let actor = actor.clone();
    db.write_now(move |tx| make(tx, &actor, &input))
}

fn set_now(db: &Db, actor: &Actor, id: GroupId, member: &Actor, level: Level) -> Result<Member> {
    let (actor, user) = (actor.clone(), member.user.unwrap());
    db.write_now(move |tx| put_member(tx, &actor, id, user, level))
}

fn change_now(db: &Db, actor: &Actor, id: GroupId, change_to: ChangeGroup) -> Result<GroupView> {
    let actor = actor.clone();
    db.write_now(move |tx| change(tx, &actor, id, &change_to))
}

fn generation(db: &Db) -> u64 {
    db.refresh_rights().unwrap();
    db.rights().generation(db.clock().now()).unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> Code {
    result.unwrap_err().code()
}

#[test]
fn a_member_sees_and_manages_their_own_groups_only() {
    let scratch = Scratch::new();
    let db = &scratch.db;
    let (ann, ben, eve) = (user(db, "Ann"), user(db, "Ben"), user(db, "Eve"));
    let admin = Actor {
        role: Role::Admin,
        ..user(db, "Ada")
    };
    let group = make_now(db, &ann, "Analysts").unwrap().id;
    set_now(db, &ann, group, &ben, Level::CanRead).unwrap();

    let rename = |name: &str| ChangeGroup {
        name: Some(name.into()),
        ..ChangeGroup::default()
    };
    for (actor, may_see, refusal) in [
        (&ann, true, None),
        (&admin, true, None),
        (&ben, true, Some(Code::Forbidden)),
        (&eve, false, Some(Code::NotFound)),
    ] {
        let seen = db
            .read_now(|conn| list(conn, actor, None, &Paging::first(5)))
            .unwrap()
            .rows;
        assert_eq!(!seen.is_empty(), may_see);
        assert_eq!(
            db.read_now(|conn| read(conn, actor, group)).is_ok(),
            may_see
        );
        assert_eq!(
            db.read_now(|conn| members(conn, actor, group, &Paging::first(5)))
                .is_ok(),
            may_see
        );
        assert_eq!(
            db.read_now(|conn| can_give(conn, actor, group)).unwrap(),
            refusal.is_none()
        );
        assert_eq!(
            db.read_now(|conn| grantable(conn, actor)).unwrap().len(),
            usize::from(refusal.is_none())
        );
        let changed = change_now(db, actor, group, rename("Analysts"));
        assert_eq!(changed.err().map(|why| why.code()), refusal);
        let set = set_now(db, actor, group, &ben, Level::CanRead);
        assert_eq!(set.err().map(|why| why.code()), refusal);
    }

    set_now(db, &ann, group, &ben, Level::CanManage).unwrap();
    assert_eq!(
        db.read_now(|conn| read(conn, &ben, group))
            .unwrap()
            .members_count,
        1
    );
    assert!(set_now(db, &ben, group, &eve, Level::CanWrite).is_ok());
    let to_ben = ChangeGroup {
        owner_id: ben.user,
        ..ChangeGroup::default()
    };
    assert_eq!(
        code(change_now(db, &ben, group, to_ben.clone())),
        Code::Forbidden
    );
    assert_eq!(
        change_now(db, &ann, group, to_ben).unwrap().owner_id,
        ben.user.unwrap()
    );
    assert_eq!(
        code(change_now(db, &ann, group, rename("Mine"))),
        Code::NotFound
    );
}

#[test]
fn a_name_is_taken_once_whatever_its_case_and_spacing() {
    let scratch = Scratch::new();
    let db = &scratch.db;
    let ann = user(db, "Ann");
    let first = make_now(db, &ann, "Data Analysts").unwrap();
    let second = make_now(db, &ann, "Testers").unwrap();
    assert_eq!(
        code(make_now(db, &ann, " data  ANALYSTS ")),
        Code::GroupExists
    );
    let taken = ChangeGroup {
        name: Some("DATA analysts".into()),
        ..ChangeGroup::default()
    };
    assert_eq!(
        code(change_now(db, &ann, second.id, taken.clone())),
        Code::GroupExists
    );
    assert_eq!(
        change_now(db, &ann, first.id, taken).unwrap().name,
        "DATA analysts"
    );

    let find = |q: &str| {
        db.read_now(|conn| list(conn, &ann, Some(q), &Paging::first(9)))
            .unwrap()
            .rows
    };
    assert_eq!(find("Data an").len(), 1);
    assert_eq!(find(second.id.as_str())[0].name, "Testers");
    assert!(find("analysts").is_empty() && find("%").is_empty());
}

#[test]
fn a_membership_that_shrinks_is_told_to_every_process_and_each_change_to_this_one() {
    let scratch = Scratch::new();
    let db = &scratch.db;
    let (ann, ben) = (user(db, "Ann"), user(db, "Ben"));
    let group = make_now(db, &ann, "Analysts").unwrap().id;
    let (start, told) = (generation(db), db.rights().told());
    set_now(db, &ann, group, &ben, Level::CanManage).unwrap();
    // Who was told the groups of a user before is told them anew; keys stay remembered.
    assert!(db.rights().told() > told);
    let joined = generation(db);
    assert_eq!(joined, start);
    set_now(db, &ann, group, &ben, Level::CanRead).unwrap();
    let lowered = generation(db);
    assert!(lowered > joined);

    let (ben_id, actor) = (ben.user.unwrap(), ben.clone());
    db.write_now(move |tx| remove_member(tx, &actor, group, ben_id))
        .unwrap();
    let left = generation(db);
    assert!(left > lowered);
    let actor = ann.clone();
    let again = db.write_now(move |tx| remove_member(tx, &actor, group, ben_id));
    assert_eq!(code(again), Code::NotFound);

    set_now(db, &ann, group, &ben, Level::CanRead).unwrap();
    db.write_now(move |tx| delete(tx, &ann, group)).unwrap();
    assert!(generation(db) > left);
    let rows: i64 = db
        .read_now(|conn| Ok(group_members::table.count().get_result(conn)?))
        .unwrap();
    assert_eq!(rows, 0);
    let told: Vec<String> = db
        .read_now(|conn| {
            Ok(audit::table
                .order(audit::id)
                .select(audit::action)
                .load(conn)?)
        })
        .unwrap();
    assert_eq!(
        told.join(" "),
        "group.created group.member_added group.member_changed \
         group.member_removed group.member_added group.deleted"
    );
}

#[test]
fn an_invite_adds_and_never_lowers() {
    let scratch = Scratch::new();
    let db = &scratch.db;
    let (ann, ben) = (user(db, "Ann"), user(db, "Ben"));
    let (one, two) = (
        make_now(db, &ann, "One").unwrap().id,
        make_now(db, &ann, "Two").unwrap().id,
    );
    set_now(db, &ann, one, &ben, Level::CanManage).unwrap();
    let ben_id = ben.user.unwrap();
    let gone = GroupId::new(db.clock().now());
    let new = db
        .write_now(move |tx| admit(tx, ben_id, &[one, two, gone]))
        .unwrap();
    assert_eq!(new, [two]);
    assert!(db.read_now(|conn| can_give(conn, &ben, one)).unwrap());
    assert!(!db.read_now(|conn| can_give(conn, &ben, two)).unwrap());
    assert!(
        !db.read_now(|conn| can_give(conn, &Actor::operator(), gone))
            .unwrap()
    );

    let ids = [ben_id, ann.user.unwrap()];
    let lists = db.read_now(|conn| groups_of(conn, &ids)).unwrap();
    let names: Vec<&str> = lists[&ben_id]
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    assert_eq!(names, ["One", "Two"]);
    assert!(!lists.contains_key(&ids[1]));
    assert_eq!(
        db.read_now(|conn| super::names(conn, &[two, gone]))
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn what_an_account_owned_can_be_handed_over() {
    let scratch = Scratch::new();
    let db = &scratch.db;
    let (ann, ben) = (user(db, "Ann"), user(db, "Ben"));
    let (ann_id, ben_id) = (ann.user.unwrap(), ben.user.unwrap());
    let group = make_now(db, &ann, "One").unwrap().id;
    set_now(db, &ann, group, &ann, Level::CanWrite).unwrap();
    assert_eq!(db.read_now(|conn| owned_by(conn, ann_id)).unwrap(), 1);
    db.write_now(move |tx| hand_over(tx, ann_id, ben_id))
        .unwrap();
    db.write_now(move |tx| remove_everywhere(tx, ann_id))
        .unwrap();
    assert_eq!(db.read_now(|conn| owned_by(conn, ann_id)).unwrap(), 0);
    assert_eq!(
        code(db.read_now(|conn| read(conn, &ann, group))),
        Code::NotFound
    );

    let nobody = Actor {
        user: Some(UserId::new(db.clock().now())),
        ..ann
    };
    assert_eq!(
        code(set_now(db, &ben, group, &nobody, Level::CanRead)),
        Code::NotFound
    );
    let to_nobody = ChangeGroup {
        owner_id: nobody.user,
        ..ChangeGroup::default()
    };
    assert_eq!(
        code(change_now(db, &ben, group, to_nobody)),
        Code::InvalidInput
    );
}

#[test]
fn lists_go_on_where_they_ended() {
    let scratch = Scratch::new();
    let db = &scratch.db;
    let ann = user(db, "Ann");
    let made: Vec<GroupId> = (0..5)
        .map(|n| make_now(db, &ann, &format!("Group {n}")).unwrap().id)
        .collect();
    let (mut seen, mut paging) = (Vec::new(), Paging::first(2));
    loop {
        let slice = db.read_now(|conn| list(conn, &ann, None, &paging)).unwrap();
        seen.extend(slice.rows.iter().map(|group| group.id));
        let Some(older) = slice.older else { break };
        paging = Paging {
            from: Some(older),
            ..Paging::first(2)
        };
    }
    seen.reverse();
    assert_eq!(seen, made);
}
