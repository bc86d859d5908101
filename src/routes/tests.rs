use std::collections::BTreeSet;

use super::*;
use crate::compatible;

/// Whether programs call a route: then it is described.
fn is_for_programs(route: &Route) -> bool {
    // Beside a call for clients of another system stands a page, or what those do as who is signed in.
    if of_a_system(route) {
        return route.who.is_keyed();
    }
    [
        "/api/",
        "/self-service/",
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/metrics",
        "/gate",
        OAUTH,
    ]
    .iter()
    .any(|start| route.path.starts_with(start))
}

/// Where refusals have the form of OAuth.
const OAUTH: &str = tokens::PATHS;

/// Whether clients of another system call at this address.
fn of_a_system(route: &Route) -> bool {
    let mut systems = compatible::SYSTEMS.iter();
    systems.any(|system| system.paths.contains(&route.path))
}

#[test]
fn every_route_for_programs_is_described_and_no_page_is() {
    for route in routes() {
        let name = format!("{} {}", route.method, route.path);
        assert_eq!(route.doc.is_some(), is_for_programs(&route), "{name}");
        let starts = |start: &&str| route.path.starts_with(*start);
        let wants_key = ["/api/", OAUTH, "/metrics", "/gate"].iter().any(starts);
        // The key in the body is the proof.
        let wants_key = wants_key && route.path != "/api/v1/leaked-keys";
        // Where clients of another system call, a page may stand beside.
        if !of_a_system(&route) {
            assert_eq!(route.who.is_keyed(), wants_key, "{name}");
        }
    }
}

#[test]
fn no_two_rows_are_the_same() {
    let all = routes();
    let names: BTreeSet<_> = all
        .iter()
        .map(|route| (route.path, route.method.as_str(), route.who.is_keyed()))
        .collect();
    assert_eq!(names.len(), all.len());
}

#[test]
fn a_call_stands_beside_a_page_where_the_clients_of_a_system_want_it_and_nowhere_else() {
    let all = routes();
    for route in &all {
        let name = format!("{} {}", route.method, route.path);
        let mut others = all.iter().filter(|other| other.path == route.path);
        let both = others.any(|other| other.who.is_keyed() != route.who.is_keyed());
        assert!(!both || of_a_system(route), "{name}");
        // What is open to anybody would be open on both sides.
        assert!(!both || route.who != Who::Anyone, "{name}");
        let speaks = route.doc.is_some_and(|doc| doc.dialect.is_some());
        let has_dialect = of_a_system(route) || route.path.starts_with(OAUTH);
        assert_eq!(speaks, has_dialect && route.who.is_keyed(), "{name}");
    }
    for path in compatible::SYSTEMS.iter().flat_map(|system| system.paths) {
        assert!(
            all.iter()
                .any(|route| route.path == *path && route.who.is_keyed()),
            "{path}"
        );
    }
}
