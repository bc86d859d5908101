//! What apps and proxies ask about tokens.

use actix_web::http::header::{ContentType, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::refusal::DIALECT;
use super::{API_KEY, Token, find};
use crate::access::{Role, Scope, Scopes};
use crate::api_keys::Keys;
use crate::app::App;
use crate::clock::Time;
use crate::db::Conn;
use crate::error::{Code, Error, FieldError, Result};
use crate::groups;
use crate::groups::model::GroupName;
use crate::ids::UserId;
use crate::openapi::Doc;
use crate::users::model::Status;
use crate::users::told::{Told, json};
use crate::web::{ApiCaller, FormCall, Params, Visit, ok};

/// Answers to introspections as they were given last.
#[derive(Default)]
pub struct IntrospectionCache(Told<Token>);

/// The body of an introspection. Other fields are passed over.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{ "token": "vstk_…" }]))]
pub struct Introspect {
    /// The API key that the app was shown.
    token: String,
    /// Which kind it may be. It says so itself, so this is passed over.
    #[serde(default, rename = "token_type_hint")]
    _hint: Option<String>,
}

/// What is behind a token. Of one that is not good, `active` alone is told.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Introspection<'a> {
    /// Whether the token is good now.
    active: bool,
    /// What it may do now, with spaces between: its scopes, as far as the role of its owner reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// The user whom it stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<UserId>,
    /// When it ends, in seconds since 1970; absent when it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    /// When it was made, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    /// How it is sent: `Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    /// The id of the API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    /// What the standard has no name for.
    #[serde(skip_serializing_if = "Option::is_none")]
    vestibule: Option<Beyond<'a>>,
}

/// What the standard has no name for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IntrospectionBeyond")]
struct Beyond<'a> {
    /// What kind of token it is: `api_key`.
    kind: &'static str,
    #[schemars(with = "Owner")]
    user: &'a RawValue,
    /// Ids of accounts that were folded into this one.
    aliases: Vec<UserId>,
}

/// The user whom a token stands for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IntrospectionUser")]
struct Owner {
    id: UserId,
    /// The role that the token acts with.
    role: Role,
    /// The groups that the user belongs to, by name.
    groups: Vec<GroupName>,
    /// `active`: no other user's token is good.
    status: Status,
}

impl Owner {
    fn read(conn: &mut Conn, id: UserId, role: Role) -> Result<Self> {
        let groups = groups::actions::groups_of(conn, &[id])?.remove(&id);
        Ok(Self {
            id,
            role,
            groups: groups.unwrap_or_default(),
            status: Status::Active,
        })
    }
}

impl<'a> Introspection<'a> {
    fn of(token: Token, user: &'a RawValue) -> Self {
        Self {
            active: true,
            scope: Some(token.scopes.to_string()),
            sub: Some(token.owner),
            exp: token.expires_at.map(Time::as_seconds),
            iat: Some(token.made_at.as_seconds()),
            token_type: Some("Bearer"),
            jti: Some(token.id),
            vestibule: Some(Beyond {
                kind: token.kind,
                user,
                aliases: Vec::new(),
            }),
        }
    }
}

/// Describes [`introspect`].
pub const INTROSPECT: Doc = Doc::new("Ask what is behind a token")
    .about(
        "RFC 7662, for an app that was shown an API key. It takes a key of the app's own. Of a token that is unknown, ended \
         or not good for any other reason `{\"active\": false}` is answered, and nothing else. Asking counts as a use of \
         the token, at the app.",
    )
    .form::<Introspect>()
    .answers::<Introspection<'static>>(200)
    .dialect(&DIALECT);

/// `POST /oauth2/introspect`: `introspect`.
///
/// # Errors
/// `bad_request` for a body without a token.
pub async fn introspect(
    request: HttpRequest,
    app: web::Data<App>,
    keys: web::Data<Keys>,
    cache: web::Data<IntrospectionCache>,
    call: FormCall<Introspect>,
) -> Result<HttpResponse> {
    let visit = Visit::of(&request)?;
    let shown = call.input.token;
    if shown.is_empty() {
        return Code::BadRequest.refuse();
    }
    let Some(token) = find(&app, &keys, &shown, &visit).await? else {
        return Ok(ok(&Introspection::default()));
    };
    let owner @ (id, role) = (token.owner, token.role);
    let read = move |conn: &mut Conn| Owner::read(conn, id, role);
    let of = token.clone();
    let whole = |user: &RawValue| json(&Introspection::of(token, user));
    let body = cache.0.get(&app, of, owner, read, whole).await?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(body))
}

/// What a request has to be good for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GateQuery {
    /// The scopes that the key has to have, with spaces between; any good key passes when it is left out.
    scope: Option<String>,
}

impl GateQuery {
    /// What is asked for. An empty list is refused: a variable of the proxy that was never set would open the gate.
    fn scopes(&self) -> Result<Scopes> {
        let Some(scope) = &self.scope else {
            return Ok(Scopes::default());
        };
        if scope.trim().is_empty() {
            return Err(FieldError::new("scope", "required").into());
        }
        Scopes::read(scope.split_ascii_whitespace()).map_err(|word| {
            FieldError::new("scope", "not_a_scope")
                .with("scope", word)
                .into()
        })
    }
}

/// Describes [`gate`].
pub const GATE: Doc = Doc::new("Let a request pass, or not, for a reverse proxy")
    .about(
        "For `auth_request` of nginx, `forward_auth` of Caddy and the like. A good key is answered with the headers \
         `X-Vestibule-Subject` (the id of its owner), `X-Vestibule-Kind` (`api_key`), `X-Vestibule-Role` and \
         `X-Vestibule-Scopes` (what it may do now, with spaces between). The key alone in `Authorization`, without a word \
         before it, is taken too. A session cookie is not.",
    )
    .query::<GateQuery>()
    .codes(&[Code::ScopeMissing, Code::Forbidden]);

/// `GET /gate`: any API key, which has to be good for the scopes that are asked for.
///
/// # Errors
/// `scope_missing`; `forbidden` when the role of the owner has no use for it, or nothing is left that the key may do;
/// `invalid_input` for what is no scope.
pub async fn gate(caller: ApiCaller, query: Params<GateQuery>) -> Result<HttpResponse> {
    let wanted = query.scopes()?;
    for scope in Scope::EACH.iter().filter(|scope| wanted.contains(**scope)) {
        caller.require(*scope)?;
        caller.actor.require(scope.least_role())?;
    }
    let role = caller.actor.role;
    let may = caller.scopes.within(role);
    // An empty list means nothing, and not anything.
    if may == Scopes::default() {
        return Code::Forbidden.refuse();
    }
    let scopes = may.to_string();
    let mut answer = HttpResponse::NoContent();
    for (name, value) in [
        ("x-vestibule-subject", caller.user_id.as_str()),
        ("x-vestibule-kind", API_KEY),
        ("x-vestibule-role", role.as_str()),
        ("x-vestibule-scopes", &scopes),
    ] {
        let value = HeaderValue::from_str(value).map_err(Error::internal)?;
        answer.insert_header((HeaderName::from_static(name), value));
    }
    Ok(answer.finish())
}
