//! What all pages and the API share. Knows no feature: who is calling is put into the request by
//! `callers`, and read from here.

mod agent;
mod answers;
mod assets;
mod csrf;
mod csv;
mod error_page;
mod flash;
mod form_errors;
mod forms;
mod frame;
mod idempotency;
mod json;
mod once;
mod page;
mod paging;
mod parts;
mod problem;
mod strict;
mod table;
mod token_cookie;
mod traffic;
mod visit;

pub use agent::program;
pub use answers::{answers, form_leads_to};
pub use assets::asset;
pub use csrf::Csrf;
pub use csv::{Sheet, as_meant};
pub use flash::{FLASH_COOKIE, Flash, Undo, browser_cookie, cookie_value};
pub use form_errors::{FormErrors, reason, spoken};
pub use forms::{FormCall, OwnCall, PostForm, Posted};
pub use frame::Frame;
pub use idempotency::{InProgress, forget_old as forget_old_answers};
pub use json::{BodyLimit, Call, Nothing, OpenCall, Params, Upload, created, ok, read_value, text};
pub use once::{FirstUse, UsedForms};
pub use page::{Page, render, show};
pub use paging::{ListQuery, Listed, PageLinks};
pub use problem::{FieldProblem, Problem, Telling, refused};
pub use strict::document;
pub use table::{Cells, Table};
pub use token_cookie::{TokenCookie, own_path};
pub use traffic::Traffic;
pub use visit::{Again, ApiCaller, Chrome, Guest, SignedIn, Viewer, Visit};

/// The largest body of a form or a JSON request, in bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;
