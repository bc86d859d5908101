//! The lines of a batch: as they were sent, and as invites to be made.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::model::{MOST_LINES, PIECE};
use crate::access::Role;
use crate::error::{Code, Error, FieldError, Result};
use crate::ids::GroupId;
use crate::invites::NewInviteBody;
use crate::invites::model::NewInvite;
use crate::users::model::Address;
use crate::web::read_value;

/// A line as it was sent: an invite as a program would ask for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    /// Where it stands, from 1 on.
    pub(super) line: u32,
    /// What is wrong with it as a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<Fault>,
    pub(super) body: Map<String, Value>,
}

/// What is wrong with a line whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fault {
    /// An earlier line has its address.
    Doubled(u32),
    /// It has more cells than there are columns.
    Cells,
}

impl Line {
    pub(super) const fn new(line: u32, body: Map<String, Value>) -> Self {
        Self {
            line,
            fault: None,
            body,
        }
    }

    fn text(&self, field: &str) -> &str {
        let value = self.body.get(field).and_then(Value::as_str);
        value.unwrap_or_default()
    }

    /// The address that it names.
    pub(super) fn address(&self) -> &str {
        match self.text("email") {
            "" => self.text("phone"),
            email => email,
        }
    }

    /// The name that it gives the person.
    pub(super) fn name(&self) -> &str {
        let name = self
            .body
            .get("traits")
            .and_then(|traits| traits.get("name"));
        name.and_then(Value::as_str).unwrap_or_default()
    }

    /// The invite that it asks for.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(&self) -> Result<NewInvite> {
        match self.fault {
            Some(Fault::Doubled(line)) => {
                return Err(FieldError::new("email", "doubled")
                    .with("line", line)
                    .into());
            }
            Some(Fault::Cells) => return Err(FieldError::new("line", "too_many_cells").into()),
            None => {}
        }
        // A single invite without an address would be an open link.
        if !["email", "phone"]
            .iter()
            .any(|field| self.body.contains_key(*field))
        {
            return Err(FieldError::new("email", "required").into());
        }
        // Said as of a single invite, and not that the value is of the wrong type.
        if let Some(role) = self.body.get("role").and_then(Value::as_str)
            && role.parse::<Role>().is_err()
        {
            return Err(FieldError::new("role", "not_a_choice").into());
        }
        let groups = self.body.get("groups").and_then(Value::as_array);
        let mut groups = groups.into_iter().flatten().filter_map(Value::as_str);
        if groups.any(|group| group.parse::<GroupId>().is_err()) {
            return Code::GroupNotGrantable.refuse();
        }
        let body: NewInviteBody = read_value(&Value::Object(self.body.clone()))?;
        NewInvite::try_from(&body)
    }
}

/// Lines with what holds for all of them: it stands wherever a line says nothing else.
pub(super) fn of_rows(
    defaults: &Map<String, Value>,
    rows: Vec<Map<String, Value>>,
) -> Result<Vec<Line>> {
    let lines = rows.into_iter().zip(1..).map(|(mut row, line)| {
        for (field, value) in defaults {
            let is_other_address = match field.as_str() {
                "email" => row.contains_key("phone"),
                "phone" => row.contains_key("email"),
                _ => false,
            };
            if !is_other_address && !row.contains_key(field) {
                row.insert(field.clone(), value.clone());
            }
        }
        Line::new(line, row)
    });
    checked(lines.collect(), "rows")
}

/// Lines as they can become a batch: not too many, and each address once.
pub(super) fn checked(mut lines: Vec<Line>, field: &'static str) -> Result<Vec<Line>> {
    if lines.is_empty() {
        return Err(FieldError::new(field, "no_lines").into());
    }
    if lines.len() > MOST_LINES {
        return Err(too_many(field));
    }
    let mut seen: HashMap<String, u32> = HashMap::with_capacity(lines.len());
    for line in &mut lines {
        let norm = Address::normal(line.address());
        if norm.is_empty() {
            continue;
        }
        match seen.get(&norm) {
            Some(first) => line.fault = line.fault.or(Some(Fault::Doubled(*first))),
            None => {
                seen.insert(norm, line.line);
            }
        }
    }
    Ok(lines)
}

pub(super) fn too_many(field: &'static str) -> Error {
    let fault = FieldError::new(field, "too_many_lines");
    fault.with("max", MOST_LINES).into()
}

/// The lines as they are kept until they are done with, a few hundred in a piece.
pub(super) fn pieces(lines: &[Line]) -> Result<Vec<String>> {
    let pieces = lines.chunks(PIECE);
    pieces
        .map(|some| serde_json::to_string(some).map_err(Error::internal))
        .collect()
}

/// The lines of a piece.
pub(super) fn of_piece(text: &str) -> Result<Vec<Line>> {
    serde_json::from_str(text).map_err(Error::internal)
}
