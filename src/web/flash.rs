//! What the page before has to say: a notice that travels in a sealed cookie to the next page.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::secret::{MasterKey, Place};
use crate::text::Message;

/// The cookie's name, without the prefix that https sites add.
pub const FLASH_COOKIE: &str = "vestibule-flash";

const PLACE: Place<'static> = Place {
    table: "cookies",
    column: "flash",
    row: "",
};

/// A notice on the next page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flash {
    /// `ok`, `warn` or `bad`.
    pub kind: String,
    /// Words that may hold markup of the catalogue; what came from people is escaped in it.
    pub text: String,
    /// The way back.
    pub undo: Option<Undo>,
}

/// A button that takes back what was just done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Undo {
    /// Where its form goes.
    pub action: String,
    /// Its words.
    pub label: String,
}

impl Flash {
    /// It worked.
    pub fn ok(text: Message) -> Self {
        Self::new("ok", text)
    }

    /// It worked, but.
    pub fn warn(text: Message) -> Self {
        Self::new("warn", text)
    }

    /// It did not work.
    pub fn bad(text: Message) -> Self {
        Self::new("bad", text)
    }

    /// With a button that takes back what was done. `action` is where its form goes.
    #[must_use]
    pub fn with_undo(mut self, action: String, label: &Message) -> Self {
        let label = label.to_string();
        self.undo = Some(Undo { action, label });
        self
    }

    fn new(kind: &str, text: Message) -> Self {
        Self {
            kind: kind.to_owned(),
            text: text.html().to_string(),
            undo: None,
        }
    }

    /// Redirects to `path` of this site, which then shows the notice.
    pub fn redirect(&self, app: &App, path: &str) -> HttpResponse {
        let json = serde_json::to_vec(self).expect("a notice is plain data");
        let value = URL_SAFE_NO_PAD.encode(app.master.seal(PLACE, &json));
        HttpResponse::SeeOther()
            .insert_header((LOCATION, path))
            .cookie(browser_cookie(app, FLASH_COOKIE, value))
            .finish()
    }

    /// Reads the cookie's value.
    pub fn read(master: &MasterKey, value: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
        serde_json::from_slice(&master.open(PLACE, &sealed)?).ok()
    }
}

/// A cookie of this site: for this host alone, out of reach of scripts, not sent along from elsewhere.
pub fn browser_cookie(app: &App, name: &str, value: String) -> Cookie<'static> {
    let https = app.config.public_url.https();
    Cookie::build(cookie_name(https, name), value)
        .path("/")
        .secure(https)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish()
}

/// `__Host-` binds a cookie to the host; browsers take it over https only.
fn cookie_name(https: bool, name: &str) -> String {
    if https {
        format!("__Host-{name}")
    } else {
        name.to_owned()
    }
}

/// The value of a cookie that [`browser_cookie`] made.
pub fn cookie_value(app: &App, request: &HttpRequest, name: &str) -> Option<String> {
    let name = cookie_name(app.config.public_url.https(), name);
    request
        .cookie(&name)
        .map(|cookie| cookie.value().to_owned())
}
