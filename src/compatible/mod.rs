//! Clients of other systems: what they send is understood, and what they read is answered.
//!
//! Each system is a file or a folder of this room, and holds all that is known here of its clients: the bodies that they send,
//! the form in which they read refusals, and handlers that turn the one into an input of ours and call the same action as the
//! API. So they meet the same limits and leave the same audit entries and events. A system that nobody needs any more
//! is deleted with its file, its rows in `src/routes.rs` and its line here.
//!
//! Where a system has calls at addresses of pages, or takes a session beside keys, both are rows of the route table. A request that
//! names a key gets the call, any other the row beside it: see [`crate::callers`]. Query parameters that nobody knows are passed over, as the clients expect it.

pub mod aleph;
pub mod kratos;

use actix_web::dev::ServiceRequest;

use crate::web::Telling;

/// A system whose clients are understood.
#[derive(Debug)]
pub struct System {
    /// The patterns of its addresses, as the route table has them.
    pub paths: &'static [&'static str],
    /// How its clients are told of errors.
    pub telling: Telling,
    /// Whether its clients may send a key in `Authorization` without a word before it.
    pub takes_bare_keys: bool,
}

/// Every system.
pub const SYSTEMS: [&System; 2] = [&aleph::SYSTEM, &kratos::SYSTEM];

/// The system that the address of a request belongs to.
pub fn system(request: &ServiceRequest) -> Option<&'static System> {
    let near = |pattern: &str| {
        let start = pattern.split('{').next().unwrap_or_default();
        request.path().starts_with(start)
    };
    let may_be = |system: &&System| system.paths.iter().any(|pattern| near(pattern));
    if !SYSTEMS.iter().any(may_be) {
        return None;
    }
    let pattern = request.match_pattern()?;
    let found = SYSTEMS
        .iter()
        .find(|system| system.paths.contains(&&*pattern));
    found.copied()
}
