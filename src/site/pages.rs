//! The page of the settings.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::actions;
use super::model::{KeyPolicyPatch, Settings, SettingsPatch, Terms};
use crate::access::Role;
use crate::app::App;
use crate::error::{Code, Error, FieldError, Result};
use crate::text::Message;
use crate::web::{Flash, FormErrors, Page, PostForm, SignedIn, render, show};

#[derive(Template)]
#[template(path = "site/settings.html")]
struct SettingsPage {
    page: Page,
    errors: FormErrors,
    values: Values,
    /// What somebody else saved while this form was open: the name of the setting and its value now.
    theirs: Vec<(Message, String)>,
}

/// The fields in the order of the page.
const FIELDS: [&str; 8] = [
    "site_name",
    "contact",
    "terms.version",
    "terms.url",
    "invite_days",
    "invite_erase_days",
    "key_policy.default_days",
    "key_policy.max_days",
];

/// What stands in the fields of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Values {
    etag: String,
    site_name: String,
    contact: String,
    terms_version: String,
    terms_url: String,
    registration_open: bool,
    invite_days: String,
    invite_erase_days: String,
    default_days: String,
    max_days: String,
    never_allowed: bool,
}

impl Values {
    fn of(settings: &Settings) -> Self {
        let terms = settings.terms.clone();
        let (terms_version, terms_url) = terms
            .map(|terms| (terms.version, terms.url))
            .unwrap_or_default();
        Self {
            etag: settings.etag(),
            site_name: settings.site_name.clone(),
            contact: settings.contact.clone(),
            terms_version,
            terms_url,
            registration_open: settings.registration_open,
            invite_days: settings.invite_days.to_string(),
            invite_erase_days: settings.invite_erase_days.to_string(),
            default_days: settings.key_policy.default_days.to_string(),
            max_days: settings.key_policy.max_days.to_string(),
            never_allowed: settings.key_policy.never_allowed,
        }
    }

    fn read(form: &PostForm) -> Self {
        let text = |name: &str| form.get(name).trim().to_owned();
        Self {
            etag: text("etag"),
            site_name: text("site_name"),
            contact: text("contact"),
            terms_version: text("terms.version"),
            terms_url: text("terms.url"),
            registration_open: form.has("registration_open"),
            invite_days: text("invite_days"),
            invite_erase_days: text("invite_erase_days"),
            default_days: text("key_policy.default_days"),
            max_days: text("key_policy.max_days"),
            never_allowed: form.has("key_policy.never_allowed"),
        }
    }

    fn patch(&self) -> Result<SettingsPatch> {
        let mut wrong = Vec::new();
        let mut number = |field: &str, text: &str| {
            text.parse::<i64>()
                .map_err(|_| {
                    let code = if text.is_empty() {
                        "required"
                    } else {
                        "not_a_number"
                    };
                    wrong.push(FieldError::new(field, code));
                })
                .ok()
        };
        let no_terms = self.terms_version.is_empty() && self.terms_url.is_empty();
        let terms = Terms {
            version: self.terms_version.clone(),
            url: self.terms_url.clone(),
        };
        let patch = SettingsPatch {
            site_name: Some(self.site_name.clone()),
            contact: Some(self.contact.clone()),
            terms: Some((!no_terms).then_some(terms)),
            registration_open: Some(self.registration_open),
            invite_days: number("invite_days", &self.invite_days),
            invite_erase_days: number("invite_erase_days", &self.invite_erase_days),
            key_policy: Some(KeyPolicyPatch {
                default_days: number("key_policy.default_days", &self.default_days),
                max_days: number("key_policy.max_days", &self.max_days),
                never_allowed: Some(self.never_allowed),
            }),
        };
        if wrong.is_empty() {
            Ok(patch)
        } else {
            Err(Error::Invalid(wrong))
        }
    }

    /// What differs from the settings as they are now.
    fn differences(&self, page: &Page, now: &Settings) -> Vec<(Message, String)> {
        let kept = Self::of(now);
        let yes = |allowed: bool| {
            page.t(if allowed { "web-yes" } else { "site-no" })
                .to_string()
        };
        [
            ("site-name", &self.site_name, kept.site_name),
            ("site-contact", &self.contact, kept.contact),
            (
                "site-terms-version",
                &self.terms_version,
                kept.terms_version,
            ),
            ("site-terms-url", &self.terms_url, kept.terms_url),
            (
                "site-registration-open",
                &yes(self.registration_open),
                yes(kept.registration_open),
            ),
            ("site-invite-days", &self.invite_days, kept.invite_days),
            (
                "site-invite-erase-days",
                &self.invite_erase_days,
                kept.invite_erase_days,
            ),
            (
                "site-key-default-days",
                &self.default_days,
                kept.default_days,
            ),
            ("site-key-max-days", &self.max_days, kept.max_days),
            (
                "site-key-never",
                &yes(self.never_allowed),
                yes(kept.never_allowed),
            ),
        ]
        .into_iter()
        .filter(|(_, mine, theirs)| *mine != theirs)
        .map(|(label, _, theirs)| {
            (
                page.t(label),
                if theirs.is_empty() {
                    page.t("site-empty").to_string()
                } else {
                    theirs
                },
            )
        })
        .collect()
    }
}

/// `GET /admin/settings`: administrators and owners.
///
/// # Errors
/// `forbidden`, or when the database is away.
pub async fn edit(app: web::Data<App>, page: Page, viewer: SignedIn) -> Result<HttpResponse> {
    viewer.actor.require(Role::Admin)?;
    let values = Values::of(&app.db.read(actions::current).await?);
    let page = page.titled("site-title", "site");
    show(&SettingsPage {
        page,
        errors: FormErrors::none(),
        values,
        theirs: Vec::new(),
    })
}

/// `POST /admin/settings`: administrators and owners.
///
/// # Errors
/// `forbidden`, or when the database is away; what the person can mend comes back with the form.
pub async fn save(
    app: web::Data<App>,
    page: Page,
    viewer: SignedIn,
    form: PostForm,
) -> Result<HttpResponse> {
    viewer.actor.require(Role::Admin)?;
    let mut values = Values::read(&form);
    let saved = match values.patch() {
        Ok(patch) => {
            let etag = values.etag.clone();
            viewer
                .write(&app, move |tx, actor| {
                    actions::update(tx, actor, &patch, Some(&etag))
                })
                .await
        }
        Err(why) => Err(why),
    };
    let Err(why) = saved else {
        return Ok(Flash::ok(app.text.get("site-saved")).redirect(&app, "/admin/settings"));
    };
    let mut page = page.titled("site-title", "site");
    let mut theirs = Vec::new();
    if why.code() == Code::EditConflict {
        let now = app.db.read(actions::current).await?;
        theirs = values.differences(&page, &now);
        values.etag = now.etag();
    }
    let errors = FormErrors::of(app.text, why)?.in_order(&FIELDS);
    let status = page.refuse(&errors);
    render(
        status,
        &SettingsPage {
            page,
            errors,
            values,
            theirs,
        },
    )
}
