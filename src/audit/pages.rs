//! The audit log in the console.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::model::Filter;
use super::view::{EntryView, Integrity, people};
use super::{seal, store};
use crate::app::App;
use crate::clock::{Time, days};
use crate::db::Cursor;
use crate::error::{Error, FieldError, Result};
use crate::text::Text;
use crate::web::{FormErrors, Page, PageLinks, Params, render};

const PATH: &str = "/admin/audit";
const ROWS: i64 = 50;

/// The groups of actions that can be chosen: how they start, and the key of their words.
const GROUPS: [(&str, &str); 7] = [
    ("invite.", "audit-group-invites"),
    ("user.", "audit-group-users"),
    ("group.", "audit-group-groups"),
    ("api_key.", "audit-group-api-keys"),
    ("session.", "audit-group-sessions"),
    ("outbox.", "audit-group-outbox"),
    ("settings.", "audit-group-settings"),
];

/// The filters as they stand in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    actor: String,
    action: String,
    target: String,
    ip: String,
    from: String,
    to: String,
    q: String,
    newer: String,
    older: String,
}

impl Query {
    /// The filters by the names of their fields.
    fn pairs(&self) -> [(&'static str, &str); 7] {
        [
            ("q", &self.q),
            ("actor", &self.actor),
            ("action", &self.action),
            ("target", &self.target),
            ("ip", &self.ip),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    fn trimmed(mut self) -> Self {
        for text in [
            &mut self.actor,
            &mut self.action,
            &mut self.target,
            &mut self.ip,
            &mut self.q,
        ] {
            *text = text.trim().to_owned();
        }
        self
    }

    /// What is asked for. The days are those of UTC, and the last one belongs to it.
    fn filter(&self) -> Result<Filter> {
        let day = |name: &str, text: &str| match text {
            "" => Ok(None),
            text => match Time::parse(&format!("{text}T00:00:00Z")) {
                Some(time) => Ok(Some(time)),
                None => Err(Error::from(FieldError::new(name, "not_a_day"))),
            },
        };
        Ok(Filter {
            actor: self.actor.clone(),
            action: self.action.clone(),
            target: self.target.clone(),
            ip: self.ip.clone(),
            from: day("from", &self.from)?,
            to: day("to", &self.to)?.map(|time| time.plus(days(1))),
            q: self.q.clone(),
        })
    }

    /// What can be chosen of the actions; one that was asked for by its whole name is kept.
    fn groups(&self, text: Text) -> Vec<(String, String)> {
        let mut groups = vec![(String::new(), text.get("audit-group-any").to_string())];
        groups.extend(GROUPS.map(|(start, words)| (start.to_owned(), text.get(words).to_string())));
        if groups.iter().all(|(start, _)| *start != self.action) {
            groups.push((self.action.clone(), self.action.clone()));
        }
        groups
    }

    /// The filters in force, each with the address of the list without it.
    fn chips(&self, text: Text) -> Vec<(String, String)> {
        let all = self.pairs();
        let in_force = all.iter().filter(|(_, value)| !value.is_empty());
        in_force
            .map(|(name, value)| {
                let rest: Vec<_> = all
                    .iter()
                    .filter(|(other, value)| other != name && !value.is_empty())
                    .collect();
                let query = serde_urlencoded::to_string(&rest).unwrap_or_default();
                let group = GROUPS.iter().find(|(start, _)| start == value);
                let value = match group {
                    Some((_, words)) if *name == "action" => text.get(*words).to_string(),
                    _ => (*value).to_owned(),
                };
                (
                    format!("{PATH}?{query}"),
                    text.get(format!("audit-chip-{name}"))
                        .arg("value", value)
                        .to_string(),
                )
            })
            .collect()
    }
}

#[derive(Template)]
#[template(path = "audit/list.html")]
struct List {
    page: Page,
    query: Query,
    errors: FormErrors,
    chips: Vec<(String, String)>,
    groups: Vec<(String, String)>,
    entries: Vec<EntryView>,
    links: PageLinks,
    integrity: Integrity,
}

/// `GET /admin/audit`: administrators.
///
/// # Errors
/// When the database is away.
pub async fn list(app: web::Data<App>, page: Page, query: Params<Query>) -> Result<HttpResponse> {
    let mut page = page.titled("audit-title", "audit");
    let query = query.0.trimmed();
    let (filter, errors) = match query.filter() {
        Ok(filter) => (Some(filter), FormErrors::none()),
        Err(why) => (None, FormErrors::of(app.text, why)?),
    };
    let status = page.refuse(&errors);
    let paging = PageLinks::paging(ROWS, &query.newer, &query.older);
    let (shared, now) = (app.clone(), page.now());
    let (slice, names, standing) = app
        .db
        .read(move |conn| {
            let rows = match filter {
                Some(filter) => store::list(conn, &filter, &paging)?,
                None => Vec::new(),
            };
            let slice = paging.slice(rows, |row| Cursor {
                time: row.at,
                id: row.id.to_string(),
            });
            let names = store::names(conn, &people(&slice.rows))?;
            Ok((slice, names, seal::standing(conn, &shared.master, now)?))
        })
        .await?;
    let template = List {
        links: PageLinks::of(PATH, &query.pairs(), &slice),
        entries: slice
            .rows
            .into_iter()
            .map(|row| EntryView::of(app.text, row, &names))
            .collect(),
        integrity: Integrity::of(app.text, &standing, now),
        chips: query.chips(app.text),
        groups: query.groups(app.text),
        page,
        query,
        errors,
    };
    render(status, &template)
}

/// The keys of texts that are made of the names above.
#[cfg(test)]
pub(super) fn keys() -> Vec<String> {
    let chips = Query::default()
        .pairs()
        .map(|(name, _)| format!("audit-chip-{name}"));
    chips
        .into_iter()
        .chain(GROUPS.map(|(_, words)| words.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_belongs_to_what_is_asked_for() {
        let query = Query {
            from: "2026-11-22".into(),
            to: "2026-11-22".into(),
            ..Query::default()
        };
        let filter = query.filter().unwrap();
        assert_eq!(filter.from.unwrap().rfc3339(), "2026-11-22T00:00:00Z");
        assert_eq!(filter.to.unwrap().rfc3339(), "2026-11-23T00:00:00Z");
        for bad in [
            "22.11.2026",
            "2026-13-01",
            "2026-11-22T00:00:00Z",
            "-009999-01-02",
            "x",
        ] {
            let query = Query {
                to: bad.into(),
                ..Query::default()
            };
            assert!(query.filter().is_err(), "{bad}");
        }
    }

    #[test]
    fn each_chip_leads_to_the_list_without_its_filter() {
        let query = Query {
            action: "invite.".into(),
            q: "a&b".into(),
            ..Query::default()
        };
        let chips = query.chips(Text::ENGLISH);
        assert_eq!(
            chips,
            [
                (
                    "/admin/audit?action=invite.".to_owned(),
                    "About: a&b".to_owned()
                ),
                (
                    "/admin/audit?q=a%26b".to_owned(),
                    "What: Invites".to_owned()
                ),
            ]
        );
    }
}
