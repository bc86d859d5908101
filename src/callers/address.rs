//! Under which name and from which address a request came.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HOST, HeaderName, LOCATION};

use super::header;
use crate::app::App;
use crate::clock::{Span, Time, hours};

/// The address of the client, trusted proxies looked through from the last one on.
pub(super) fn client_ip(app: &App, request: &ServiceRequest) -> Option<IpAddr> {
    let mut ip = request.peer_addr()?.ip().to_canonical();
    // Some proxies add a line of their own below the one that came with the request.
    let lines: Vec<&str> = request
        .headers()
        .get_all(HeaderName::from_static("x-forwarded-for"))
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !app.config.trusted_proxies.contains(ip) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(before) => ip = before.to_canonical(),
            Err(_) => break,
        }
    }
    Some(ip)
}

/// On loopback `localhost`, `127.0.0.1` and `[::1]` are one site; its cookies live under one name.
pub(super) fn other_loopback_name(app: &App, request: &ServiceRequest) -> Option<HttpResponse> {
    let url = &app.config.public_url;
    let host = header(request, HOST);
    let elsewhere = request.method().is_safe() && url.is_loopback_alias(host);
    elsewhere.then(|| {
        // The path alone: a request line may hold a whole address.
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let to = format!("{}{path}", url.origin());
        HttpResponse::TemporaryRedirect()
            .insert_header((LOCATION, to))
            .finish()
    })
}

/// The last request that came under a name which is not this site's, for the warning in the console:
/// links are made of the public URL alone, so people would be led to another name than they opened.
#[derive(Default)]
pub(super) struct OtherName(Mutex<Option<(String, Time)>>);

/// How long the console warns of one.
const WARNED: Span = hours(1);

impl OtherName {
    /// Remembers the name that a request came under, when it is not this site's.
    pub(super) fn note(&self, app: &App, request: &ServiceRequest) {
        let host = header(request, HOST);
        if app.config.public_url.is_own_host(host) {
            return;
        }
        // Whoever sends the request wrote it; a page shows it, so it is held to a name's form and length.
        let shown =
            |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        let host: String = host.chars().filter(shown).take(100).collect();
        if !host.is_empty() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((host, app.clock.now()));
        }
    }

    /// That name, while it is to be warned of.
    pub(super) fn recent(&self, now: Time) -> Option<String> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = last.as_ref().filter(|(_, at)| now - *at < WARNED);
        recent.map(|(host, _)| host.clone())
    }
}
