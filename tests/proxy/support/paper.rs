//! The configurations that the paper shows.

use super::repository;

/// The block of a language in `docs/behind-a-proxy.md`, with parts of it in place of others, each of which it has to hold.
pub fn configuration(language: &str, changes: &[(&str, &str)]) -> String {
    let paper = std::fs::read_to_string(repository("docs/behind-a-proxy.md")).unwrap();
    let (_, rest) = paper.split_once(&format!("```{language}\n")).unwrap();
    let (block, rest) = rest.split_once("```").unwrap();
    assert!(
        !rest.contains(&format!("```{language}\n")),
        "which of the blocks in {language} is meant?"
    );
    changes.iter().fold(block.to_owned(), |block, (from, to)| {
        assert!(block.contains(from), "{from:?} is not in {block}");
        block.replace(from, to)
    })
}
