//! The one error of the crate: what went wrong, with a stable code. Two renderers show it, as a page
//! and as problem+json (`web::problem`, `web::page`); the words are in the message catalogue.

use std::fmt;

/// What functions that can fail answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done.
#[derive(Debug)]
pub enum Error {
    /// A rule of the product says no. The arguments go into the words.
    Refused(Code, Vec<(&'static str, String)>),
    /// Input that is not right, field by field.
    Invalid(Vec<FieldError>),
    /// Too many tries; try again after so many seconds.
    TooMany(u64),
    /// A part that the answer needs is away; nothing was changed.
    Unavailable(String),
    /// The database answered with an error.
    Database(diesel::result::Error),
    /// A fault of ours.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

/// One thing that is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field as it is called in the form or the JSON body.
    pub field: String,
    /// A stable code; the words are the catalogue's `field-<code>` with `-` for `_`.
    pub code: &'static str,
    /// What the words need to know.
    pub args: Vec<(&'static str, String)>,
}

impl FieldError {
    /// An error of one field.
    pub fn new(field: impl Into<String>, code: &'static str) -> Self {
        Self {
            field: field.into(),
            code,
            args: Vec::new(),
        }
    }

    /// Adds what the words need to know.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal $word:literal;)*) => {
        /// Stable codes of refusals. Programs branch on them; they never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, for the API description.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The code as programs see it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

codes! {
    /// The request could not be read.
    BadRequest = 400 "bad_request";
    /// A secret in the query string, where every log sees it.
    CredentialInUrl = 400 "credential_in_url";
    /// A cursor that this list did not give out.
    CursorInvalid = 400 "cursor_invalid";
    /// No credential.
    CredentialMissing = 401 "credential_missing";
    /// A credential that is not good.
    CredentialInvalid = 401 "credential_invalid";
    /// The whole key matched, but it has ended.
    KeyExpired = 401 "key_expired";
    /// The whole key matched, but another took its place and its time is over.
    KeyRotated = 401 "key_rotated";
    /// The whole key matched, but it was revoked.
    KeyRevoked = 401 "key_revoked";
    /// The key is good, its owner's account is not active.
    OwnerDisabled = 401 "owner_disabled";
    /// Somebody who is signed in has to do this.
    SignInRequired = 401 "sign_in_required";
    /// Address or password is wrong.
    SignInFailed = 401 "sign_in_failed";
    /// The key may not do this.
    ScopeMissing = 403 "scope_missing";
    /// The role may not do this.
    Forbidden = 403 "forbidden";
    /// Only an owner may act on an owner or make one.
    AboveYou = 403 "above_you";
    /// The role is above the maker's own.
    RoleNotGrantable = 403 "role_not_grantable";
    /// The group is not the maker's to give.
    GroupNotGrantable = 403 "group_not_grantable";
    /// API keys are made on the settings page.
    SessionRequired = 403 "session_required";
    /// The sign-in is too long ago for this.
    FreshSignInRequired = 403 "fresh_sign_in_required";
    /// The form's token is missing, too old or of another session.
    FormExpired = 403 "form_expired";
    /// The account is suspended.
    AccountDisabled = 403 "account_disabled";
    /// The template is not the caller's to invite with.
    TemplateNotUsable = 403 "template_not_usable";
    /// A code was sent to the address, and has to come along.
    CodeRequired = 403 "code_required";
    /// The code is not right, was used, or was tried too often.
    CodeInvalid = 403 "code_invalid";
    /// The invite is for somebody else.
    InviteMismatch = 403 "invite_mismatch";
    /// No such thing, or none that the caller may see.
    NotFound = 404 "not_found";
    /// No such invite link.
    InviteUnknown = 404 "invite_unknown";
    /// The path exists, the method does not.
    MethodNotAllowed = 405 "method_not_allowed";
    /// The body took too long to arrive.
    RequestTimeout = 408 "request_timeout";
    /// Somebody else has that address.
    AddressTaken = 409 "address_taken";
    /// There is a pending invite for that address.
    InviteExists = 409 "invite_exists";
    /// The person has an account already, and the invite adds nothing.
    UserExists = 409 "user_exists";
    /// The invite was accepted, and an administrator has yet to approve.
    InviteAwaitsApproval = 409 "invite_awaits_approval";
    /// The invite is no longer pending.
    InviteNotPending = 409 "invite_not_pending";
    /// A schema of that id exists.
    SchemaExists = 409 "schema_exists";
    /// There are as many schemas as there may be.
    TooManySchemas = 409 "too_many_schemas";
    /// A template of that name exists.
    TemplateExists = 409 "template_exists";
    /// There are as many templates as there may be.
    TooManyTemplates = 409 "too_many_templates";
    /// Something else still names it.
    InUse = 409 "in_use";
    /// A group of that name exists.
    GroupExists = 409 "group_exists";
    /// Somebody else changed it since it was read.
    EditConflict = 409 "edit_conflict";
    /// There must always be an active owner.
    LastOwner = 409 "last_owner";
    /// The person could not sign in any more.
    OnlyLogin = 409 "only_login";
    /// They own something; say who gets it.
    OwnsData = 409 "owns_data";
    /// The account is not in the state that this needs.
    WrongState = 409 "wrong_state";
    /// Another key is taking the place of this one, or this one the place of another.
    RotationInProgress = 409 "rotation_in_progress";
    /// The moment in which it could be taken back is over.
    TooLateToUndo = 409 "too_late_to_undo";
    /// The first request with this Idempotency-Key is under way.
    RequestInProgress = 409 "request_in_progress";
    /// The secret of the first answer was used already.
    AlreadyShown = 409 "already_shown";
    /// There is no way to send this.
    MailNotSetUp = 409 "mail_not_set_up";
    /// The one-time link is not good (any more).
    LinkGone = 410 "link_gone";
    /// The code is too old.
    CodeExpired = 410 "code_expired";
    /// The invite has ended by time.
    InviteExpired = 410 "invite_expired";
    /// The invite was withdrawn.
    InviteRevoked = 410 "invite_revoked";
    /// The invite was accepted already.
    InviteUsed = 410 "invite_used";
    /// The invite was declined.
    InviteDeclined = 410 "invite_declined";
    /// The inviter lost the right to invite.
    InviteSuspended = 410 "invite_suspended";
    /// The link's places are all taken.
    InviteFull = 410 "invite_full";
    /// That place in the events is gone.
    EventsGone = 410 "events_gone";
    /// The body is too large.
    TooLarge = 413 "too_large";
    /// The body is not JSON.
    UnsupportedMediaType = 415 "unsupported_media_type";
    /// The template invites no address of that domain.
    DomainNotAllowed = 422 "domain_not_allowed";
    /// Fields are wrong.
    InvalidInput = 422 "invalid_input";
    /// The terms were not accepted.
    TermsRequired = 422 "terms_required";
    /// The password is too easy to guess.
    PasswordTooWeak = 422 "password_too_weak";
    /// The same Idempotency-Key came with another body.
    IdempotencyMismatch = 422 "idempotency_mismatch";
    /// The template lets one person invite no more than so many.
    TooManyInvites = 429 "too_many_invites";
    /// Too many tries.
    TooManyRequests = 429 "too_many_requests";
    /// A fault of ours.
    Internal = 500 "internal";
    /// The database said nothing: what was asked for may have been done.
    OutcomeUnknown = 503 "outcome_unknown";
    /// A part that is needed is away.
    Unavailable = 503 "unavailable";
}

impl Code {
    /// This refusal as an error, without arguments.
    pub fn refuse<T>(self) -> Result<T> {
        Err(self.into())
    }

    /// The refusal with an argument for its words.
    pub fn with(self, name: &'static str, value: impl fmt::Display) -> Error {
        Error::Refused(self, vec![(name, value.to_string())])
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::Refused(code, Vec::new())
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::Invalid(vec![error])
    }
}

impl From<diesel::result::Error> for Error {
    fn from(why: diesel::result::Error) -> Self {
        match why {
            diesel::result::Error::NotFound => Code::NotFound.into(),
            why => Self::Database(why),
        }
    }
}

impl From<crate::ids::NotAnId> for Error {
    fn from(_: crate::ids::NotAnId) -> Self {
        Code::NotFound.into()
    }
}

impl Error {
    /// A fault of ours.
    pub fn internal(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(why.into())
    }

    /// For work whose thread went away before it answered.
    pub(crate) fn gone<T>(why: impl fmt::Display) -> Result<T> {
        Err(Self::Unavailable(format!("the work was stopped: {why}")))
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(code, _) => *code,
            // Two faults that a person has to mend have codes of their own.
            Self::Invalid(errors) => match errors.first().map(|error| error.code) {
                Some("terms_required") if errors.len() == 1 => Code::TermsRequired,
                Some(code) if errors.len() == 1 && code.starts_with("password_") => {
                    Code::PasswordTooWeak
                }
                _ => Code::InvalidInput,
            },
            Self::TooMany(_) => Code::TooManyRequests,
            Self::Unavailable(_) => Code::Unavailable,
            Self::Database(why) if database_is_away(why) => Code::Unavailable,
            Self::Database(_) | Self::Internal(_) => Code::Internal,
        }
    }
}

/// Whether trying again later may help: the connection broke, or a lock was not free in time.
fn database_is_away(why: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind, Error as Diesel};
    match why {
        Diesel::DatabaseError(
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::SerializationFailure
            | DatabaseErrorKind::ReadOnlyTransaction,
            _,
        )
        | Diesel::BrokenTransactionManager => true,
        Diesel::DatabaseError(_, info) => {
            let message = info.message();
            [
                "database is locked",
                "disk is full",
                "server closed the connection",
                "terminating connection",
                "no connection to the server",
                "canceling statement due to",
                "could not connect",
            ]
            .iter()
            .any(|sign| message.contains(sign))
        }
        _ => false,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code, _) => f.write_str(code.as_str()),
            Self::Invalid(errors) => {
                f.write_str("invalid input:")?;
                errors
                    .iter()
                    .try_for_each(|error| write!(f, " {} {}", error.field, error.code))
            }
            Self::TooMany(seconds) => write!(f, "too many tries, again in {seconds} s"),
            Self::Unavailable(why) => write!(f, "unavailable: {why}"),
            Self::Database(why) => write!(f, "database: {why}"),
            Self::Internal(why) => write!(f, "{why}"),
        }
    }
}

impl std::error::Error for Error {}
