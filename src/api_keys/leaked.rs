//! Whoever holds a key can end it: somebody found it where it should not be, and nobody has to sign in to say so.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::actions::{end, tell_owner};
use super::mail::KeyLeaked;
use super::model::KeyState;
use super::store;
use super::view::start;
use super::{Keys, LIST, foreign};
use crate::access::Actor;
use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::input;
use crate::openapi::Doc;
use crate::secret::{PlainSecret, SecretDigest, SecretKind};
use crate::web::{Guest, OpenCall};

/// The longest description of a place, in characters.
const LONGEST_PLACE: usize = 300;

/// A key that was found.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "api_key": "vstk_…", "found_at": "https://example.org/build.log" }]))]
pub struct Report {
    /// The whole key.
    api_key: String,
    /// Where it was found, at most 300 characters; its owner reads that.
    #[serde(default)]
    found_at: String,
}

/// What everybody is answered who reports something, so that the answer tells nothing about it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Thanks {
    /// Whether the report came in: always.
    received: bool,
}

/// Describes [`report`].
pub const REPORT: Doc = Doc::new("Report a leaked API key")
    .about("Ends it at once when it is one, and tells its owner. The answer is the same for anything that is sent.")
    .body::<Report>()
    .answers::<Thanks>(202);

/// `POST /api/v1/leaked-keys`: public.
///
/// # Errors
/// `invalid_input` for a place that is no line of text.
pub async fn report(
    app: web::Data<App>,
    keys: web::Data<Keys>,
    guest: Guest,
    call: OpenCall<Report>,
) -> Result<HttpResponse> {
    let Report { api_key, found_at } = call.0;
    let found_at = input::line("found_at", &found_at, 0..=LONGEST_PLACE)?;
    let digest = match PlainSecret::parse(SecretKind::ApiKey, api_key.trim()) {
        Some(secret) => Some(secret.digest()),
        None => {
            foreign::digest(
                &app.db,
                &keys.cache.foreign,
                api_key.trim(),
                app.clock.now(),
            )
            .await?
        }
    };
    if let Some(digest) = digest {
        let shared = app.clone();
        let act = move |tx: &mut Tx<'_>| end_leaked(tx, &shared, &guest.actor, digest, &found_at);
        app.db.write(act).await?;
    }
    Ok(HttpResponse::Accepted().json(Thanks { received: true }))
}

/// Ends the key of a digest, if there is one that works.
fn end_leaked(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    digest: SecretDigest,
    found_at: &str,
) -> Result<()> {
    let Some(holder) = store::holder(tx, digest)? else {
        return Ok(());
    };
    let (key, owner) = store::find(tx, holder.key_id)?;
    if key.state(tx.now) != KeyState::Active {
        return Ok(());
    }
    let reason = app.text.get("api-keys-reason-leaked").to_string();
    let (key, _) = end(tx, actor, key, Some(&reason))?;
    let mail = KeyLeaked {
        start: start(&key),
        name: key.name.clone(),
        found_at: found_at.to_owned(),
        link: app.link(LIST),
    };
    tell_owner(tx, app, &owner, &key, &mail)
}
