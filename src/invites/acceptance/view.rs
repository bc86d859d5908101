//! The page that an invite link leads to while the invite is pending.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::landing::{Kind, Landing};
use crate::access::Role;
use crate::app::App;
use crate::error::Result;
use crate::invite_templates::redirect;
use crate::schemas::form::Asked;
use crate::site::Terms;
use crate::text::Message;
use crate::users::model::Address;
use crate::web::{FormErrors, Guest, Page, PostForm, form_leads_to, render};

#[derive(Template)]
#[template(path = "invites/landing.html")]
pub(in crate::invites) struct LandingPage {
    pub(in crate::invites) page: Page,
    pub(in crate::invites) errors: FormErrors,
    pub(in crate::invites) landing: Landing,
    path: String,
    pub(in crate::invites) display_name: String,
    pub(in crate::invites) terms_accepted: bool,
    viewer_email: String,
    /// Whether anybody can sign in by a code.
    codes: bool,
    asked: Vec<Asked>,
    /// The address that a code was asked for; empty while none was.
    pub(in crate::invites) proving: String,
    /// The address that the person names, as it was typed.
    pub(in crate::invites) named: String,
}

impl LandingPage {
    /// The page of a link, in the language of its invite. `path` is its address without the token.
    pub(in crate::invites) fn new(
        app: &App,
        page: Page,
        guest: &Guest,
        path: String,
        landing: Landing,
    ) -> Self {
        let page = page.in_language(landing.invite.text());
        let title = match landing.kind {
            Kind::Register => page
                .t("landing-join-title")
                .arg("site", &landing.settings.site_name),
            Kind::Accept => page.t("landing-accept-title"),
            Kind::SignInFirst => page.t("landing-sign-in-title"),
            Kind::WrongUser if landing.invite.is_open() => page.t("landing-prove-title"),
            Kind::WrongUser => page.t("landing-wrong-title"),
        };
        Self {
            page: page.headed(title, ""),
            errors: FormErrors::none(),
            path,
            codes: app.config.smtp.is_some() || app.config.sms.is_some(),
            display_name: landing.invite.name().to_owned(),
            terms_accepted: false,
            asked: asked(&landing, None),
            viewer_email: guest
                .signed_in
                .as_ref()
                .map(|who| who.email.clone())
                .unwrap_or_default(),
            proving: String::new(),
            named: String::new(),
            landing,
        }
    }

    /// The same page for somebody whose address has an account.
    pub(in crate::invites) fn sign_in_first(mut self) -> Self {
        self.page = self.page.titled("landing-sign-in-title", "");
        self.landing.kind = Kind::SignInFirst;
        self
    }

    /// What was entered, for the page that shows it again.
    pub(in crate::invites) fn keep(&mut self, form: &PostForm) {
        self.asked = asked(&self.landing, Some(form));
    }

    /// What is wrong, in the order of the page.
    pub(in crate::invites) fn arranged(&self, errors: FormErrors) -> FormErrors {
        let inputs = self.asked.iter().map(|asked| asked.input.as_str());
        let order = ["email", "code", "display_name"].into_iter().chain(inputs);
        let order: Vec<&str> = order.chain(["password", "terms_accepted"]).collect();
        let errors = errors.in_order(&order);
        errors.labelled(Asked::labels(&self.asked))
    }

    /// The page. Its form may lead on to where the invite says.
    pub(in crate::invites) fn answer(&self, status: StatusCode) -> Result<HttpResponse> {
        let mut answer = render(status, self)?;
        let goes_on_to = self.landing.invite.redirect_url.as_deref();
        if let Some(origin) = goes_on_to.and_then(redirect::origin) {
            form_leads_to(&mut answer, origin);
        }
        Ok(answer)
    }

    /// Terms that this person has yet to accept.
    pub(in crate::invites) fn terms(&self) -> Option<&Terms> {
        let accepted = self
            .landing
            .account
            .as_ref()
            .and_then(|user| user.terms_version.as_deref());
        self.landing
            .terms
            .as_ref()
            .filter(|terms| accepted != Some(&terms.version))
    }

    /// Whom the form is about: the invited address, or the one that is being proved.
    fn address(&self) -> &str {
        match self.landing.invite.is_open() {
            true => &self.proving,
            false => &self.landing.invite.address,
        }
    }

    /// Whether an address has to be named before anything else.
    fn names_address(&self) -> bool {
        self.landing.invite.is_open() && self.proving.is_empty()
    }

    /// Whether the person may sign in by a code, and so needs no password.
    fn by_code(&self) -> bool {
        let proved = Address::read("email", &self.proving).ok();
        self.landing.by_code(proved.as_ref())
    }

    /// Who invites whom to what.
    fn lead(&self) -> Message {
        let words = match self.landing.invite.is_open() {
            true => self.page.t("landing-open-lead"),
            false => self.page.t("landing-join-lead"),
        };
        words
            .arg("inviter", &self.landing.inviter)
            .arg("email", &self.landing.invite.address)
            .arg("site", &self.landing.settings.site_name)
    }

    /// The address that is being proved, hidden from whoever did not name it.
    fn proving_words(&self) -> String {
        match self.landing.invite.is_open() {
            true => self.proving.clone(),
            false => self.masked(),
        }
    }

    /// What an address has to be, when not any will do.
    fn domains_hint(&self) -> String {
        match self.domains() {
            none if none.is_empty() => none,
            domains => self
                .page
                .t("landing-domains-hint")
                .arg("domains", domains)
                .to_string(),
        }
    }

    /// The domains that an address has to be of, in words.
    fn domains(&self) -> String {
        self.landing.invite.domains().join(", ")
    }

    /// The invited address, with all but its ends hidden from who is not meant.
    fn masked(&self) -> String {
        let address = &self.landing.invite.address;
        let first: String = address.chars().take(1).collect();
        match address.rsplit_once('@') {
            Some((_, domain)) => format!("{first}…@{domain}"),
            // The last digits of a number.
            None => format!("…{}", &address[address.len().saturating_sub(2)..]),
        }
    }

    /// What the person becomes, when that is more than a member and more than they are.
    fn role_words(&self) -> Option<Message> {
        let role = self.landing.invite.role;
        let now = self.landing.account.as_ref().map(|user| user.role);
        match role {
            _ if now.is_some_and(|now| now >= role) => None,
            Role::Member => None,
            Role::Admin => Some(self.page.t("landing-makes-admin")),
            Role::Owner => Some(self.page.t("landing-makes-owner")),
        }
    }

    fn ends(&self) -> String {
        self.page.time_and_ago(&self.landing.invite.expires_at)
    }
}

/// The fields of the form: with what was entered, or what the invite knows.
fn asked(landing: &Landing, form: Option<&PostForm>) -> Vec<Asked> {
    let traits = landing.traits();
    let fields = landing.fields().into_iter();
    let asked = fields.map(|(field, mode)| {
        let input = field.input();
        let value = match form.filter(|_| !mode.is_fixed()) {
            Some(form) => form.get(&input).to_owned(),
            None => field.shown(&traits),
        };
        Asked::new(field, value, mode.is_fixed())
    });
    asked.collect()
}
