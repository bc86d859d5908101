//! The filters of the list of invites, as its address and its forms hold them.

use serde::Deserialize;

use crate::access::Role;
use crate::invites::model::{DeliveryState, State};
use crate::invites::store::Filter;
use crate::web::{PostForm, SignedIn};

/// Rows of a page, unless the address says otherwise.
const ROWS: i64 = 50;
/// How many rows a page may have.
pub(super) const ROW_CHOICES: [i64; 3] = [25, 50, 100];

/// The filters of the list, as the address holds them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListForm {
    pub(super) tab: String,
    pub(super) q: String,
    pub(super) group: String,
    pub(super) by: String,
    pub(super) template: String,
    pub(super) batch: String,
    pub(super) rows: String,
    pub(super) newer: String,
    pub(super) older: String,
}

impl ListForm {
    /// The filters that a form of the list carries along.
    pub(super) fn of(form: &PostForm) -> Self {
        let text = |name: &str| form.get(name).to_owned();
        Self {
            tab: text("tab"),
            q: text("q"),
            group: text("group"),
            by: text("by"),
            template: text("template"),
            batch: text("batch"),
            rows: text("rows"),
            newer: String::new(),
            older: String::new(),
        }
    }

    /// What the list is narrowed to. Who sees only their own invites has them in one list.
    pub(super) fn filter(&self, who: &SignedIn) -> Filter {
        let all = who.actor.role >= Role::Admin;
        let mut filter = Filter {
            q: self.q.trim().to_owned(),
            group: self.group.parse().ok(),
            invited_by: match all {
                true => self.by.parse().ok(),
                false => Some(who.user_id),
            },
            template: self.template.parse().ok(),
            batch: self.batch.parse().ok(),
            ..Filter::default()
        };
        match self.tab() {
            _ if !all => {}
            "pending" => {
                filter.state = Some(State::Pending);
                filter.but_failed = true;
            }
            "not-delivered" => {
                filter.state = Some(State::Pending);
                filter.mail = Some(DeliveryState::Failed);
            }
            "expired" => filter.state = Some(State::Expired),
            "accepted" => filter.state = Some(State::Accepted),
            "declined" => filter.state = Some(State::Declined),
            "revoked" => filter.state = Some(State::Revoked),
            "on-hold" => filter.state = Some(State::Suspended),
            "approval" => filter.state = Some(State::AwaitingApproval),
            _ => {}
        }
        filter
    }

    /// The tab that is shown.
    pub(super) fn tab(&self) -> &str {
        match self.tab.as_str() {
            "" => "pending",
            tab => tab,
        }
    }

    /// Rows of a page.
    pub(super) fn rows(&self) -> i64 {
        let rows = self.rows.parse().ok();
        rows.filter(|rows| ROW_CHOICES.contains(rows))
            .unwrap_or(ROWS)
    }

    /// Each filter that is in force, as the address has it.
    pub(super) fn pairs(&self) -> Vec<(&'static str, &str)> {
        let pairs = [
            ("tab", self.tab()),
            ("q", self.q.as_str()),
            ("group", &self.group),
            ("by", &self.by),
            ("template", &self.template),
            ("batch", &self.batch),
            ("rows", &self.rows),
        ];
        let filled = |pair: &(&str, &str)| !pair.1.is_empty();
        pairs.into_iter().filter(filled).collect()
    }

    /// The address of a page about the list, with its filters but one.
    fn address(&self, path: &str, without: &str) -> String {
        let mut pairs = self.pairs();
        pairs.retain(|(name, _)| *name != without);
        let query = serde_urlencoded::to_string(&pairs).unwrap_or_default();
        format!("{path}?{query}")
    }

    /// The list.
    pub(super) fn list(&self) -> String {
        self.address("/admin/invites", "")
    }

    /// The list without one of its filters.
    pub(super) fn without(&self, name: &str) -> String {
        self.address("/admin/invites", name)
    }

    /// The file of what is shown.
    pub(super) fn export(&self) -> String {
        self.address("/admin/invites/export.csv", "")
    }

    /// Whether anything but the tab narrows the list.
    pub(super) fn is_filtered(&self) -> bool {
        let narrows = |(name, _): &(&str, &str)| !matches!(*name, "tab" | "rows");
        self.pairs().iter().any(narrows)
    }
}
