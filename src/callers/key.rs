//! A program: the API key that it comes with.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};

use super::Callers;
use crate::api_keys;
use crate::app::App;
use crate::error::{Code, Result};
use crate::secret::SecretKind;
use crate::web::{ApiCaller, Visit};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The API key of a request. No credential is `None`; one that is not good is refused, on public routes
/// too, so that a program is never served as somebody else than it thinks. Where `takes_bare` the key may stand in
/// `Authorization` without a word before it.
pub(super) async fn key_caller(
    app: &App,
    callers: &Callers,
    request: &ServiceRequest,
    visit: &Visit,
    takes_bare: bool,
) -> Result<Option<ApiCaller>> {
    if holds_credential(request.query_string()) {
        return Code::CredentialInUrl.refuse();
    }
    let authorization = only(request, &AUTHORIZATION)?;
    let alone = only(request, &X_API_KEY)?;
    let secret = match authorization.split_once(' ') {
        Some((scheme, secret))
            if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("apikey") =>
        {
            secret.trim()
        }
        None if takes_bare && !authorization.is_empty() => authorization,
        _ if !authorization.is_empty() => return Code::CredentialInvalid.refuse(),
        _ => alone,
    };
    if secret.is_empty() {
        return Ok(None);
    }
    if !alone.is_empty() && alone != secret {
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
    api_keys::first_use(app, &key, &caller).await?;
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
    // Where no page is, a secret in the address comes from a program too, and is refused to it.
    let in_address =
        || request.path().starts_with("/api/") && holds_credential(request.query_string());
    authorization.is_some_and(|value| !is_basic(value))
        || headers.contains_key(X_API_KEY)
        || in_address()
}

/// The value of a header that holds a credential, empty when it is not there. Of two that differ nobody could say as
/// whom the program wants to act.
fn only<'a>(request: &'a ServiceRequest, name: &HeaderName) -> Result<&'a str> {
    let mut values = request.headers().get_all(name);
    let Some(first) = values.next() else {
        return Ok("");
    };
    match first.to_str() {
        Ok(text) if values.all(|other| other == first) => Ok(text),
        _ => Code::CredentialInvalid.refuse(),
    }
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
