//! The types of event.

/// An invite was made.
pub const INVITE_CREATED: &str = "invite.created";
/// The mail of an invite was taken by the mail server.
pub const INVITE_SENT: &str = "invite.sent";
/// An invite was accepted. Data: `invite_id`, `user_id`, `label`, `metadata_public`, `metadata_admin`.
pub const INVITE_ACCEPTED: &str = "invite.accepted";
/// An invited person said no.
pub const INVITE_DECLINED: &str = "invite.declined";
/// An invite was withdrawn.
pub const INVITE_REVOKED: &str = "invite.revoked";
/// An invite came to its end.
pub const INVITE_EXPIRED: &str = "invite.expired";
/// A user was made.
pub const USER_CREATED: &str = "user.created";
/// Something about a user changed.
pub const USER_UPDATED: &str = "user.updated";
/// A user's account was suspended.
pub const USER_SUSPENDED: &str = "user.suspended";
/// A user's account was reactivated.
pub const USER_REACTIVATED: &str = "user.reactivated";
/// A user was deleted.
pub const USER_DELETED: &str = "user.deleted";
/// An API key was made.
pub const API_KEY_CREATED: &str = "api_key.created";
/// Another API key took the place of one.
pub const API_KEY_ROTATED: &str = "api_key.rotated";
/// An API key was revoked.
pub const API_KEY_REVOKED: &str = "api_key.revoked";
/// An API key comes to its end soon.
pub const API_KEY_EXPIRING: &str = "api_key.expiring";
/// An API key came to its end.
pub const API_KEY_EXPIRED: &str = "api_key.expired";

/// Every type, for the API description.
pub const ALL: &[&str] = &[
    INVITE_CREATED,
    INVITE_SENT,
    INVITE_ACCEPTED,
    INVITE_DECLINED,
    INVITE_REVOKED,
    INVITE_EXPIRED,
    USER_CREATED,
    USER_UPDATED,
    USER_SUSPENDED,
    USER_REACTIVATED,
    USER_DELETED,
    API_KEY_CREATED,
    API_KEY_ROTATED,
    API_KEY_REVOKED,
    API_KEY_EXPIRING,
    API_KEY_EXPIRED,
];
