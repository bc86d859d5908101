//! The lines of a batch: as they were sent, and as invites to be made.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::model::{LARGEST_DEFAULTS, MOST_LINES, PIECE};
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
    /// What holds wherever it says nothing else: one for all lines of a body.
    #[serde(skip)]
    defaults: Arc<Map<String, Value>>,
}

/// Some lines as they are kept.
#[derive(Serialize)]
struct Piece<'a> {
    defaults: &'a Map<String, Value>,
    lines: &'a [Line],
}

/// A piece as it is read again.
#[derive(Deserialize)]
struct Kept {
    defaults: Map<String, Value>,
    lines: Vec<Line>,
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
    pub(super) fn new(line: u32, body: Map<String, Value>) -> Self {
        Self {
            line,
            fault: None,
            body,
            defaults: Arc::default(),
        }
    }

    /// What it says of a field, or what holds for all lines.
    pub(super) fn get(&self, field: &str) -> Option<&Value> {
        self.body.get(field).or_else(|| self.default(field))
    }

    fn default(&self, field: &str) -> Option<&Value> {
        let other_address = match field {
            "email" => "phone",
            "phone" => "email",
            _ => "",
        };
        let value = self.defaults.get(field);
        value.filter(|_| !self.body.contains_key(other_address))
    }

    /// All that it says, with what holds for all lines.
    fn whole(&self) -> Value {
        let mut whole = self.body.clone();
        for field in self.defaults.keys() {
            if let (false, Some(value)) = (whole.contains_key(field), self.default(field)) {
                whole.insert(field.clone(), value.clone());
            }
        }
        Value::Object(whole)
    }

    fn text(&self, field: &str) -> &str {
        self.get(field).and_then(Value::as_str).unwrap_or_default()
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
        let name = self.get("traits").and_then(|traits| traits.get("name"));
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
        if self.get("email").or_else(|| self.get("phone")).is_none() {
            return Err(FieldError::new("email", "required").into());
        }
        // Said as of a single invite, and not that the value is of the wrong type.
        if let Some(role) = self.get("role").and_then(Value::as_str)
            && role.parse::<Role>().is_err()
        {
            return Err(FieldError::new("role", "not_a_choice").into());
        }
        let groups = self.get("groups").and_then(Value::as_array);
        let mut groups = groups.into_iter().flatten().filter_map(Value::as_str);
        if groups.any(|group| group.parse::<GroupId>().is_err()) {
            return Code::GroupNotGrantable.refuse();
        }
        let body: NewInviteBody = read_value(&self.whole())?;
        NewInvite::try_from(&body)
    }
}

/// Lines with what holds for all of them: it stands wherever a line says nothing else. `field` is where the rows come from.
pub(super) fn of_rows(
    field: &'static str,
    defaults: Map<String, Value>,
    rows: Vec<Map<String, Value>>,
) -> Result<Vec<Line>> {
    if rows.len() > MOST_LINES {
        return Err(too_many(field));
    }
    let size = serde_json::to_string(&defaults).map_err(Error::internal)?;
    if size.len() > LARGEST_DEFAULTS {
        let fault = FieldError::new("defaults", "too_long");
        return Err(fault.with("max", LARGEST_DEFAULTS).into());
    }
    let defaults = Arc::new(defaults);
    let lines = rows.into_iter().zip(1..).map(|(row, line)| Line {
        defaults: defaults.clone(),
        ..Line::new(line, row)
    });
    let mut checked = Checked::default();
    let lines = lines
        .map(|line| checked.line(line, field))
        .collect::<Result<_>>()?;
    checked.end(field)?;
    Ok(lines)
}

/// Looks at lines as they come: a batch has at least one, and each address once.
#[derive(Default)]
pub(super) struct Checked {
    count: usize,
    seen: HashMap<String, u32>,
}

impl Checked {
    /// The line, with its fault when an earlier one has its address.
    pub(super) fn line(&mut self, mut line: Line, field: &'static str) -> Result<Line> {
        if self.count == MOST_LINES {
            return Err(too_many(field));
        }
        self.count += 1;
        let norm = Address::normal(line.address());
        if norm.is_empty() {
            return Ok(line);
        }
        match self.seen.get(&norm) {
            Some(first) => line.fault = line.fault.or(Some(Fault::Doubled(*first))),
            None => {
                self.seen.insert(norm, line.line);
            }
        }
        Ok(line)
    }

    /// Makes sure that there was one.
    pub(super) fn end(&self, field: &'static str) -> Result<()> {
        match self.count {
            0 => Err(FieldError::new(field, "no_lines").into()),
            _ => Ok(()),
        }
    }
}

pub(super) fn too_many(field: &'static str) -> Error {
    let fault = FieldError::new(field, "too_many_lines");
    fault.with("max", MOST_LINES).into()
}

/// Lines as they are kept until they are done with, a few hundred in a piece.
#[derive(Default)]
pub(super) struct Pieces {
    waiting: Vec<Line>,
    /// How many lines there are.
    pub(super) count: usize,
    done: Vec<String>,
}

impl Pieces {
    /// One line more.
    pub(super) fn add(&mut self, line: Line) -> Result<()> {
        self.waiting.push(line);
        self.count += 1;
        match self.waiting.len() {
            PIECE => self.close(),
            _ => Ok(()),
        }
    }

    fn close(&mut self) -> Result<()> {
        let Some(first) = self.waiting.first() else {
            return Ok(());
        };
        let piece = Piece {
            defaults: &first.defaults,
            lines: &self.waiting,
        };
        self.done
            .push(serde_json::to_string(&piece).map_err(Error::internal)?);
        self.waiting.clear();
        Ok(())
    }

    /// All of them.
    pub(super) fn end(mut self) -> Result<Vec<String>> {
        self.close()?;
        Ok(self.done)
    }
}

/// The lines of a piece.
pub(super) fn of_piece(text: &str) -> Result<Vec<Line>> {
    let Kept { defaults, lines } = serde_json::from_str(text).map_err(Error::internal)?;
    let defaults = Arc::new(defaults);
    let lines = lines.into_iter().map(|line| Line {
        defaults: defaults.clone(),
        ..line
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn what_holds_for_all_lines_is_there_once_and_kept_once_in_a_piece() {
        let defaults = map(json!({ "message": "Come.", "phone": "+351215550100" }));
        let rows = (0..=PIECE).map(|row| map(json!({ "email": format!("p{row}@example.org") })));
        let lines = of_rows("rows", defaults, rows.collect()).unwrap();
        let all_one = |lines: &[Line]| {
            let first = &lines[0].defaults;
            lines.iter().all(|line| Arc::ptr_eq(first, &line.defaults))
        };
        assert!(all_one(&lines));
        let mut pieces = Pieces::default();
        for line in lines.clone() {
            pieces.add(line).unwrap();
        }
        assert_eq!(pieces.count, PIECE + 1);
        let pieces = pieces.end().unwrap();
        assert_eq!(pieces.len(), 2);
        for piece in &pieces {
            assert_eq!(piece.matches("Come.").count(), 1);
        }
        let again = of_piece(&pieces[0]).unwrap();
        assert!(all_one(&again));
        assert_eq!(again, lines[..PIECE]);
        assert_eq!(
            again[7].whole(),
            json!({ "email": "p7@example.org", "message": "Come." })
        );
    }

    #[test]
    fn rows_are_counted_and_what_holds_for_all_is_measured_before_anything_is_made() {
        let code = |defaults: Value, rows: usize| match of_rows(
            "rows",
            map(defaults),
            vec![Map::new(); rows],
        ) {
            Err(Error::Invalid(faults)) => (faults[0].field.clone(), faults[0].code),
            other => panic!("{:?}", other.map(|lines| lines.len())),
        };
        let large = json!({ "message": "x".repeat(LARGEST_DEFAULTS) });
        assert_eq!(code(large.clone(), 1), ("defaults".to_owned(), "too_long"));
        assert_eq!(code(large, MOST_LINES + 1).1, "too_many_lines");
        assert_eq!(code(json!({}), 0).1, "no_lines");
    }
}
