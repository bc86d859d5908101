//! Who acts is looked at again in the transaction that acts: handlers write through the caller.

use super::sources::{none, rust};

/// Files that open a transaction by themselves: which, and why that is right.
const WITHOUT_A_CALLER: [(&str, &str); 12] = [
    (
        "src/api_keys/leaked.rs",
        "the key itself is the proof: whoever holds it may end it",
    ),
    ("src/codes/mod.rs", "pays for a try, whoever makes it"),
    (
        "src/invites/acceptance/pages.rs",
        "the token of the invite is the proof; who is signed in is looked at again",
    ),
    (
        "src/invites/acceptance/proof.rs",
        "anybody with the link asks for a code",
    ),
    (
        "src/sign_in/code.rs",
        "the code is the proof, and taken in the transaction",
    ),
    (
        "src/sign_in/password.rs",
        "the password is the proof, and held in the transaction",
    ),
    (
        "src/sign_in/recovery_pages.rs",
        "anybody asks for a link; the link is the proof",
    ),
    ("src/sign_in/register.rs", "anybody asks for a code"),
    (
        "src/sign_in/register_pages.rs",
        "the code is the proof, and taken in the transaction",
    ),
    ("src/sign_in/setup_pages.rs", "the link is the proof"),
    ("src/users/verification_pages.rs", "the link is the proof"),
    ("src/web/visit.rs", "the two ways that everybody else takes"),
];

#[test]
fn handlers_write_through_the_caller() {
    let mut found = Vec::new();
    let mut used = Vec::new();
    for source in rust("src") {
        let squeezed: String = source.code.split_whitespace().collect();
        if !squeezed.contains("db.write(") {
            continue;
        }
        let known = WITHOUT_A_CALLER
            .iter()
            .find(|(path, _)| *path == source.path);
        match known {
            Some((path, _)) => used.push(*path),
            None => found.push(source.path),
        }
    }
    none(
        "files that write with an actor nobody looked at again: take SignedIn::write, ApiCaller::write or Call::run",
        &found,
    );
    assert_eq!(used, WITHOUT_A_CALLER.map(|(path, _)| path));
}
