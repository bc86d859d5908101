//! The bytes of an entry, which its seal is made of.

use serde_json::Value;

use crate::audit::model::Row;

/// The bytes of an entry: each part with its length before it, so that no two entries read the same,
/// and JSON in one spelling, because PostgreSQL keeps the meaning of a document but not its letters.
pub(super) fn put_row(data: &mut Vec<u8>, seq: i64, row: &Row) {
    data.extend(seq.to_be_bytes());
    data.extend(row.at.as_micros().to_be_bytes());
    let texts = [
        Some(row.id.as_str()),
        Some(&row.actor_kind),
        row.actor_id.as_deref(),
        Some(&row.action),
        Some(&row.target_kind),
        Some(&row.target_id),
        Some(&row.result),
        row.ip.as_deref(),
        Some(&row.request_id),
    ];
    for text in texts {
        match text {
            Some(text) => {
                data.push(1);
                put(data, text.as_bytes());
            }
            None => data.push(0),
        }
    }
    for json in [&row.before, &row.after] {
        let mut text = String::new();
        spell(&mut text, &json.0);
        put(data, text.as_bytes());
    }
}

fn put(data: &mut Vec<u8>, bytes: &[u8]) {
    data.extend((bytes.len() as u64).to_be_bytes());
    data.extend(bytes);
}

/// Writes JSON with the fields of each object in the order of their names.
fn spell(out: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                spell(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                spell(out, &Value::String(name.clone()));
                out.push(':');
                spell(out, value);
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}
