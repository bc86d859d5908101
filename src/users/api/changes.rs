//! Making and changing users.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::UserView;
use crate::access::Role;
use crate::app::App;
use crate::clock::Time;
use crate::db::Json;
use crate::error::{Code, Error, FieldError, Result};
use crate::groups::model::read_given;
use crate::ids::{GroupId, UserId};
use crate::input::Faults;
use crate::openapi::Doc;
use crate::users::actions::{self, Change};
use crate::users::model::{Address, Email, NewUser, Phone, read_name, read_object};
use crate::users::verification::{self, Which};
use crate::web::Call;

/// The body of `POST /api/v1/users`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "email": "ada.byron@example.org", "display_name": "Ada Byron" }]))]
pub struct NewUserBody {
    /// Where the link to set a password goes. An address or a number has to be there.
    email: Option<String>,
    /// As `+` and 7 to 15 digits. The link goes there when there is no address.
    phone: Option<String>,
    /// 1 to 200 characters.
    display_name: String,
    /// `member` when left out.
    #[serde(default = "member")]
    role: Role,
    /// The schema of the traits; `default` when left out.
    schema_id: Option<String>,
    /// What the platform wants to know of a person; at most 16 KiB. Held to the schema; what the person can add
    /// may be missing.
    traits: Option<Map<String, Value>>,
    /// Data of integrated apps that the person may see; at most 16 KiB.
    metadata_public: Option<Map<String, Value>>,
    /// Data of integrated apps for administrators alone; at most 16 KiB.
    metadata_admin: Option<Map<String, Value>>,
    /// Groups to join.
    #[serde(default)]
    groups: Vec<GroupId>,
}

const fn member() -> Role {
    Role::Member
}

impl TryFrom<&NewUserBody> for NewUser {
    type Error = Error;

    fn try_from(body: &NewUserBody) -> Result<Self> {
        let mut wrong = Vec::new();
        let email = body
            .email
            .as_deref()
            .map(|email| Email::read("email", email));
        let phone = body
            .phone
            .as_deref()
            .map(|phone| Phone::read("phone", phone));
        let email = email.transpose().unwrap_or_else(|why| {
            wrong.push(why);
            None
        });
        let phone = phone.transpose().unwrap_or_else(|why| {
            wrong.push(why);
            None
        });
        if body.email.is_none() && body.phone.is_none() {
            wrong.push(FieldError::new("email", "required"));
        }
        let name = read_name("display_name", &body.display_name).map_err(|why| wrong.push(why));
        let mut document = |field, map: &Option<Map<String, Value>>| {
            read_object(field, map.clone().unwrap_or_default()).unwrap_or_else(|why| {
                wrong.push(why);
                Json::object()
            })
        };
        let traits = document("traits", &body.traits);
        let metadata_public = document("metadata_public", &body.metadata_public);
        let metadata_admin = document("metadata_admin", &body.metadata_admin);
        match name {
            Ok(name) if wrong.is_empty() => {
                let plain = Self::plain(name, email, body.role);
                Ok(Self {
                    schema_id: body.schema_id.clone().unwrap_or(plain.schema_id),
                    traits,
                    metadata_public,
                    metadata_admin,
                    phone,
                    ..plain
                })
            }
            _ => Err(Error::Invalid(wrong)),
        }
    }
}

/// Describes [`create`].
pub const CREATE: Doc = Doc::new("Make a user")
    .about("The person gets a link to set a password. To let them agree to the terms first, send an invite instead.")
    .body::<NewUserBody>()
    .answers::<UserView>(201)
    .codes(&[Code::Forbidden, Code::AboveYou, Code::GroupNotGrantable, Code::AddressTaken]);

/// `POST /api/v1/users`: `users:write`. The person gets a link to set a password.
pub async fn create(app: web::Data<App>, call: Call<NewUserBody>) -> Result<HttpResponse> {
    let shared = app.clone();
    call.run(&app, StatusCode::CREATED, move |tx, actor, body| {
        let new = NewUser::try_from(body)?;
        let mut faults = Faults::default();
        let groups = read_given(&mut faults, &body.groups);
        let groups = faults.none_in(groups)?;
        let user = actions::create_as_admin(tx, &shared, actor, &new, &groups)?;
        UserView::read(tx, user, actor)
    })
    .await
}

/// The body of `PATCH /api/v1/users/{id}`; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "display_name": "Ada Lovelace", "role": "member" }]))]
pub struct UserPatch {
    /// 1 to 200 characters. Everybody may change their own.
    display_name: Option<String>,
    /// Only an owner may make or change an owner.
    role: Option<Role>,
    /// What the platform wants to know of a person; at most 16 KiB.
    traits: Option<Map<String, Value>>,
    /// Data of integrated apps that the person may see; at most 16 KiB.
    metadata_public: Option<Map<String, Value>>,
    /// Data of integrated apps for administrators alone; at most 16 KiB.
    metadata_admin: Option<Map<String, Value>>,
}

impl TryFrom<&UserPatch> for Change {
    type Error = Error;

    fn try_from(patch: &UserPatch) -> Result<Self> {
        let document = |field, map: &Option<Map<String, Value>>| {
            map.clone().map(|map| read_object(field, map)).transpose()
        };
        Ok(Self {
            display_name: patch
                .display_name
                .as_deref()
                .map(|name| read_name("display_name", name))
                .transpose()?,
            role: patch.role,
            traits: document("traits", &patch.traits)?,
            metadata_public: document("metadata_public", &patch.metadata_public)?,
            metadata_admin: document("metadata_admin", &patch.metadata_admin)?,
        })
    }
}

/// Describes [`patch`].
pub const CHANGE: Doc = Doc::new("Change a user")
    .about("A new role holds from the next request on. Members change their own name alone.")
    .body::<UserPatch>()
    .answers::<UserView>(200)
    .codes(&[
        Code::Forbidden,
        Code::AboveYou,
        Code::LastOwner,
        Code::WrongState,
    ]);

/// `PATCH /api/v1/users/{id}`: `users:write`.
pub async fn patch(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<UserPatch>,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    call.run(&app, StatusCode::OK, move |tx, actor, patch| {
        let user = actions::change(tx, actor, id, &Change::try_from(patch)?)?;
        UserView::read(tx, user, actor)
    })
    .await
}

/// The body of `POST /api/v1/users/{id}/verification`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "email": "ada@example.org" }]))]
pub struct VerificationBody {
    /// The user's address, when it is to be made sure that it is still this one.
    email: Option<String>,
    /// The user's phone number; the link then goes there by SMS. Without both, to the address, or to the number of who
    /// has none.
    phone: Option<String>,
}

impl VerificationBody {
    fn which(&self) -> Result<Which> {
        match (&self.email, &self.phone) {
            (Some(_), Some(_)) => Err(FieldError::new("phone", "only_one_address").into()),
            (Some(email), None) => Ok(Which::Email(email.clone())),
            (None, Some(phone)) => Ok(Which::Phone(Phone::read("phone", phone)?)),
            (None, None) => Ok(Which::Any),
        }
    }
}

/// A link that is on its way.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Verification")]
struct VerificationView {
    /// Where it goes, when it goes by mail.
    email: Option<String>,
    /// Where it goes, when it goes by SMS.
    phone: Option<String>,
    /// When it stops working.
    expires_at: Time,
}

/// Describes [`verify`].
pub const VERIFY: Doc = Doc::new("Send a user a link that proves their address or phone number")
    .body::<VerificationBody>()
    .answers::<VerificationView>(202)
    .codes(&[
        Code::Forbidden,
        Code::AboveYou,
        Code::WrongState,
        Code::TooManyRequests,
    ]);

/// `POST /api/v1/users/{id}/verification`: `users:write`.
pub async fn verify(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<VerificationBody>,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    let (shared, mut counted) = (app.clone(), false);
    call.run(&app, StatusCode::ACCEPTED, move |tx, actor, body| {
        let (sent_to, expires_at) =
            verification::send(tx, &shared, actor, id, &body.which()?, &mut counted)?;
        let (email, phone) = match sent_to {
            Address::Email(email) => (Some(email.to_string()), None),
            Address::Phone(phone) => (None, Some(phone.to_string())),
        };
        Ok(VerificationView {
            email,
            phone,
            expires_at,
        })
    })
    .await
}
