//! What a template says.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::{Delivery, Identifier, Matching};
use crate::access::Role;
use crate::clock::{Span, seconds};
use crate::error::FieldError;
use crate::ids::GroupId;
use crate::input::Faults;
use crate::site::Terms;
use crate::text::Text;
use crate::users::model::is_domain;

/// What a template says, with the safe answer to each question as the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Who may invite with it.
    pub invitable_by: InvitableBy,
    /// The roles that its invites may give; null for any. Never above the inviter's own.
    pub roles: Option<Vec<Role>>,
    /// The groups that its invites may give; null for any. Always those that the inviter may give.
    pub groups: Option<Vec<GroupId>>,
    /// What its invites are made out to; null for any.
    pub identifier: Option<Identifier>,
    /// How the form treats a trait, by its name. A trait that is not named here is `prefilled`.
    pub fields: BTreeMap<String, FieldMode>,
    /// The terms that the person agrees to, in place of those of the site.
    pub terms: Option<Terms>,
    /// Seconds that an invite lives unless it says otherwise; null for the site's setting.
    pub expires_in: Option<i64>,
    /// How links reach people unless the invite says otherwise; null for mail.
    pub delivery: Option<Delivery>,
    /// How whoever accepts must match.
    #[serde(rename = "match")]
    pub matching: Matching,
    /// Domains of the addresses that may be invited and may accept, label by label; empty for any.
    pub domains: Vec<String>,
    /// How many one person may send; owners are not held to it.
    pub quota: Quota,
    /// Reminders, each so many seconds before the end.
    pub reminders: Vec<i64>,
    /// The language of mail and page; null for the site's.
    pub locale: Option<String>,
    /// A paragraph that every mail and page says before the inviter's message.
    pub intro: String,
    /// Addresses that an invite may lead on to: each with all that lies beneath it. Empty for any.
    pub redirect_urls: Vec<String>,
    /// Whether the inviter is told that a person has an account.
    pub reveal_existing: bool,
    /// Whether an administrator approves each acceptance.
    pub approval: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            invitable_by: InvitableBy::default(),
            roles: None,
            groups: None,
            identifier: None,
            fields: BTreeMap::new(),
            terms: None,
            expires_in: None,
            delivery: None,
            matching: Matching::Strict,
            domains: Vec::new(),
            quota: Quota::default(),
            reminders: Vec::new(),
            locale: None,
            intro: String::new(),
            redirect_urls: Vec::new(),
            reveal_existing: false,
            approval: false,
        }
    }
}

/// Who may invite with a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InvitableBy {
    /// Everybody of these roles. Members are named by their groups alone.
    pub roles: Vec<Role>,
    /// The members of these groups, whatever their role; a member may then invite members.
    pub groups: Vec<GroupId>,
}

impl Default for InvitableBy {
    fn default() -> Self {
        Self {
            roles: vec![Role::Admin, Role::Owner],
            groups: Vec::new(),
        }
    }
}

crate::words! {
    /// How the form treats a trait.
    pub enum FieldMode {
        /// The invite's value stands in the field, and can be changed.
        Prefilled = "prefilled",
        /// The same, and the field has to be filled in.
        Required = "required",
        /// The invite's value stands there, and holds whatever is sent.
        Locked = "locked",
        /// The invite's value holds, and the person does not see it.
        Hidden = "hidden",
    }
}

impl FieldMode {
    /// Whether the invite decides.
    pub const fn is_fixed(self) -> bool {
        matches!(self, Self::Locked | Self::Hidden)
    }
}

/// How many invites one person may send with a template; null for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// Within 24 hours.
    pub per_day: Option<i64>,
    /// Pending at one time.
    pub pending: Option<i64>,
}

/// The longest life of an invite and so of all times in a template, in seconds.
const LONGEST_SECONDS: i64 = 90 * 86_400;
/// The most domains, addresses, groups and reminders.
/// Domains of a template, or of an invite.
pub const MOST_DOMAINS: usize = 50;
const MOST_GROUPS: usize = 100;
const MOST_REMINDERS: usize = 3;
/// The longest intro, in characters.
pub const LONGEST_INTRO: usize = 1_000;

impl Policy {
    /// How the form treats a trait.
    pub fn mode(&self, name: &str) -> FieldMode {
        let mode = self.fields.get(name).copied();
        mode.unwrap_or(FieldMode::Prefilled)
    }

    /// How long an invite lives unless it says otherwise.
    pub fn lifetime(&self) -> Option<Span> {
        self.expires_in.map(seconds)
    }

    /// Checks every part and tells all that is wrong at once. Spaces and case that do not count are gone
    /// afterwards.
    pub fn check(&mut self, faults: &mut Faults) {
        if self.invitable_by.roles.is_empty() && self.invitable_by.groups.is_empty() {
            faults.add(FieldError::new("invitable_by", "required"));
        }
        if self.invitable_by.roles.contains(&Role::Member) {
            faults.add(FieldError::new("invitable_by.roles", "not_a_choice"));
        }
        if self.roles.as_ref().is_some_and(Vec::is_empty) {
            faults.add(FieldError::new("roles", "required"));
        }
        let groups = self.groups.as_ref().map_or(0, Vec::len);
        most(faults, "groups", groups, MOST_GROUPS);
        let inviting = self.invitable_by.groups.len();
        most(faults, "invitable_by.groups", inviting, MOST_GROUPS);
        if let Some(terms) = &mut self.terms {
            *terms = terms.checked(faults);
        }
        if let Some(seconds) = self.expires_in {
            faults.range("expires_in", seconds, 60..=LONGEST_SECONDS);
        }
        self.check_domains(faults);
        for (field, number) in [
            ("quota.per_day", self.quota.per_day),
            ("quota.pending", self.quota.pending),
        ] {
            if let Some(number) = number {
                faults.range(field, number, 0..=1_000_000);
            }
        }
        most(faults, "reminders", self.reminders.len(), MOST_REMINDERS);
        self.reminders.sort_unstable();
        self.reminders.dedup();
        self.reminders.reverse();
        for before in &self.reminders {
            faults.range("reminders", *before, 3_600..=LONGEST_SECONDS);
        }
        if let Some(locale) = &self.locale
            && let Err(why) = Text::read("locale", locale)
        {
            faults.add(why);
        }
        self.intro = faults.lines("intro", &self.intro, 0..=LONGEST_INTRO);
        most(faults, "fields", self.fields.len(), MOST_GROUPS);
        if self
            .fields
            .keys()
            .any(|name| name.len() > 100 || name.contains('\0'))
        {
            faults.add(FieldError::new("fields", "not_allowed"));
        }
        self.check_redirects(faults);
        self.check_together(faults);
    }

    fn check_domains(&mut self, faults: &mut Faults) {
        most(faults, "domains", self.domains.len(), MOST_DOMAINS);
        for domain in &mut self.domains {
            match read_domain(domain) {
                Some(read) => *domain = read,
                None => {
                    faults.add(FieldError::new("domains", "not_a_domain").with("domain", domain));
                }
            }
        }
        self.domains.dedup();
    }

    fn check_redirects(&mut self, faults: &mut Faults) {
        most(
            faults,
            "redirect_urls",
            self.redirect_urls.len(),
            MOST_DOMAINS,
        );
        for url in &mut self.redirect_urls {
            *url = url.trim().to_owned();
            if url.len() > 2_000 || super::redirect::origin(url).is_none() {
                faults.add(FieldError::new("redirect_urls", "not_a_url"));
            }
        }
    }

    /// Parts that make no sense side by side.
    fn check_together(&self, faults: &mut Faults) {
        let open = self.identifier == Some(Identifier::None);
        if self.matching == Matching::Domain && self.domains.is_empty() {
            faults.add(FieldError::new("domains", "required_for_match"));
        }
        if open && self.matching == Matching::Strict {
            faults.add(FieldError::new("match", "needs_an_address"));
        }
        if open
            && self
                .delivery
                .is_some_and(|delivery| delivery != Delivery::Link)
        {
            faults.add(FieldError::new("delivery", "only_by_link"));
        }
        let unreachable = match self.identifier {
            Some(Identifier::Phone) => self.delivery == Some(Delivery::Email),
            Some(Identifier::Email) => self.delivery == Some(Delivery::Sms),
            Some(Identifier::None) | None => false,
        };
        if unreachable {
            faults.add(FieldError::new("delivery", "not_for_address"));
        }
        let no_member = |roles: &Vec<Role>| !roles.contains(&Role::Member);
        if open && self.roles.as_ref().is_some_and(no_member) {
            faults.add(FieldError::new("roles", "members_alone"));
        }
        if open && self.approval {
            faults.add(FieldError::new("approval", "not_for_open_links"));
        }
    }

    /// Whether an invite may lead on to an address.
    pub fn may_lead_to(&self, url: &str) -> bool {
        let lies_beneath = |allowed: &String| {
            url == allowed
                || url
                    .strip_prefix(allowed.as_str())
                    .is_some_and(|rest| allowed.ends_with('/') || rest.starts_with(['/', '?', '#']))
        };
        // A browser walks up before it asks: `/in/../admin` does not lie beneath `/in`.
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let path = path.to_ascii_lowercase();
        let path = path
            .replace("%2e", ".")
            .replace("%2f", "/")
            .replace("%5c", "/");
        let walks = path.split('/').any(|part| part == "." || part == "..");
        self.redirect_urls.is_empty() || !walks && self.redirect_urls.iter().any(lies_beneath)
    }
}

fn most(faults: &mut Faults, field: &str, count: usize, most: usize) {
    if count > most {
        faults.add(FieldError::new(field, "too_many").with("max", most));
    }
}

/// A domain name in small letters: labels of plain letters, digits and hyphens, with a dot between them.
/// An internationalised name is written in its `xn--` form, as mail addresses are here.
pub fn read_domain(text: &str) -> Option<String> {
    let domain = text.trim().to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let good = domain.len() <= 253 && domain.split('.').all(is_label) && is_domain(&domain);
    good.then_some(domain)
}

/// Whether a mail address lies in one of some domains: the whole domain is compared, never its end
/// (Discourse CVE-2026-33393). Any address does when there are none.
pub fn lies_in(address: &str, domains: &[String]) -> bool {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    domains.is_empty()
        || domains
            .iter()
            .any(|allowed| domain.eq_ignore_ascii_case(allowed))
}

#[cfg(test)]
mod tests;
