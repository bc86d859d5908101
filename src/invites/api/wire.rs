//! An invite as programs write and read it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::access::{Actor, Role};
use crate::clock::{Time, seconds};
use crate::db::{Conn, Json, Tx};
use crate::error::{Error, FieldError, Result};
use crate::groups::model::read_given;
use crate::ids::{BatchId, GroupId, InviteId, InviteLinkId, TemplateId, UserId};
use crate::input::Faults;
use crate::invites::actions::{Edit, Made};
use crate::invites::model::{
    Choices, Delivery, DeliveryState, End, Invite, LONGEST_LABEL, LONGEST_MESSAGE, Matching,
    NewInvite, RawInvite, State, check_name, read_recipient,
};
use crate::invites::store::{self, MailOfInvite};
use crate::users::model::read_object;
use crate::web::text;

/// An invite as the API tells it. It never holds the token or the link.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Invite")]
pub struct InviteView {
    id: InviteId,
    /// Where it stands.
    state: State,
    /// Whom it is for.
    pub email: Option<String>,
    /// The phone number that it is for.
    pub phone: Option<String>,
    /// How its link gets to the person.
    delivery: Delivery,
    /// The template that it was made from.
    template: TemplateId,
    /// The role it gives.
    role: Role,
    /// The groups it gives.
    groups: Vec<GroupId>,
    /// The schema of the traits.
    schema_id: String,
    /// What the account starts with.
    traits: Map<String, Value>,
    /// Data of integrated apps that the person may see.
    metadata_public: Map<String, Value>,
    /// Data of integrated apps for administrators alone; others are not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata_admin: Option<Map<String, Value>>,
    /// How the person must match the address.
    #[serde(rename = "match")]
    matching: Matching,
    /// Domains that an address must be of; empty for any.
    domains: Vec<String>,
    /// How many may accept.
    max_uses: i32,
    /// How many accepted.
    uses: i32,
    /// For its maker and integrated apps.
    label: String,
    /// Stands in the mail.
    message: String,
    /// The language of mail and page.
    locale: String,
    /// Where the person goes after accepting.
    redirect_url: Option<String>,
    /// When it ends.
    expires_at: Time,
    /// When it was made.
    created_at: Time,
    /// Who made it; null for the operator.
    created_by: Option<UserId>,
    /// When it was accepted.
    accepted_at: Option<Time>,
    /// Who accepted; null for an open link.
    accepted_by: Option<UserId>,
    /// The batch that it was made in.
    batch_id: Option<BatchId>,
    /// How its last mail fares.
    mail: MailView,
}

/// How the last mail of an invite fares.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
struct MailView {
    state: DeliveryState,
    attempts: i32,
    last_error: Option<String>,
    sent_at: Option<Time>,
}

impl From<&MailOfInvite> for MailView {
    fn from(mail: &MailOfInvite) -> Self {
        Self {
            state: mail.delivery(),
            attempts: mail.attempts,
            last_error: mail.last_error.clone(),
            sent_at: mail.sent_at,
        }
    }
}

fn object(json: Json) -> Map<String, Value> {
    match json.0 {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

impl InviteView {
    pub(super) fn new(
        invite: Invite,
        groups: Vec<GroupId>,
        batch_id: Option<BatchId>,
        mail: Option<&MailOfInvite>,
        reader: &Actor,
        now: Time,
    ) -> Self {
        let state = invite.state_at(now);
        let domains = invite.domains();
        Self {
            id: invite.id,
            state,
            email: invite.email().map(str::to_owned),
            phone: invite.phone().map(str::to_owned),
            delivery: invite.delivery,
            template: invite.template_id,
            role: invite.role,
            groups,
            schema_id: invite.schema_id,
            traits: object(invite.traits),
            metadata_public: object(invite.metadata_public),
            metadata_admin: (reader.role >= Role::Admin).then(|| object(invite.metadata_admin)),
            matching: invite.matching,
            domains,
            max_uses: invite.max_uses,
            uses: invite.uses,
            label: invite.label,
            message: invite.message,
            locale: invite.locale,
            redirect_url: invite.redirect_url,
            expires_at: invite.expires_at,
            created_at: invite.created_at,
            created_by: invite.created_by,
            accepted_at: invite.accepted_at,
            accepted_by: invite.accepted_by,
            batch_id,
            mail: mail.map(MailView::from).unwrap_or_default(),
        }
    }

    /// The invite of a row, with its groups, batch and mail, as somebody may see it.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn read(conn: &mut Conn, invite: Invite, reader: &Actor, now: Time) -> Result<Self> {
        let groups = store::groups(conn, invite.id)?;
        let mails = store::mails(conn, &Vec::from_iter(invite.mail_id))?;
        let mail = invite.mail_id.and_then(|id| mails.get(&id));
        let batch = store::batches_of(conn, &[invite.id])?.remove(&invite.id);
        Ok(Self::new(invite, groups, batch, mail, reader, now))
    }
}

/// An invite that was made or sent again; with its link when that was asked for, this once.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InviteMade {
    /// The invite.
    #[serde(flatten)]
    pub invite: InviteView,
    /// The link, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite_url: Option<String>,
    /// For a repeat of the call.
    #[serde(skip)]
    pub(super) link_id: Option<InviteLinkId>,
}

impl InviteMade {
    /// What was made, as it is told.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn read(tx: &mut Tx<'_>, made: Made, reader: &Actor) -> Result<Self> {
        let link_id = made.link.as_ref().map(|link| link.id);
        let invite_url = made.link.map(|link| link.reveal().to_owned());
        let now = tx.now;
        Ok(Self {
            link_id,
            invite: InviteView::read(tx, made.invite, reader, now)?,
            invite_url,
        })
    }
}

/// The body of `POST /api/v1/invites`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "email": "ada@example.org", "role": "member", "expires_in": 604_800, "message": "We start on Tuesday." }]))]
pub struct NewInviteBody {
    /// Whom to invite, by mail; without any address it is an open link, for whoever has it and proves an address
    /// by a code …
    #[serde(default, deserialize_with = "text")]
    email: Option<String>,
    /// … or by phone: `+` and digits.
    #[serde(default, deserialize_with = "text")]
    phone: Option<String>,
    /// How the link gets to the person; `email` when the template says nothing else, `link` for an open link.
    pub(super) delivery: Option<Delivery>,
    /// The template that it is made from; the plain one when left out.
    template: Option<TemplateId>,
    /// `member` when left out; never above your own.
    role: Option<Role>,
    /// Groups to join.
    #[serde(default)]
    groups: Vec<GroupId>,
    /// The schema of the traits; the template's when left out.
    schema_id: Option<String>,
    /// What the platform wants to know of a person; at most 16 KiB. Held to the schema; what the person can
    /// add may be missing.
    traits: Option<Map<String, Value>>,
    /// Data of integrated apps that the person may see; at most 16 KiB.
    metadata_public: Option<Map<String, Value>>,
    /// Data of integrated apps for administrators alone; at most 16 KiB.
    metadata_admin: Option<Map<String, Value>>,
    /// Seconds from now; not together with `expires_at`.
    expires_in: Option<i64>,
    /// When it ends; at most 90 days away. The template or the site decides when both are left out.
    expires_at: Option<Time>,
    /// How many an open link lets in, at most 500; one when left out. Others let one person in.
    max_uses: Option<i32>,
    /// How whoever accepts must match the address; as the template says when left out.
    #[serde(rename = "match")]
    matching: Option<Matching>,
    /// Domains that an address must be of; as the template says when left out.
    domains: Option<Vec<String>>,
    /// The language of mail and page, such as `de`; the template's, else the site's, when left out.
    locale: Option<String>,
    /// Stands in the mail; at most 500 characters.
    #[serde(default)]
    message: String,
    /// For yourself and integrated apps; at most 100 characters.
    #[serde(default)]
    label: String,
    /// Where the person goes after accepting; https.
    #[serde(default)]
    redirect_url: String,
}

fn end(expires_in: Option<i64>, expires_at: Option<Time>) -> Result<Option<End>> {
    match (expires_in, expires_at) {
        (Some(_), Some(_)) => Err(FieldError::new("expires_at", "only_one_end").into()),
        // More seconds than any lifetime are out of range, not an overflow.
        (Some(count), None) => Ok(Some(End::In(seconds(count.clamp(-1, i64::from(i32::MAX)))))),
        (None, at) => Ok(at.map(End::At)),
    }
}

impl TryFrom<&NewInviteBody> for NewInvite {
    type Error = Error;

    fn try_from(body: &NewInviteBody) -> Result<Self> {
        let raw = RawInvite {
            name: "",
            message: &body.message,
            label: &body.label,
            redirect_url: &body.redirect_url,
            traits: body.traits.clone().unwrap_or_default(),
            metadata_public: body.metadata_public.clone().unwrap_or_default(),
            metadata_admin: body.metadata_admin.clone().unwrap_or_default(),
        };
        let recipient = read_recipient(body.email.as_deref(), body.phone.as_deref());
        let choices = Choices {
            template: body.template,
            delivery: body.delivery,
            role: body.role,
            groups: body.groups.clone(),
            schema_id: body.schema_id.clone(),
            end: end(body.expires_in, body.expires_at)?,
            matching: body.matching,
            domains: body.domains.clone(),
            locale: body.locale.clone(),
            max_uses: body.max_uses,
        };
        raw.read(recipient, choices)
    }
}

/// The body of `PATCH /api/v1/invites/{id}`; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "label": "Workshop", "role": "member", "expires_in": 604_800 }]))]
pub struct InvitePatch {
    /// A new address ends every link that was sent to the old one.
    email: Option<String>,
    /// The same for a phone number.
    phone: Option<String>,
    /// Never above your own.
    role: Option<Role>,
    /// All groups to join, in place of those before.
    groups: Option<Vec<GroupId>>,
    /// What the platform wants to know of a person; at most 16 KiB.
    traits: Option<Map<String, Value>>,
    /// Data of integrated apps that the person may see; at most 16 KiB.
    metadata_public: Option<Map<String, Value>>,
    /// Data of integrated apps for administrators alone; at most 16 KiB.
    metadata_admin: Option<Map<String, Value>>,
    /// Seconds from now; not together with `expires_at`.
    expires_in: Option<i64>,
    /// When it ends; at most 90 days away.
    expires_at: Option<Time>,
    /// For yourself and integrated apps.
    label: Option<String>,
    /// Stands in the mail when it is sent again.
    message: Option<String>,
}

impl TryFrom<&InvitePatch> for Edit {
    type Error = Error;

    fn try_from(patch: &InvitePatch) -> Result<Self> {
        let mut faults = Faults::default();
        let recipient = match (patch.email.as_deref(), patch.phone.as_deref()) {
            (None, None) => None,
            (email, phone) => {
                let read = read_recipient(email, phone);
                let read = read.and_then(|one| one.ok_or(FieldError::new("email", "required")));
                read.map_err(|why| faults.add(why)).ok()
            }
        };
        let label = patch
            .label
            .as_deref()
            .map(|text| faults.name("label", text, 0..=LONGEST_LABEL));
        let message = patch
            .message
            .as_deref()
            .map(|text| faults.lines("message", text, 0..=LONGEST_MESSAGE));
        let groups = patch.groups.as_deref();
        let groups = groups.map(|groups| read_given(&mut faults, groups));
        if let Some(traits) = &patch.traits {
            check_name(&mut faults, traits);
        }
        let document = |field, map: &Option<Map<String, Value>>| {
            map.clone().map(|map| read_object(field, map)).transpose()
        };
        faults.none_in(Self {
            recipient,
            role: patch.role,
            groups,
            traits: document("traits", &patch.traits)?,
            metadata_public: document("metadata_public", &patch.metadata_public)?,
            metadata_admin: document("metadata_admin", &patch.metadata_admin)?,
            end: end(patch.expires_in, patch.expires_at)?,
            label,
            message,
            seen: None,
        })
    }
}
