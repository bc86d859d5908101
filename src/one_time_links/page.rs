//! The page that a one-time link opens: its token moves into a cookie, and counts when it is wrong.

use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::{Link, LinkKind, find};
use crate::app::App;
use crate::clock::minutes;
use crate::error::{Code, Result};
use crate::limits::Limit;
use crate::web::{Guest, TokenCookie};

/// The query of a link.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Token {
    /// Empty once it has moved into the cookie.
    #[serde(default)]
    pub token: String,
}

/// What a look at the page found.
pub enum Look {
    /// The token was in the address: this goes on to the page without it.
    Moved(HttpResponse),
    /// The link is good.
    Good(Link),
}

/// Links that were not right, from one source.
const WRONG: Limit = Limit {
    name: "link source",
    most: 50,
    within: minutes(15),
};

/// Counts a link that was not right.
///
/// # Errors
/// Too many from one source.
pub fn count_wrong(app: &App, guest: &Guest) -> Result<()> {
    let now = app.clock.now();
    Ok(app.limits.take(&WRONG, &guest.source, now)?)
}

/// The page of the links of one kind.
#[derive(Clone, Copy, Debug)]
pub struct LinkPage {
    kind: LinkKind,
    path: &'static str,
}

impl LinkPage {
    /// The page at `path`.
    pub const fn new(kind: LinkKind, path: &'static str) -> Self {
        Self { kind, path }
    }

    /// The address that leads there.
    pub fn link(self, app: &App, token: &str) -> String {
        app.link(&format!("{}?token={token}", self.path))
    }

    /// Looks at the link that the browser came with. Takes nothing.
    ///
    /// # Errors
    /// `link_gone`; too many from one source.
    pub async fn open(
        self,
        app: &App,
        request: &HttpRequest,
        guest: &Guest,
        query: &Token,
    ) -> Result<Look> {
        if !query.token.is_empty() {
            let moved = self.cookie().move_token(app, &query.token, self.path)?;
            return Ok(Look::Moved(moved));
        }
        let token = self.cookie().token(app, request).unwrap_or_default();
        match self.find(app, &token).await {
            Ok(link) => Ok(Look::Good(link)),
            // A database that is away says nothing about the link.
            Err(why) if why.code() == Code::LinkGone => {
                count_wrong(app, guest)?;
                Err(why)
            }
            Err(why) => Err(why),
        }
    }

    /// The token in the browser's cookie, with its link. Looked up before anything costly is done for it;
    /// taken for good in the transaction.
    ///
    /// # Errors
    /// `link_gone`.
    pub async fn held(self, app: &App, request: &HttpRequest) -> Result<(String, Link)> {
        let token = self.cookie().token(app, request).ok_or(Code::LinkGone)?;
        let link = self.find(app, &token).await?;
        Ok((token, link))
    }

    /// Leaves the token with the browser for another try.
    ///
    /// # Errors
    /// When the cookie cannot be written, which would be a fault of ours.
    pub fn keep(self, app: &App, token: &str, answer: &mut HttpResponse) -> Result<()> {
        self.cookie().put(app, token, answer)
    }

    /// Takes the token from the browser.
    pub fn done(self, app: &App, answer: &mut HttpResponse) {
        self.cookie().remove(app, answer);
    }

    fn cookie(self) -> TokenCookie {
        TokenCookie::new(self.kind.as_str())
    }

    async fn find(self, app: &App, token: &str) -> Result<Link> {
        let (kind, token, now) = (self.kind, token.to_owned(), app.clock.now());
        app.db.read(move |conn| find(conn, kind, &token, now)).await
    }
}
