//! Rows as actions write them, many at once: for the tests of scale, and for measuring lists.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use vestibule::db::Conn;

/// Fills tables with so many rows each, one a second behind the second `from`; invites and keys live for so many seconds.
/// `{i}` and `{at}` in `ROWS` are the number of a row and its time, `{until}` is when an invite or a key ends, and
/// `{soon}` thirty days before that.
pub fn fill(
    conn: &mut Conn,
    tables: &[&str],
    count: usize,
    from: i64,
    life: i64,
) -> QueryResult<()> {
    const ROWS: [(&str, &str, &str); 5] = [
        (
            "users",
            "id, email, email_norm, email_verified, display_name, name_norm, role, status, schema_id, traits, \
             metadata_public, metadata_admin, created_at, updated_at",
            "{id:usr}, 'u' || {i} || '@example.org', 'u' || {i} || '@example.org', {i} > 0, 'User ' || {i}, \
             'user ' || {i}, 'member', CASE {i} % 100 WHEN 0 THEN 'suspended' ELSE 'active' END, 'default', \
             '{}', '{}', '{}', {at}, {at}",
        ),
        (
            "outbox",
            "id, channel, kind, recipient, subject, state, attempts, next_attempt_at, fence, created_at",
            "{id:out}, 'mail', 'invite', 'U' || {i} || '@example.org', 'Come', \
             CASE {i} % 100 WHEN 0 THEN 'failed' WHEN 1 THEN 'waiting' WHEN 2 THEN 'waiting' ELSE 'sent' END, \
             CASE {i} % 100 WHEN 1 THEN 0 ELSE 1 END, {at}, 0, {at}",
        ),
        (
            "invites",
            "id, state, address, address_norm, name_norm, delivery, role, schema_id, traits, metadata_public, \
             metadata_admin, label, message, locale, lifetime_seconds, expires_at, created_at, mail_id, \
             template_id, created_by",
            "{id:inv}, CASE {i} % 4 WHEN 0 THEN 'pending' WHEN 1 THEN 'expired' ELSE 'accepted' END, \
             'u' || {i} || '@example.org', \
             'u' || {i} || '@example.org', 'user ' || {i}, 'email', 'member', 'default', '{}', '{}', '{}', '', \
             '', 'en', 604800, {until}, {at}, CASE WHEN {i} % 100 <> 3 THEN {id:out} END, \
             'tpl_00000000-0000-7000-8000-0000000000' || CASE {i} % 2 WHEN 0 THEN '00' ELSE '' || (10 + {i} % 50) END, \
             CASE WHEN {i} % 50 = 3 THEN 'usr_00000001-0000-7000-8000-000000000001' END",
        ),
        (
            "api_keys",
            "id, owner_id, name, note, prefix, last_four, digest, scopes, created_at, expires_at, next_notice_at, \
             revoked_at, successor_id",
            "{id:key}, {id:usr}, 'Key ' || {i}, '', 'vstk_4kQ9', '0a1B', {digest}, 'all', {at}, {until}, \
             CASE WHEN {i} % 4 <> 0 THEN {soon} END, CASE WHEN {i} % 4 = 0 THEN {at} END, \
             CASE WHEN {i} % 4 = 1 THEN {id:key} END",
        ),
        (
            "audit",
            "id, at, actor_kind, action, target_kind, target_id, result, ip, request_id, before, after",
            "{id:aud}, {at}, 'operator', 'user.created', 'user', {id:usr}, 'ok', '192.0.2.' || ({i} % 200), '', \
             'null', 'null'",
        ),
    ];
    if let Conn::Pg(_) = conn {
        // A million rows take longer than a server lets any statement take.
        conn.batch_execute("SET LOCAL statement_timeout = 0")?;
    }
    let wanted = ROWS
        .into_iter()
        .filter(|(table, ..)| tables.contains(table));
    for (table, columns, values) in wanted {
        let (mut values, is_sqlite) = (values.to_owned(), matches!(conn, Conn::Lite(_)));
        for kind in ["usr", "out", "inv", "key", "aud"] {
            let id = if is_sqlite {
                format!("printf('{kind}_%08x-0000-7000-8000-%012x', i, i)")
            } else {
                let hex = |digits| format!("lpad(to_hex(i), {digits}, '0')");
                format!(
                    "'{kind}_' || {} || '-0000-7000-8000-' || {}",
                    hex(8),
                    hex(12)
                )
            };
            values = values.replace(&format!("{{id:{kind}}}"), &id);
        }
        let time = |from: i64| match is_sqlite {
            true => format!("({from} + i) * 1000000"),
            false => format!("to_timestamp({from} + i)"),
        };
        let values = values.replace("{at}", &time(from));
        let values = values.replace("{until}", &time(from + life));
        let values = values.replace("{soon}", &time(from + life - 30 * 86_400));
        let values = values.replace("{digest}", digest(is_sqlite));
        let values = values.replace("{i}", "i");
        let insert = format!("INSERT INTO {table} ({columns}) SELECT {values} FROM");
        // The program asks SQLite for no statistics.
        conn.batch_execute(&if is_sqlite {
            format!(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
                 {insert} n"
            )
        } else {
            format!("{insert} generate_series(1, {count}) AS n(i); ANALYZE {table}")
        })?;
    }
    Ok(())
}

/// Something that no two rows have.
fn digest(is_sqlite: bool) -> &'static str {
    match is_sqlite {
        true => "randomblob(32)",
        false => "decode(md5(i::text) || md5('x' || i), 'hex')",
    }
}
