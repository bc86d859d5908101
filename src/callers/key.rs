//! A program: the API key that it comes with.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};

use super::{Callers, header};
use crate::access::Actor;
use crate::api_keys;
use crate::app::App;
use crate::db::Tx;
use crate::error::{Code, Result};
use crate::secret::SecretKind;
use crate::web::{ApiCaller, Visit};

/// The API key of a request. No credential is `None`; one that is not good is refused, on public routes
/// too, so that a program is never served as somebody else than it thinks.
pub(super) async fn key_caller(
    app: &App,
    callers: &Callers,
    request: &ServiceRequest,
    visit: &Visit,
) -> Result<Option<ApiCaller>> {
    if holds_credential(request.query_string()) {
        return Code::CredentialInUrl.refuse();
    }
    let odd = |name: &HeaderName| {
        request
            .headers()
            .get(name)
            .is_some_and(|value| value.to_str().is_err())
    };
    if odd(&AUTHORIZATION) || odd(&HeaderName::from_static("x-api-key")) {
        return Code::CredentialInvalid.refuse();
    }
    // Two credentials that differ: nobody could say as whom the program wants to act.
    if differ(request, &AUTHORIZATION) || differ(request, &HeaderName::from_static("x-api-key")) {
        return Code::CredentialInvalid.refuse();
    }
    let authorization = header(request, AUTHORIZATION);
    let secret = match authorization.split_once(' ') {
        Some((scheme, secret))
            if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("apikey") =>
        {
            secret.trim()
        }
        _ if !authorization.is_empty() => return Code::CredentialInvalid.refuse(),
        _ => header(request, HeaderName::from_static("x-api-key")),
    };
    if secret.is_empty() {
        return Ok(None);
    }
    let other = header(request, HeaderName::from_static("x-api-key"));
    if !other.is_empty() && other != secret {
        return Code::CredentialInvalid.refuse();
    }
    let now = app.clock.now();
    let keys = &callers.keys;
    let found = api_keys::authenticate(&app.db, &keys.cache, secret, now).await;
    let key =
        found.inspect_err(|why| keys.note_refusal(secret, why, now, visit.ip, &visit.agent))?;
    callers
        .keys
        .usage
        .note(key.key_id, now, visit.ip, &visit.agent);
    let caller = key.caller(visit.ip, visit.request_id.clone());
    if key.is_untried {
        let first = move |tx: &mut Tx<'_>, actor: &Actor| {
            api_keys::actions::first_use(tx, actor, key.key_id)
        };
        caller.write(app, first).await?;
    }
    Ok(Some(caller))
}

/// Whether a request says that a program sends it: it names a key. Browsers send `Authorization` by themselves for `Basic`
/// alone, where a proxy before the site asks people for it.
pub(super) fn names_key(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    let authorization = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let is_basic = |value: &[u8]| {
        value
            .get(..6)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"basic "))
    };
    authorization.is_some_and(|value| !is_basic(value)) || headers.contains_key("x-api-key")
}

/// Whether a header is there twice, with two values.
fn differ(request: &ServiceRequest, name: &HeaderName) -> bool {
    let mut values = request.headers().get_all(name);
    let first = values.next();
    values.any(|value| Some(value) != first)
}

/// Whether a query string carries a secret, by its name or by its form.
fn holds_credential(query: &str) -> bool {
    !query.is_empty()
        && form_urlencoded::parse(query.as_bytes()).any(|(name, value)| {
            matches!(
                name.as_ref(),
                "api_key" | "apikey" | "access_token" | "token"
            ) || SecretKind::of_well_formed(&value).is_some()
        })
}

#[cfg(test)]
mod tests {
    use super::holds_credential;

    #[test]
    fn secrets_in_the_address_are_seen() {
        assert!(holds_credential("limit=5&api_key=x"));
        assert!(holds_credential("access_token="));
        let key = crate::secret::PlainSecret::generate(crate::secret::SecretKind::ApiKey);
        assert!(holds_credential(&format!("q={}", key.reveal())));
        assert!(!holds_credential(""));
        assert!(!holds_credential("q=vstk_short&limit=5"));
    }
}
