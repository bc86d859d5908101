//! `/self-service/invite` for programs: other front ends can be built on it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::accept::{Done, Entered};
use super::landing::{Kind, Landing};
use crate::clock::Time;
use crate::error::Code;
use crate::ids::{InviteId, UserId};
use crate::invite_templates::policy::FieldMode;
use crate::openapi::Doc;
use crate::site::Terms;
use crate::web::PostForm;

/// The query of an invite link.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Link {
    /// The id of the invite.
    #[serde(default)]
    pub flow: String,
    /// The token of the link. On pages it is gone from the address once it is in the cookie.
    #[serde(default)]
    pub token: String,
    /// On the page of an open link: name another address than the one that a code was sent to.
    #[serde(default)]
    #[schemars(skip)]
    pub other: bool,
}

/// The query of an answer; the token is in the body or in the cookie.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Flow {
    /// The id of the invite.
    #[serde(default)]
    pub flow: String,
}

/// The JSON answer of `GET /self-service/invite`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LandingView {
    /// The invite.
    flow: InviteId,
    /// What the person can do.
    kind: Kind,
    /// Who invites.
    invited_by: String,
    /// The invited address; empty when somebody else is signed in, and for an open link.
    identifier: String,
    /// Fields that the invite decides.
    locked: Vec<String>,
    /// JSON Schema of the traits.
    schema: Value,
    /// What the account starts with.
    traits: Map<String, Value>,
    /// The terms in force.
    terms: Option<Terms>,
    /// When it ends.
    expires_at: Time,
}

impl LandingView {
    pub(super) fn new(landing: &Landing) -> Self {
        let modes = &landing.policy.fields;
        let fixed = modes.iter().filter(|(_, mode)| mode.is_fixed());
        let address = match landing.invite.phone() {
            _ if landing.invite.is_open() => None,
            Some(_) => Some("phone".to_owned()),
            None => Some("email".to_owned()),
        };
        let mut locked = Vec::from_iter(address);
        locked.extend(fixed.map(|(name, _)| format!("traits.{name}")));
        let mut traits = landing.traits();
        traits.retain(|name, _| landing.policy.mode(name) != FieldMode::Hidden);
        let hidden = landing.kind == Kind::WrongUser;
        Self {
            flow: landing.invite.id,
            kind: landing.kind,
            invited_by: landing.inviter.clone(),
            identifier: if hidden {
                String::new()
            } else {
                landing.invite.address.clone()
            },
            locked,
            schema: landing.rules.document().clone(),
            traits: if hidden { Map::new() } else { traits },
            terms: landing.terms.clone(),
            expires_at: landing.invite.expires_at,
        }
    }
}

/// Describes the GET.
pub const OPEN: Doc = Doc::new("Look at an invite")
    .about("What is asked of the person who has the link. Changes nothing.")
    .query::<Link>()
    .answers::<LandingView>(200)
    .and_pages()
    .codes(&[
        Code::BadRequest,
        Code::InviteUnknown,
        Code::InviteExpired,
        Code::InviteRevoked,
        Code::InviteUsed,
        Code::InviteFull,
        Code::InviteDeclined,
        Code::InviteSuspended,
        Code::InviteAwaitsApproval,
        Code::TooManyRequests,
        Code::Internal,
        Code::Unavailable,
    ]);

/// The body of `POST /self-service/invite` as JSON. Fields that the invite decides may be sent; they
/// change nothing.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{ "action": "accept", "token": "vsti_…", "display_name": "Ada Lovelace", "password": "seven quiet lighthouses" }]))]
pub struct Answer {
    /// What the person wants. `send_code` sends a code to the address that is to be proved: the invited one, or of
    /// an open link the one that is named. `request_new` asks the inviter to send an expired invite again, or to
    /// invite the address of who is signed in; `report` tells them that it was not you who used the invite.
    #[schemars(extend("enum" = ["accept", "decline", "send_code", "request_new", "report"]))]
    pub(super) action: String,
    /// The token, when there is no cookie.
    #[serde(default)]
    pub(super) token: String,
    /// The address of a new account, on an open link …
    #[serde(default)]
    pub(super) email: String,
    /// … or its phone number.
    #[serde(default)]
    pub(super) phone: String,
    /// The code that was sent to the address.
    #[serde(default)]
    pub(super) code: String,
    /// With `decline`: send no more invites to the address. Only for a link that came by mail or text message.
    #[serde(default)]
    pub(super) suppress: bool,
    /// For a new account: the name of the person. Where the schema has a trait `name`, one of the two is enough.
    #[serde(default)]
    pub(super) display_name: String,
    /// For a new account.
    #[serde(default)]
    pub(super) password: String,
    /// For a new account: what the platform asks, by the schema. What the invite locked stays as it is; null
    /// takes away what it suggests.
    #[serde(default)]
    pub(super) traits: Map<String, Value>,
    /// Whether the person agrees to the terms, when there are any.
    #[serde(default)]
    pub(super) terms_accepted: bool,
    /// The version of the terms that the form of our own page showed.
    #[serde(skip)]
    pub(super) terms_shown: Option<String>,
    /// What the form of our own page held.
    #[serde(skip)]
    pub(super) form: Option<PostForm>,
}

impl Answer {
    /// What was entered, but for the traits, which depend on the form.
    pub(super) fn entered(&self) -> Entered {
        Entered {
            display_name: self.display_name.clone(),
            password: self.password.clone(),
            terms_accepted: self.terms_accepted,
            terms_shown: self.terms_shown.clone(),
            traits: Map::new(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            code: self.code.clone(),
        }
    }
}

/// What a JSON answer tells.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Outcome {
    /// `accepted`, `awaiting_approval`, `code_sent`, `declined`, `requested` or `reported`.
    state: &'static str,
    /// The account of who accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<OutcomeUser>,
    /// Where to go on.
    redirect_url: Option<String>,
}

/// The account of who accepted.
#[derive(Debug, Serialize, JsonSchema)]
struct OutcomeUser {
    id: UserId,
    email: Option<String>,
    phone: Option<String>,
    display_name: String,
}

/// Describes the POST.
pub const ANSWER: Doc = Doc::new("Accept or decline an invite")
    .about(
        "A new account starts a session. Somebody who has an account must be signed in to it. A browser that \
         sends cookies must send the `Origin` of this site too.",
    )
    .query::<Flow>()
    .body::<Answer>()
    .answers::<Outcome>(200)
    .and_pages()
    .codes(&[
        Code::SignInRequired,
        Code::FormExpired,
        Code::InviteMismatch,
        Code::CodeRequired,
        Code::CodeInvalid,
        Code::CodeExpired,
        Code::DomainNotAllowed,
        Code::MailNotSetUp,
        Code::AddressTaken,
        Code::InviteUnknown,
        Code::InviteExpired,
        Code::InviteRevoked,
        Code::InviteUsed,
        Code::InviteFull,
        Code::InviteDeclined,
        Code::InviteSuspended,
        Code::InviteAwaitsApproval,
        Code::TermsRequired,
        Code::PasswordTooWeak,
        Code::TooManyRequests,
        Code::Internal,
        Code::OutcomeUnknown,
        Code::Unavailable,
    ]);

impl From<Done> for Outcome {
    fn from(done: Done) -> Self {
        let of = |state| Self {
            state,
            user: None,
            redirect_url: None,
        };
        match done {
            Done::CodeSent(_) => of("code_sent"),
            Done::Requested => of("requested"),
            Done::Reported => of("reported"),
            Done::Declined => of("declined"),
            Done::Waiting => of("awaiting_approval"),
            Done::Accepted(accepted) => Self {
                user: Some(OutcomeUser {
                    id: accepted.user.id,
                    email: accepted.user.email,
                    phone: accepted.user.phone,
                    display_name: accepted.user.display_name,
                }),
                redirect_url: accepted.redirect_url,
                ..of("accepted")
            },
        }
    }
}
