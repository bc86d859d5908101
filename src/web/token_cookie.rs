//! The token of a link from a mail: moved out of the address into a short cookie at the first look, so
//! that it stands in no history, log or referrer. The cookie holds the token sealed, has no row behind
//! it, and authorises nothing by itself: every use looks the token up.

use actix_web::cookie::Cookie;
use actix_web::cookie::time::Duration;
use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::flash::{browser_cookie, cookie_value};
use crate::app::App;
use crate::clock::{Span, Time, minutes};
use crate::error::{Error, Result};
use crate::secret::Place;

/// How long the cookie is good; each POST renews it.
const LIFETIME: Span = minutes(60);
/// The longest token, or address to which a code was sent, worth keeping.
const LONGEST: usize = 400;

/// The cookie of one link.
#[derive(Clone, Debug)]
pub struct TokenCookie {
    name: String,
}

impl TokenCookie {
    /// The cookie for a purpose, such as `recovery` or `invite-` and an id.
    pub fn new(purpose: &str) -> Self {
        Self {
            name: format!("vestibule-{purpose}"),
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            table: "cookies",
            column: "token",
            row: &self.name,
        }
    }

    /// Goes on to `path`, which holds no token, with the token in the cookie.
    ///
    /// # Errors
    /// When the cookie cannot be written, which would be a fault of ours.
    pub fn move_token(&self, app: &App, token: &str, path: &str) -> Result<HttpResponse> {
        let mut answer = HttpResponse::SeeOther()
            .insert_header((LOCATION, path))
            .finish();
        self.put(app, token, &mut answer)?;
        Ok(answer)
    }

    /// Puts the token into the cookie, or renews it.
    ///
    /// # Errors
    /// When the cookie cannot be written, which would be a fault of ours.
    pub fn put(&self, app: &App, token: &str, answer: &mut HttpResponse) -> Result<()> {
        if token.len() > LONGEST {
            return Ok(());
        }
        let until = app.clock.now().plus(LIFETIME);
        let sealed = app.master.seal(
            self.place(),
            format!("{} {token}", until.as_micros()).as_bytes(),
        );
        let mut cookie = browser_cookie(app, &self.name, URL_SAFE_NO_PAD.encode(sealed));
        cookie.set_max_age(Duration::seconds(LIFETIME.seconds_up()));
        answer
            .add_cookie(&cookie)
            .map_err(|why| Error::internal(why.to_string()))
    }

    /// The token, when the browser has one that is not too old.
    pub fn token(&self, app: &App, request: &HttpRequest) -> Option<String> {
        let sealed = URL_SAFE_NO_PAD
            .decode(cookie_value(app, request, &self.name)?)
            .ok()?;
        let plain = String::from_utf8(app.master.open(self.place(), &sealed)?).ok()?;
        let (until, token) = plain.split_once(' ')?;
        let until = Time::from_micros(until.parse().ok()?);
        (app.clock.now() < until).then(|| token.to_owned())
    }

    /// Takes the cookie away.
    pub fn remove(&self, app: &App, answer: &mut HttpResponse) {
        let mut gone: Cookie<'static> = browser_cookie(app, &self.name, String::new());
        gone.make_removal();
        if let Ok(value) = gone.to_string().parse() {
            answer.headers_mut().append(SET_COOKIE, value);
        }
    }
}

/// The longest path to go on to: it may hold what was entered in two fields of 100 and 500 characters, each of which
/// takes up to twelve here.
const LONGEST_PATH: usize = 8_000;

/// A path of this site to go on to, or nothing: never another site (open redirects).
pub fn own_path(next: &str) -> Option<&str> {
    let starts_well = next.starts_with('/') && !next.starts_with("//") && !next.starts_with("/\\");
    let plain =
        next.len() <= LONGEST_PATH && next.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    (starts_well && plain).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn only_paths_of_this_site_are_gone_on_to() {
        for good in ["/", "/settings/api-keys", "/self-service/invite?flow=inv_1"] {
            assert_eq!(own_path(good), Some(good));
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " /",
            "/a\\b",
            "\\/evil.example",
            "/%0a\u{0}",
            "@evil",
        ] {
            assert_eq!(own_path(bad), None, "{bad:?}");
        }
    }
}
