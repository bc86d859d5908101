//! What can be set, and within which limits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{FieldError, Result};
use crate::input::{Faults, etag, given};

/// The longest that an API key may be set to live, in days.
const MOST_KEY_DAYS: i64 = 3_650;
/// The longest that an invite may be set to live, in days.
const MOST_INVITE_DAYS: i64 = 90;
/// The longest that is known of a person who never accepted, in days.
const MOST_ERASE_DAYS: i64 = 3_650;
/// The longest address of the terms.
const LONGEST_URL: usize = 2_000;

/// The settings of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// The name in titles, on pages and in mails. 1 to 80 characters.
    pub site_name: String,
    /// Whom people can ask, in words or as an address. Empty when nobody is named.
    pub contact: String,
    /// What new users agree to; null when there are no terms.
    pub terms: Option<Terms>,
    /// Whether everybody may make an account for themselves.
    pub registration_open: bool,
    /// How long API keys may live.
    pub key_policy: KeyPolicy,
    /// Days after which an invite ends, unless it says otherwise. 1 to 90.
    pub invite_days: i64,
    /// Days after the end of an invite that nobody accepted, after which what it knew of the person is erased.
    /// 1 to 3650.
    pub invite_erase_days: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            site_name: "Vestibule".to_owned(),
            contact: String::new(),
            terms: None,
            registration_open: false,
            key_policy: KeyPolicy::default(),
            invite_days: 7,
            invite_erase_days: 90,
        }
    }
}

/// The terms that an invited person agrees to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Names the text in force, such as `2026-11`. Kept with each user who agreed. 1 to 40 characters.
    pub version: String,
    /// Where the text can be read, https. Empty when there is no such page.
    #[serde(default)]
    pub url: String,
}

/// How long API keys may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KeyPolicy {
    /// Days that a new key lives unless its maker chooses otherwise. At most `max_days`.
    pub default_days: i64,
    /// The longest that a maker may choose, in days. 1 to 3650.
    pub max_days: i64,
    /// Whether a key may be made that never ends.
    pub never_allowed: bool,
}

impl Default for KeyPolicy {
    fn default() -> Self {
        Self {
            default_days: 90,
            max_days: 365,
            never_allowed: false,
        }
    }
}

/// Changes to the settings; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "site_name": "Lisbon Lab", "contact": "Olu, +351 555 0100", "invite_days": 7 }]))]
pub struct SettingsPatch {
    /// The name of the site.
    pub site_name: Option<String>,
    /// Whom people can ask.
    pub contact: Option<String>,
    /// The terms; null for none.
    #[serde(default, deserialize_with = "given")]
    pub terms: Option<Option<Terms>>,
    /// Whether everybody may make an account for themselves.
    pub registration_open: Option<bool>,
    /// How long API keys may live.
    pub key_policy: Option<KeyPolicyPatch>,
    /// Days after which an invite ends.
    pub invite_days: Option<i64>,
    /// Days after which an invite that nobody accepted is erased.
    pub invite_erase_days: Option<i64>,
}

/// Changes to [`KeyPolicy`]; what is left out stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyPolicyPatch {
    /// Days that a new key lives.
    pub default_days: Option<i64>,
    /// The longest that a maker may choose, in days.
    pub max_days: Option<i64>,
    /// Whether a key may be made that never ends.
    pub never_allowed: Option<bool>,
}

impl Settings {
    /// Changes whenever a setting does; says whether what somebody edits is still what is kept.
    pub fn etag(&self) -> String {
        etag(self)
    }

    /// The settings with the changes of `patch`.
    ///
    /// # Errors
    /// `invalid_input`, naming every field that is out of its limits.
    pub fn with(&self, patch: &SettingsPatch) -> Result<Self> {
        let mut faults = Faults::default();
        let mut new = self.clone();
        if let Some(name) = &patch.site_name {
            new.site_name = faults.name("site_name", name, 1..=80);
        }
        if let Some(contact) = &patch.contact {
            new.contact = faults.line("contact", contact, 0..=200);
        }
        if let Some(terms) = &patch.terms {
            new.terms = terms.as_ref().map(|terms| terms.checked(&mut faults));
        }
        if let Some(open) = patch.registration_open {
            new.registration_open = open;
        }
        if let Some(policy) = &patch.key_policy {
            new.key_policy = self.key_policy.with(policy, &mut faults);
        }
        if let Some(days) = patch.invite_days {
            faults.range("invite_days", days, 1..=MOST_INVITE_DAYS);
            new.invite_days = days;
        }
        if let Some(days) = patch.invite_erase_days {
            faults.range("invite_erase_days", days, 1..=MOST_ERASE_DAYS);
            new.invite_erase_days = days;
        }
        faults.none_in(new)
    }
}

impl Terms {
    /// The terms without what does not count; tells what is wrong as `terms.…`.
    pub fn checked(&self, faults: &mut Faults) -> Self {
        let version = faults.line("terms.version", &self.version, 1..=40);
        let url = faults.line("terms.url", &self.url, 0..=LONGEST_URL);
        if !url.is_empty() && !is_https(&url) {
            faults.add(FieldError::new("terms.url", "not_an_https_url"));
        }
        Self { version, url }
    }
}

impl KeyPolicy {
    fn with(self, patch: &KeyPolicyPatch, faults: &mut Faults) -> Self {
        let new = Self {
            default_days: patch.default_days.unwrap_or(self.default_days),
            max_days: patch.max_days.unwrap_or(self.max_days),
            never_allowed: patch.never_allowed.unwrap_or(self.never_allowed),
        };
        faults.range("key_policy.max_days", new.max_days, 1..=MOST_KEY_DAYS);
        let most = new.max_days.clamp(1, MOST_KEY_DAYS);
        faults.range("key_policy.default_days", new.default_days, 1..=most);
        new
    }
}

/// Whether `url` is an absolute https address with a host and without a password in it.
fn is_https(url: &str) -> bool {
    url.parse::<actix_web::http::Uri>().is_ok_and(|uri| {
        uri.scheme_str() == Some("https")
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri
                .authority()
                .is_some_and(|authority| !authority.as_str().contains('@'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn faults(patch: serde_json::Value) -> Vec<String> {
        let patch: SettingsPatch = serde_json::from_value(patch).unwrap();
        match Settings::default().with(&patch) {
            Err(Error::Invalid(faults)) => faults.into_iter().map(|fault| fault.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_left_out_stays_and_null_takes_the_terms_away() {
        let patch = |json: &str| serde_json::from_str::<SettingsPatch>(json).unwrap();
        let first = Settings::default()
            .with(&patch(
                r#"{"terms": {"version": " v1 ", "url": "https://a.example/t"}}"#,
            ))
            .unwrap();
        let second = first
            .with(&patch(r#"{"key_policy": {"never_allowed": true}}"#))
            .unwrap();
        assert_eq!(second.terms.as_ref().unwrap().version, "v1");
        assert_eq!(
            second.key_policy,
            KeyPolicy {
                never_allowed: true,
                ..KeyPolicy::default()
            }
        );
        assert_eq!(
            second.with(&patch(r#"{"terms": null}"#)).unwrap().terms,
            None
        );
        assert_ne!(first.etag(), second.etag());
        assert_eq!(
            first.etag(),
            first.with(&SettingsPatch::default()).unwrap().etag()
        );
    }

    #[test]
    fn every_limit_is_held_and_told() {
        use serde_json::json;
        assert_eq!(
            faults(json!({"site_name": " ", "invite_days": 91})),
            ["site_name", "invite_days"]
        );
        assert_eq!(
            faults(json!({"key_policy": {"default_days": 366}})),
            ["key_policy.default_days"]
        );
        assert_eq!(
            faults(json!({"key_policy": {"max_days": 0, "default_days": 1}})),
            ["key_policy.max_days"]
        );
        for url in [
            "http://a.example",
            "javascript:alert(1)",
            "https://",
            "https://u:p@a.example",
            "x",
        ] {
            assert_eq!(
                faults(json!({"terms": {"version": "1", "url": url}})),
                ["terms.url"],
                "{url}"
            );
        }
    }

    #[test]
    fn a_row_of_an_older_or_newer_version_can_be_read() {
        let read: Settings =
            serde_json::from_str(r#"{"site_name": "Lab", "of_later": 1}"#).unwrap();
        assert_eq!(
            read,
            Settings {
                site_name: "Lab".into(),
                ..Settings::default()
            }
        );
    }
}
