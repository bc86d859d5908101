//! What stands around the content of a page. Two templates of their own: in each page they would be compiled once more, which were
//! a thirtieth of the program.

use askama::Template;

use super::page::Page;

/// Which frame a page stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Navigation, status bars and footer, for who is signed in.
    Console,
    /// A card alone: set-up, sign-in, recovery, accepting an invite, errors.
    Plain,
    /// Nothing: the page brings its own.
    Bare,
}

/// From the first byte of a page to its content.
#[derive(Template)]
#[template(path = "frame/above.html")]
pub struct Above<'a> {
    page: &'a Page,
    frame: Frame,
}

/// From its content to the last byte.
#[derive(Template)]
#[template(path = "frame/below.html")]
pub struct Below<'a> {
    page: &'a Page,
    frame: Frame,
}

impl Page {
    /// What stands above the content.
    pub fn above(&self, frame: Frame) -> Above<'_> {
        Above { page: self, frame }
    }

    /// What stands below the content.
    pub fn below(&self, frame: Frame) -> Below<'_> {
        Below { page: self, frame }
    }
}
