//! Who is calling: put into the request once by `callers`, read here by every handler.

use std::cell::Cell;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::flash::Flash;
use super::problem::Telling;
use crate::access::{Actor, ActorKind, Role, Scope, Scopes};
use crate::app::App;
use crate::clock::Time;
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, Result};
use crate::ids::{KeyId, SessionId, UserId};
use crate::text::Text;

/// One request and what is known about who sent it.
#[derive(Debug, Default)]
pub struct Visit {
    /// Names the request in the log and in error answers.
    pub request_id: String,
    /// Where it came from, trusted proxies looked through.
    pub ip: Option<IpAddr>,
    /// The program, as it calls itself.
    pub agent: String,
    /// The session, on pages.
    pub signed_in: Option<SignedIn>,
    /// The API key, on the API.
    pub api: Option<ApiCaller>,
    /// What the frame of a page shows.
    pub chrome: Chrome,
    /// Whether somebody who is no administrator may invite.
    pub may_invite: bool,
    /// What the CSRF token is bound to: the session, or a random cookie before there is one.
    pub binding: String,
    /// The notice of the page before.
    pub flash: Option<Flash>,
    /// Whether a page has shown that notice, so that it can go.
    pub flash_shown: Cell<bool>,
    /// The least role that the route asks for.
    pub least: Cell<Option<Role>>,
    /// The language of the page that answers, when it is another than the site's.
    pub text: Cell<Option<Text>>,
    /// How errors are told to programs here, when not as problem details.
    pub telling: Option<Telling>,
    /// Whether it is known that a program calls, whatever it accepts.
    pub is_program: Cell<bool>,
    /// Seconds after which a form that was refused for now may be sent again, for `Retry-After`.
    pub retry_after: Cell<Option<u64>>,
}

/// What the frame of a page shows beside the page itself.
#[derive(Clone, Debug, Default)]
pub struct Chrome {
    /// The name of the site.
    pub site_name: String,
    /// Pending invites, as text; `None` when there are none.
    pub pending_invites: Option<String>,
    /// Mails that could not be sent, as text.
    pub failed_mails: Option<String>,
    /// No mail server is configured.
    pub mail_missing: bool,
    /// A template lets members invite.
    pub members_invite: bool,
    /// Another name than the public URL's that a request came under lately.
    pub other_name: Option<String>,
}

/// Who looks at the page.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The display name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Whether the administration is shown.
    pub is_admin: bool,
}

/// Whether a credential is still good by the time that something is done with it: a request may take half a minute
/// to arrive, and remembered rights are older still (`docs/decisions/0020-the-caller-is-looked-at-again.md`).
#[derive(Clone, Copy, Debug)]
pub struct Again<I> {
    look: fn(&mut Conn, I, Time) -> Result<Role>,
    least: Option<Role>,
}

impl<I> Again<I> {
    /// With a look-up by primary key that answers the role of its user, or why the credential is not good any more.
    /// `callers` hands it in: the rows are those of features.
    pub const fn by(look: fn(&mut Conn, I, Time) -> Result<Role>) -> Self {
        Self { look, least: None }
    }

    /// The same actor with the role of this moment.
    fn look(&self, tx: &mut Tx<'_>, id: I, actor: &Actor) -> Result<Actor> {
        let now = tx.now;
        let role = (self.look)(tx, id, now)?;
        let actor = Actor {
            role,
            ..actor.clone()
        };
        self.least.map_or(Ok(()), |least| actor.require(least))?;
        Ok(actor)
    }
}

/// A signed-in user, for pages. Extracting it answers `sign_in_required` to anybody else.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who acts.
    pub actor: Actor,
    /// The user; the same as in the actor.
    pub user_id: UserId,
    /// The name to greet.
    pub name: String,
    /// The address to show.
    pub email: String,
    /// The session.
    pub session_id: SessionId,
    /// When the person last proved who they are.
    pub authenticated_at: Time,
    /// Whether the session is still good.
    pub again: Again<SessionId>,
}

impl SignedIn {
    /// How long a sign-in counts as fresh for making a key.
    const FRESH: crate::clock::Span = crate::clock::minutes(10);

    /// Whether the sign-in is recent enough to make secrets.
    pub fn is_fresh(&self, now: Time) -> bool {
        now - self.authenticated_at <= Self::FRESH
    }

    /// Runs `action` as one transaction, as who this is by then. Pages write in no other way.
    ///
    /// # Errors
    /// As [`SignedIn::acts`], and what the action answers.
    pub async fn write<T, F>(&self, app: &App, mut action: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<T> + Send + 'static,
    {
        let who = self.clone();
        app.db
            .write(move |tx| {
                let actor = who.acts(tx)?;
                action(tx, &actor)
            })
            .await
    }

    /// Who acts in a transaction, with the role of this moment.
    ///
    /// # Errors
    /// `sign_in_required` when the session has ended or its user is not let in any more, `forbidden` when the
    /// role does not reach any more.
    pub fn acts(&self, tx: &mut Tx<'_>) -> Result<Actor> {
        self.again.look(tx, self.session_id, &self.actor)
    }

    /// What the frame shows of the viewer.
    pub fn viewer(&self) -> Viewer {
        Viewer {
            name: self.name.clone(),
            email: self.email.clone(),
            is_admin: self.actor.role >= Role::Admin,
        }
    }
}

/// A program with an API key. Extracting it answers `credential_missing` to anybody else.
#[derive(Clone, Debug)]
pub struct ApiCaller {
    /// Who acts.
    pub actor: Actor,
    /// The owner of the key.
    pub user_id: UserId,
    /// The key.
    pub key_id: KeyId,
    /// What the key may do, before the role is looked at.
    pub scopes: Scopes,
    /// When the key ends.
    pub expires_at: Option<Time>,
    /// Whether the key is still good.
    pub again: Again<KeyId>,
}

impl ApiCaller {
    /// Runs `action` as one transaction, as who this is by then. The API writes in no other way.
    ///
    /// # Errors
    /// What is wrong with the key or its owner by then, `forbidden` when the role does not reach any more,
    /// and what the action answers.
    pub async fn write<T, F>(&self, app: &App, mut action: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<T> + Send + 'static,
    {
        let caller = self.clone();
        app.db
            .write(move |tx| {
                let actor = caller.again.look(tx, caller.key_id, &caller.actor)?;
                action(tx, &actor)
            })
            .await
    }

    /// Refuses a key without the scope.
    ///
    /// # Errors
    /// `scope_missing`.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.scopes.contains(scope) {
            Ok(())
        } else {
            Err(Code::ScopeMissing.with("scope", scope.as_str()))
        }
    }

    /// Whether the key may do this now.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(scope) && self.actor.role >= scope.least_role()
    }
}

/// Anybody, for the public pages.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Who acts: nobody in particular, from an address.
    pub actor: Actor,
    /// The address as the key of a limit.
    pub source: String,
    /// The program, as it calls itself.
    pub agent: String,
    /// The session, when there is one.
    pub signed_in: Option<SignedIn>,
    /// What CSRF tokens and short codes are bound to.
    pub binding: String,
}

impl Visit {
    /// The visit of a request.
    ///
    /// # Errors
    /// When `callers` has not run, which would be a fault of ours.
    pub fn of(request: &HttpRequest) -> Result<Rc<Self>> {
        request
            .extensions()
            .get::<Rc<Self>>()
            .cloned()
            .ok_or_else(|| {
                Error::internal("a handler runs outside the middleware that says who calls")
            })
    }
}

impl FromRequest for SignedIn {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Visit::of(request).and_then(|visit| {
            let mut who = visit.signed_in.clone().ok_or(Code::SignInRequired)?;
            who.again.least = visit.least.get();
            Ok(who)
        }))
    }
}

impl FromRequest for ApiCaller {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Visit::of(request).and_then(|visit| {
            let mut caller = visit.api.clone().ok_or(Code::CredentialMissing)?;
            caller.again.least = visit.least.get();
            Ok(caller)
        }))
    }
}

impl FromRequest for Guest {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Visit::of(request).map(|visit| Self {
            actor: Actor {
                kind: ActorKind::Anonymous,
                user: None,
                role: Role::Member,
                ip: visit.ip,
                request_id: visit.request_id.clone(),
            },
            source: source(visit.ip),
            agent: visit.agent.clone(),
            signed_in: visit.signed_in.clone(),
            binding: visit.binding.clone(),
        }))
    }
}

/// One source for limits: an IPv4 address, or the /64 that one customer has in IPv6.
fn source(ip: Option<IpAddr>) -> String {
    match ip {
        Some(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Some(v4) => v4.to_string(),
        None => "unknown".to_owned(),
    }
}
