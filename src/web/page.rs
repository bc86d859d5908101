//! The frame of a page: what every template needs beside its own values.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use askama::Template;

use super::assets;
use super::csrf::Csrf;
use super::flash::Flash;
use super::form_errors::FormErrors;
use super::visit::{Viewer, Visit};
use crate::app::App;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::text::{IntoKey, Message, Text};

/// The frame. Templates call it `page`.
#[derive(Clone, Debug)]
pub struct Page {
    text: Text,
    csrf: Csrf,
    now: Time,
    visit: Rc<Visit>,
    /// The language, for `<html lang>`.
    pub lang: &'static str,
    /// `light`, `dark`, or empty to follow the device.
    pub theme: &'static str,
    /// The page's own title.
    pub title: String,
    /// Whether a form came back with errors.
    pub invalid: bool,
    /// The name of the site.
    pub site_name: String,
    /// Who looks, when signed in.
    pub viewer: Option<Viewer>,
    /// The entry of the navigation that is marked.
    pub section: &'static str,
    /// Pending invites, for the navigation.
    pub pending_invites: Option<String>,
    /// Mails that failed, for the navigation.
    pub failed_mails: Option<String>,
    /// Whether to say that no mail server is set up.
    pub mail_missing: bool,
    /// The warning that requests come under another name than the public URL's.
    pub other_name: Option<String>,
    /// What the page before has to say.
    pub flash: Option<Flash>,
    /// The version of the program.
    pub version: &'static str,
    /// The server's time.
    pub utc_clock: String,
    /// The address of the stylesheet.
    pub css: &'static str,
    /// The address of the script; empty where none may run.
    pub js: &'static str,
    /// The address of the icons.
    pub icons: &'static str,
}

impl Page {
    fn of(app: &App, visit: Rc<Visit>) -> Self {
        let now = app.clock.now();
        let viewer = visit.signed_in.as_ref().map(super::SignedIn::viewer);
        let is_admin = viewer.as_ref().is_some_and(|viewer| viewer.is_admin);
        let for_admin = |text: &Option<String>| text.clone().filter(|_| is_admin);
        visit.flash_shown.set(true);
        let text = visit.text.get().unwrap_or(app.text);
        Self {
            text,
            csrf: Csrf::of(&app.master, &visit.binding),
            now,
            lang: text.lang(),
            theme: "",
            title: String::new(),
            invalid: false,
            site_name: match visit.chrome.site_name.as_str() {
                // Where no request asks for the settings, among files.
                "" => "Vestibule".to_owned(),
                name => name.to_owned(),
            },
            viewer,
            section: "",
            pending_invites: for_admin(&visit.chrome.pending_invites),
            failed_mails: for_admin(&visit.chrome.failed_mails),
            mail_missing: visit.chrome.mail_missing && is_admin,
            other_name: for_admin(&visit.chrome.other_name).map(|host| {
                let words = text.get("web-other-name").arg("host", host);
                words.arg("url", app.config.public_url.origin()).to_string()
            }),
            flash: visit.flash.clone(),
            visit,
            version: env!("CARGO_PKG_VERSION"),
            utc_clock: now.format("%H:%M UTC"),
            css: assets::css(),
            js: assets::js(),
            icons: assets::icons(),
        }
    }

    /// The page of a request that is already answered, for error pages.
    pub(super) fn of_request(request: &HttpRequest) -> Result<Self> {
        let app = request
            .app_data::<web::Data<App>>()
            .ok_or_else(|| Error::internal("no App in the server"))?;
        Ok(Self::of(app, Visit::of(request)?))
    }

    /// The page in another language.
    #[must_use]
    pub fn in_language(mut self, text: Text) -> Self {
        self.text = text;
        self.lang = text.lang();
        self
    }

    /// The same, when it is what the request is answered with: an error page is in that language too.
    #[must_use]
    pub fn answered_in(self, text: Text) -> Self {
        self.visit.text.set(Some(text));
        self.in_language(text)
    }

    /// The language of the page.
    pub fn text(&self) -> Text {
        self.text
    }

    /// Gives the page its title (a key of the catalogue) and its place in the navigation.
    #[must_use]
    pub fn titled(self, title: &'static str, section: &'static str) -> Self {
        let title = self.t(title);
        self.headed(title, section)
    }

    /// The same for a title with arguments.
    #[must_use]
    pub fn headed(mut self, title: Message, section: &'static str) -> Self {
        self.title = title.to_string();
        self.section = section;
        self
    }

    /// Whether the administration is shown to who looks.
    pub fn is_admin(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.is_admin)
    }

    /// Whether who looks is no administrator, and may invite.
    pub fn may_invite(&self) -> bool {
        self.visit.may_invite
    }

    /// A text of the catalogue.
    pub fn t(&self, key: impl IntoKey) -> Message {
        self.text.get(key)
    }

    /// The languages to choose from, each by the name that its speakers give it.
    pub fn languages(&self) -> Vec<(String, Message)> {
        Text::choices().collect()
    }

    /// The value of the hidden field `csrf`.
    pub fn csrf(&self) -> String {
        self.csrf.value()
    }

    /// When this page was made.
    pub fn now(&self) -> Time {
        self.now
    }

    /// A moment in full, as a `<time>` element.
    pub fn time(&self, time: &Time) -> String {
        format!(
            "<time datetime=\"{time}\">{}</time>",
            self.text.moment(*time)
        )
    }

    /// A moment as people say it, "in 2 days", as a `<time>` element.
    pub fn ago(&self, time: &Time) -> String {
        let words = self.text.relative(*time, self.now);
        format!("<time datetime=\"{time}\" data-ago>{words}</time>")
    }

    /// When a row last changed, as people say it; a dash when it came with the database and is as it was.
    pub fn changed(&self, time: &Time) -> String {
        match time.as_micros() {
            0 => "–".to_owned(),
            _ => self.ago(time),
        }
    }

    /// "20 February 2027, 09:00 UTC (in 90 days)".
    pub fn time_and_ago(&self, time: &Time) -> String {
        format!(
            "{} ({})",
            self.time(time),
            self.text.relative(*time, self.now)
        )
    }

    /// Marks the page as a form that came back, and says with which status.
    pub fn refuse(&mut self, errors: &FormErrors) -> StatusCode {
        self.invalid = !errors.is_empty();
        self.visit.retry_after.set(errors.retry_after());
        StatusCode::from_u16(errors.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
    }
}

impl FromRequest for Page {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of_request(request))
    }
}

/// Renders a page.
///
/// # Errors
/// When the template cannot be rendered.
pub fn render(status: StatusCode, template: &impl Template) -> Result<HttpResponse> {
    let html = template.render().map_err(Error::internal)?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(html))
}

/// Renders a page that shows what was asked for.
///
/// # Errors
/// When the template cannot be rendered.
pub fn show(template: &impl Template) -> Result<HttpResponse> {
    render(StatusCode::OK, template)
}
