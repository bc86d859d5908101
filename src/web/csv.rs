//! Tables for download: CSV whose cells no spreadsheet takes for formulas.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use csv::{Terminator, Writer, WriterBuilder};

use crate::error::{Error, Result};

/// A table that is being written.
pub struct Sheet {
    rows: Writer<Vec<u8>>,
}

impl Sheet {
    /// With the names of its columns.
    ///
    /// # Errors
    /// Never in memory.
    pub fn new(columns: &[&str]) -> Result<Self> {
        let mut sheet = Self::more();
        sheet.row(columns)?;
        Ok(sheet)
    }

    /// Goes on with a table whose first rows are written already.
    pub fn more() -> Self {
        let rows = WriterBuilder::new()
            .terminator(Terminator::CRLF)
            .from_writer(Vec::new());
        Self { rows }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When it has not as many cells as there are columns.
    pub fn row(&mut self, cells: &[&str]) -> Result<()> {
        let cells = cells.iter().map(|cell| neutral(cell));
        self.rows.write_record(cells).map_err(Error::internal)
    }

    /// The table as it stands in a file.
    ///
    /// # Errors
    /// Never in memory.
    pub fn finish(self) -> Result<Vec<u8>> {
        self.rows
            .into_inner()
            .map_err(|why| Error::internal(why.to_string()))
    }

    /// An answer that is saved as a file of that name.
    ///
    /// # Errors
    /// As [`Sheet::finish`].
    pub fn download(self, name: &str) -> Result<HttpResponse> {
        Ok(Self::file(name).body(self.finish()?))
    }

    /// The head of an answer that is saved as a file of that name.
    pub fn file(name: &str) -> HttpResponseBuilder {
        let mut answer = HttpResponse::Ok();
        let saved = format!("attachment; filename=\"{name}\"");
        answer
            .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
            .insert_header((CONTENT_DISPOSITION, saved));
        answer
    }
}

/// What makes a spreadsheet take a cell for a formula when it stands first.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that a spreadsheet shows and does not reckon.
fn neutral(cell: &str) -> String {
    if cell.starts_with(FORMULA) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// The cell that was made [`neutral`], for who reads such a table back.
pub fn as_meant(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_could_be_formulas_are_neutral_and_read_back() {
        let cells = [
            "=1+1", "+49", "-2", "@SUM(A1)", "\t=1", "\r=1", "plain", "a=b", "O'Neil",
        ];
        let mut sheet = Sheet::new(&["a"; 9]).unwrap();
        sheet.row(&cells).unwrap();
        let text = sheet.finish().unwrap();
        let mut reader = csv::Reader::from_reader(&text[..]);
        let row = reader.records().next().unwrap().unwrap();
        for (cell, written) in cells.iter().zip(row.iter()) {
            assert!(!written.starts_with(FORMULA), "{written:?}");
            assert_eq!(as_meant(written), *cell);
        }
        assert_eq!(&row[7], "a=b");
    }
}
