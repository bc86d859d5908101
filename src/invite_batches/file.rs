//! Reading a CSV file: what people export from a spreadsheet, or a clear word why not.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::lines::{Checked, Fault, Line};
use crate::error::Result;
use crate::groups::model::GroupName;
use crate::users::model::normal;
use crate::web::{Cells, Table};

/// The columns that a file may have, in any order.
pub(super) const COLUMNS: [&str; 6] = ["email", "name", "role", "groups", "message", "locale"];

const FILE: &str = "file";
const TABLE: Table = Table {
    field: FILE,
    columns: &COLUMNS,
    needed: &[("email", "no_email_column")],
};

/// Reads a file line by line. Groups are named, or given by their ids; `groups` are those that there are to give.
///
/// # Errors
/// What keeps the whole file from being read.
pub(super) fn read(
    bytes: &[u8],
    groups: &[GroupName],
    mut each: impl FnMut(Line) -> Result<()>,
) -> Result<()> {
    let ids: HashMap<String, &GroupName> = groups
        .iter()
        .map(|group| (normal(&group.name), group))
        .collect();
    let mut checked = Checked::default();
    TABLE.read(bytes, |cells| each(checked.line(one(&cells, &ids), FILE)?))?;
    checked.end(FILE)
}

fn one(cells: &Cells, ids: &HashMap<String, &GroupName>) -> Line {
    let mut body = Map::new();
    for (column, cell) in cells.filled() {
        match column {
            "name" => body.insert("traits".to_owned(), json!({ "name": cell })),
            "role" => body.insert("role".to_owned(), json!(cell.to_lowercase())),
            "groups" => body.insert("groups".to_owned(), named(cell, ids)),
            column => body.insert(column.to_owned(), json!(cell)),
        };
    }
    let mut line = Line::new(cells.line, body);
    if cells.too_many {
        line.fault = Some(Fault::Cells);
    }
    line
}

/// The groups of a cell, with `;` or `|` between them. A name that there is not stays as it is, and is refused with
/// its line.
fn named(cell: &str, ids: &HashMap<String, &GroupName>) -> Value {
    // A name may hold such a sign itself.
    if let Some(group) = ids.get(&normal(cell)) {
        return json!([group.id]);
    }
    let names = cell.split([';', '|']).map(str::trim);
    let names = names.filter(|name| !name.is_empty());
    names
        .map(|name| match ids.get(&normal(name)) {
            Some(group) => json!(group.id),
            None => json!(name),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Time;
    use crate::error::Error;
    use crate::ids::GroupId;
    use crate::invite_batches::model::MOST_LINES;

    fn lines_of(bytes: &[u8], groups: &[GroupName]) -> Vec<Line> {
        let mut lines = Vec::new();
        read(bytes, groups, |line| {
            lines.push(line);
            Ok(())
        })
        .unwrap();
        lines
    }

    fn refused(bytes: &[u8]) -> (String, Vec<(&'static str, String)>) {
        match read(bytes, &[], |_| Ok(())) {
            Err(Error::Invalid(faults)) => (faults[0].code.to_owned(), faults[0].args.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn files_are_read_as_spreadsheets_write_them() {
        let plain = "email,name\nada@example.org,Ada\n";
        for same in [
            plain,
            "\u{feff}email,name\r\nada@example.org,Ada\r\n",
            "Name;EMAIL\nAda;ada@example.org",
            "name\temail\n\n\"Ada\"\t ada@example.org \n\t\n",
            "email,name,message\nada@example.org,Ada\n",
            "email,name\nada@example.org,Ada,,\n",
            "email,name\r\rada@example.org,Ada\r",
        ] {
            let mut lines = lines_of(same.as_bytes(), &[]);
            assert_eq!(lines.len(), 1, "{same:?}");
            let line = lines.remove(0);
            assert_eq!((line.address(), line.name()), ("ada@example.org", "Ada"));
            assert_eq!(line.fault, None);
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_says_why() {
        let utf16: Vec<u8> = "email,name\nada@example.org,Ada\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let marked = [&[0xFF, 0xFE][..], &utf16].concat();
        let mut many = b"email\n".to_vec();
        for number in 0..=MOST_LINES {
            many.extend_from_slice(format!("p{number}@example.org\n").as_bytes());
        }
        for (bytes, code) in [
            (&utf16[..], "utf16"),
            (&marked[..], "utf16"),
            (b"email\nada@example.org\na\0b@example.org\n", "nul"),
            (b"email\n\xE9@example.org\n", "not_utf8"),
            (b"email\n\"ada@example.org\nbob@example.org\n", "open_quote"),
            (b"email,mail\nada@example.org,x\n", "unknown_column"),
            (b"email,Email\nada@example.org,x\n", "doubled_column"),
            (b"name\nAda\n", "no_email_column"),
            (b"", "no_lines"),
            (b"email\n\n", "no_lines"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "nul"),
            (&many[..], "too_many_lines"),
        ] {
            assert_eq!(
                refused(bytes).0,
                code,
                "{:?}",
                String::from_utf8_lossy(&bytes[..bytes.len().min(40)])
            );
        }
        let (_, args) = refused(b"email\nada@example.org\na\0b@example.org\n");
        assert_eq!(args, [("line", "3".to_owned())]);
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_is_told_with_its_line() {
        for (text, line) in [
            ("email,name\na@example.org,\"Ada\nb@example.org,Bob\n", 2),
            (
                "email,name\na@example.org,\"Ada\nb@example.org,\"Bob\"\n",
                2,
            ),
            (
                "email,name\na@example.org,\"two\nlines\"\nb@example.org,\"Bo\"b\n",
                4,
            ),
            ("\"email\",\"name\na@example.org,Ada\n", 1),
            ("email,name\ra@example.org,Ada\rb@example.org,\"Bob\r", 3),
        ] {
            let (code, args) = refused(text.as_bytes());
            let told = [("line", line.to_string())];
            assert_eq!(
                (code.as_str(), &args[..]),
                ("open_quote", &told[..]),
                "{text:?}"
            );
        }
        let text = "email,name\na@example.org,5\" Ada\nb@example.org,\"B \"\"x\"\" ob\" \n";
        let lines = lines_of(text.as_bytes(), &[]);
        let names: Vec<&str> = lines.iter().map(Line::name).collect();
        assert_eq!(names, ["5\" Ada", "B \"x\" ob"]);
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let text = "email,message\na@example.org,\"two\nlines\"\n\nb@example.org,x\nA@Example.org,y\nc@example.org,x,z\n";
        let lines = lines_of(text.as_bytes(), &[]);
        let told: Vec<_> = lines.iter().map(|line| (line.line, line.fault)).collect();
        let expected = [
            (2, None),
            (5, None),
            (6, Some(Fault::Doubled(2))),
            (7, Some(Fault::Cells)),
        ];
        assert_eq!(told, expected);
        assert_eq!(lines[0].body["message"], "two\nlines");
    }

    #[test]
    fn groups_are_named_or_given_by_their_ids() {
        let now = Time::from_micros(1_700_000_000_000_000);
        let group = |name: &str| GroupName {
            id: GroupId::new(now),
            name: name.to_owned(),
        };
        let groups = [group("Analysts"), group("R; D")];
        let (first, second) = (groups[0].id.to_string(), groups[1].id.to_string());
        let text = format!(
            "email,groups\na@example.org,analysts ; {second}|Nobody\nb@example.org,r; d\nc@example.org,\n"
        );
        let lines = lines_of(text.as_bytes(), &groups);
        assert_eq!(lines[0].body["groups"], json!([first, second, "Nobody"]));
        assert_eq!(lines[1].body["groups"], json!([second]));
        assert!(!lines[2].body.contains_key("groups"));
        assert!(lines[0].read().is_err());
    }

    #[test]
    fn a_table_that_was_made_neutral_reads_as_it_was_meant() {
        let text = b"email,name\na@example.org,'=1+1\nb@example.org,'til\n";
        let lines = lines_of(text, &[]);
        assert_eq!((lines[0].name(), lines[1].name()), ("=1+1", "'til"));
    }
}
