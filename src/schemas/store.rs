//! Queries on schemas.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::model::Schema;
use crate::db::Conn;
use crate::db::schema::{invite_templates, invites, schemas, users};

/// The schema of an id.
pub fn find(conn: &mut Conn, id: &str) -> QueryResult<Option<Schema>> {
    // PostgreSQL takes no NUL, and no id holds one.
    if id.contains('\0') {
        return Ok(None);
    }
    let row = schemas::table.find(id).select(Schema::as_select());
    row.first(conn).optional()
}

/// More schemas than any platform needs; the list is not paged.
pub const MOST: i64 = 100;

/// All of them, by name.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<Schema>> {
    schemas::table
        .order((schemas::name, schemas::id))
        .limit(MOST)
        .select(Schema::as_select())
        .load(conn)
}

/// How many there are.
pub fn count(conn: &mut Conn) -> QueryResult<i64> {
    schemas::table.count().get_result(conn)
}

/// Makes one.
pub fn insert(conn: &mut Conn, schema: &Schema) -> QueryResult<()> {
    diesel::insert_into(schemas::table)
        .values(schema)
        .execute(conn)
        .map(drop)
}

/// Writes one back.
pub fn update(conn: &mut Conn, schema: &Schema) -> QueryResult<()> {
    diesel::update(schemas::table.find(&schema.id))
        .set((
            schemas::name.eq(&schema.name),
            schemas::document.eq(&schema.document),
            schemas::updated_at.eq(schema.updated_at),
        ))
        .execute(conn)
        .map(drop)
}

/// Deletes one.
pub fn delete(conn: &mut Conn, id: &str) -> QueryResult<()> {
    diesel::delete(schemas::table.find(id))
        .execute(conn)
        .map(drop)
}

/// Whether a user has a schema, whether an invite has it, and the names of some templates that have it.
pub fn used_by(conn: &mut Conn, id: &str) -> QueryResult<(bool, bool, Vec<String>)> {
    let users = users::table.filter(users::schema_id.eq(id));
    let invites = invites::table.filter(invites::schema_id.eq(id));
    let templates = invite_templates::table.filter(invite_templates::schema_id.eq(id));
    let names = templates.order(invite_templates::name_norm).limit(5);
    Ok((
        diesel::select(exists(users)).get_result(conn)?,
        diesel::select(exists(invites)).get_result(conn)?,
        names.select(invite_templates::name).load(conn)?,
    ))
}
