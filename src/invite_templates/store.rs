//! Queries on templates.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::model::Template;
use crate::db::Conn;
use crate::db::schema::{invite_templates, invites};
use crate::ids::TemplateId;

/// The template of an id.
pub fn find(conn: &mut Conn, id: TemplateId) -> QueryResult<Template> {
    invite_templates::table
        .find(id)
        .select(Template::as_select())
        .first(conn)
}

/// More templates than anybody tells apart; the list is not paged.
pub const MOST: i64 = 100;

/// All of them, by name.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<Template>> {
    invite_templates::table
        .order((invite_templates::name_norm, invite_templates::id))
        .limit(MOST)
        .select(Template::as_select())
        .load(conn)
}

/// How many there are.
pub fn count(conn: &mut Conn) -> QueryResult<i64> {
    invite_templates::table.count().get_result(conn)
}

/// Makes one.
pub fn insert(conn: &mut Conn, template: &Template) -> QueryResult<()> {
    diesel::insert_into(invite_templates::table)
        .values(template)
        .execute(conn)
        .map(drop)
}

/// Writes one back.
pub fn update(conn: &mut Conn, template: &Template) -> QueryResult<()> {
    diesel::update(invite_templates::table.find(template.id))
        .set((
            invite_templates::name.eq(&template.name),
            invite_templates::name_norm.eq(&template.name_norm),
            invite_templates::schema_id.eq(&template.schema_id),
            invite_templates::policy.eq(&template.policy),
            invite_templates::updated_at.eq(template.updated_at),
        ))
        .execute(conn)
        .map(drop)
}

/// Deletes one.
pub fn delete(conn: &mut Conn, id: TemplateId) -> QueryResult<()> {
    diesel::delete(invite_templates::table.find(id))
        .execute(conn)
        .map(drop)
}

/// Whether an invite was made from a template.
pub fn is_used(conn: &mut Conn, id: TemplateId) -> QueryResult<bool> {
    let invites = invites::table.filter(invites::template_id.eq(id));
    diesel::select(exists(invites)).get_result(conn)
}
