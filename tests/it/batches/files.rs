//! Files that are not what they should be.

use super::{PATH, people, sent};
use crate::support::app::TestApp;

#[test]
fn a_file_that_cannot_be_read_is_refused_with_a_word_and_makes_nothing() {
    let app = TestApp::start();
    let api = app.api();
    let utf16: Vec<u8> = "\u{feff}email\nada@example.org\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let many = people(0, 10_001);
    for (file, code, says) in [
        (&utf16[..], "utf16", "UTF-8"),
        (
            b"email\nada@example.org\nb\0b@example.org\n",
            "nul",
            "Line 3",
        ),
        (
            b"email,phone\nada@example.org,\n",
            "unknown_column",
            "phone",
        ),
        (
            b"ada@example.org\nbob@example.org\n",
            "unknown_column",
            "email, name",
        ),
        (many.as_bytes(), "too_many_lines", "10"),
        (b"", "no_lines", "nobody"),
    ] {
        for path in [PATH.to_owned(), format!("{PATH}?dry_run=true")] {
            let answer = api.send("POST", &path, &[("content-type", "text/csv")], Some(file));
            let answer = answer.is(422).json();
            let error = &answer["errors"][0];
            assert_eq!(
                (&error["field"], &error["code"]),
                (&"file".into(), &code.into())
            );
            let detail = error["detail"].as_str().unwrap();
            assert!(detail.contains(says), "{detail}");
        }
    }
    assert_eq!(super::invites(&app), 0);
}

#[test]
fn what_was_in_the_file_comes_back_as_words_and_never_as_a_formula() {
    let app = TestApp::start();
    let api = app.api();
    let file = "email,name\n\
        \"=cmd|'/c calc'!A1\",+1\n\
        ada@example.org,@SUM(A1)\n\
        \"<script>alert(1)</script>\",-2\n";
    let batch = sent(&api, file);
    assert_eq!(super::counts(&batch), [1, 0, 0, 2]);
    let results = api.get(&format!(
        "{PATH}/{}/results.csv",
        batch["id"].as_str().unwrap()
    ));
    for row in super::csv_rows(&results.is(200).body) {
        for cell in row {
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                "{cell}"
            );
        }
    }
    app.mails();
}
