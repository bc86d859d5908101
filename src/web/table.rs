//! Tables that people send: CSV as spreadsheets write it, read line by line, or a clear word why not.

use std::borrow::Cow;

use csv::{ByteRecord, Position, ReaderBuilder};

use super::as_meant;
use crate::error::{FieldError, Result};

/// What a table looks like.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The field that faults of the whole table are told of.
    pub field: &'static str,
    /// The columns that it may have, in any order.
    pub columns: &'static [&'static str],
    /// Those that it must have, each with the code of its absence.
    pub needed: &'static [(&'static str, &'static str)],
}

/// One line of a table.
#[derive(Clone, Debug)]
pub struct Cells {
    /// Where it stands, as an editor counts: the head is line 1.
    pub line: u32,
    /// Whether it has more cells than there are columns.
    pub too_many: bool,
    cells: Vec<(&'static str, String)>,
}

impl Cells {
    /// The cells that hold something, each with its column.
    pub fn filled(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.cells.iter().map(|(column, cell)| (*column, &**cell))
    }

    /// What stands in a column; empty when nothing does.
    pub fn get(&self, column: &str) -> &str {
        let mut filled = self.filled();
        let cell = filled.find(|(name, _)| *name == column);
        cell.map_or("", |(_, cell)| cell)
    }
}

impl Table {
    /// Reads a table line by line; empty lines are passed over.
    ///
    /// # Errors
    /// `invalid_input` with what keeps the whole table from being read, and what `each` answers.
    pub fn read(&self, bytes: &[u8], mut each: impl FnMut(Cells) -> Result<()>) -> Result<()> {
        let text = &*self.text(bytes)?;
        let delimiter = delimiter(text);
        // Else all that follows would silently be part of one cell.
        if let Some(line) = open_quote(text, delimiter) {
            return Err(self.fault("open_quote").with("line", line).into());
        }
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        let mut record = ByteRecord::new();
        let broken = |_| self.fault("not_csv");
        if !reader.read_byte_record(&mut record).map_err(broken)? {
            return Err(self.fault("no_lines").into());
        }
        let columns = self.head(&record)?;
        let (mut counted, mut line) = (0, 1);
        while reader.read_byte_record(&mut record).map_err(broken)? {
            if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            // A record begins behind the empty lines before it.
            let begin = record.position().map_or(0, Position::byte);
            let begin = usize::try_from(begin).unwrap_or(usize::MAX);
            let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
            let rest = text.as_bytes().get(begin..).unwrap_or_default();
            let begin = begin + rest.iter().take_while(|byte| is_end(byte)).count();
            let passed = text.as_bytes().get(counted..begin).unwrap_or_default();
            let ends = passed.iter().filter(|byte| **byte == b'\n').count();
            line += u32::try_from(ends).unwrap_or(0);
            counted = begin;
            each(cells(&record, &columns, line))?;
        }
        Ok(())
    }

    fn fault(&self, code: &'static str) -> FieldError {
        FieldError::new(self.field, code)
    }

    /// The text of a file, without its mark, its lines ending as anywhere else: old programs end them with CR alone.
    fn text<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, str>, FieldError> {
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err(self.fault("utf16"));
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let line_of = |at: usize| 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
        if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
            // Without its mark: every other byte of plain words is none.
            let every_other = bytes.iter().take(200).filter(|byte| **byte == 0).count() * 3;
            if every_other > bytes.len().min(200) {
                return Err(self.fault("utf16"));
            }
            return Err(self.fault("nul").with("line", line_of(at)));
        }
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|why| {
            self.fault("not_utf8")
                .with("line", line_of(why.valid_up_to()))
        })?;
        Ok(match text.contains('\n') {
            true => Cow::Borrowed(text),
            false => Cow::Owned(text.replace('\r', "\n")),
        })
    }

    /// Which column each cell is of.
    fn head(&self, head: &ByteRecord) -> Result<Vec<&'static str>, FieldError> {
        let mut columns = Vec::with_capacity(head.len());
        for cell in head {
            let name = String::from_utf8_lossy(cell).trim().to_lowercase();
            let known = self.columns.iter().find(|column| **column == name);
            let Some(known) = known else {
                let name: String = name.chars().take(40).collect();
                let columns = self.columns.join(", ");
                return Err(self
                    .fault("unknown_column")
                    .with("name", name)
                    .with("columns", columns));
            };
            if columns.contains(known) {
                return Err(self.fault("doubled_column").with("name", known));
            }
            columns.push(*known);
        }
        let missing = |(column, _): &&(&'static str, _)| !columns.contains(column);
        match self.needed.iter().find(missing) {
            Some((_, code)) => Err(self.fault(code)),
            None => Ok(columns),
        }
    }
}

fn cells(record: &ByteRecord, columns: &[&'static str], line: u32) -> Cells {
    let cell = |(column, cell): (&&'static str, &[u8])| {
        let cell = String::from_utf8_lossy(cell);
        let cell = as_meant(cell.trim());
        (!cell.is_empty()).then(|| (*column, cell.to_owned()))
    };
    let mut beyond = record.iter().skip(columns.len());
    Cells {
        line,
        too_many: beyond.any(|cell| !cell.trim_ascii().is_empty()),
        cells: columns.iter().zip(record).filter_map(cell).collect(),
    }
}

/// The line of the first quotation mark that opens a cell and is not closed at its end.
fn open_quote(text: &str, delimiter: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut line, mut opened) = (0, 1, None);
    let mut cell_begins = true;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        let is_quote = *byte == b'"';
        let next = bytes.get(at);
        match opened {
            None if is_quote && cell_begins => opened = Some(line),
            // Two of them stand for one.
            Some(_) if is_quote && next == Some(&b'"') => at += 1,
            Some(_) if is_quote => {
                let rest = bytes.get(at..).unwrap_or_default();
                let after = rest.iter().find(|byte| **byte != b' ');
                if !after.is_none_or(|byte| *byte == delimiter || b"\r\n".contains(byte)) {
                    return opened;
                }
                opened = None;
            }
            _ => {}
        }
        cell_begins = *byte == delimiter || b"\r\n".contains(byte);
        line += usize::from(*byte == b'\n');
    }
    opened
}

/// What separates the cells, by what the first line has most of.
fn delimiter(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or_default();
    let count = |delimiter: &u8| head.bytes().filter(|byte| byte == delimiter).count();
    // The last of equals, so a comma when there is none at all.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(count)
        .unwrap_or(b',')
}
