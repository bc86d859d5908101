//! What becomes of invites: how many were made in a while, and how far they came.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::app::App;
use crate::clock::{Time, days};
use crate::error::Result;
use crate::ids::TemplateId;
use crate::invite_templates;
use crate::invites::store::{self, Funnel, MOST_COUNTED};
use crate::text::{Message, Text};
use crate::web::{Page, SignedIn, show};

/// The periods that can be chosen, in days, and how each is written in the address.
const PERIODS: [(i64, &str); 4] = [(7, "7"), (30, "30"), (90, "90"), (365, "365")];
/// The whole past, as a period.
const ALL: &str = "all";
/// The period that is shown at first.
const USUAL: &str = "30";

/// What the address of the page chooses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Choice {
    days: String,
    template: String,
}

impl Choice {
    /// The period; the usual one when the address names none that there is.
    fn period(&self) -> (&'static str, Option<i64>) {
        let known = PERIODS.into_iter().find(|(_, word)| *word == self.days);
        match known {
            Some((count, word)) => (word, Some(count)),
            None if self.days == ALL => (ALL, None),
            None => (USUAL, Some(30)),
        }
    }
}

/// One bar of the picture, and one row of the table.
struct Step {
    label: Message,
    hint: Message,
    count: String,
    /// Of those made, in percent.
    share: i64,
}

#[derive(Template)]
#[template(path = "invites/funnel.html")]
struct FunnelPage {
    page: Page,
    periods: Vec<(String, Message)>,
    period: &'static str,
    templates: Vec<(String, String)>,
    template: String,
    is_empty: bool,
    /// The most that are counted, when so many were made.
    most: Option<String>,
    /// How far they came.
    way: Vec<Step>,
    /// What became of them; each is one of these.
    ends: Vec<Step>,
}

fn steps(text: Text, made: i64, counts: &[(&'static str, i64)]) -> Vec<Step> {
    let steps = counts.iter().map(|(key, count)| Step {
        label: text.get(*key),
        hint: text.get(format!("{key}.hint")),
        count: text.number(*count),
        // Rounded to the nearest.
        share: (count * 200 + made) / (made * 2).max(1),
    });
    steps.collect()
}

/// `GET /admin/invites/funnel`: administrators and owners.
pub async fn show_funnel(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    choice: web::Query<Choice>,
) -> Result<HttpResponse> {
    let (now, text) = (app.clock.now(), app.text);
    let (period, length) = choice.period();
    let since = length.map_or(Time::from_micros(0), |count| now.minus(days(count)));
    let wanted: Option<TemplateId> = choice.template.parse().ok();
    let (templates, funnel, template) = app
        .db
        .read(move |conn| {
            let templates = invite_templates::actions::list(conn, &who.actor)?;
            let mut ids = templates.iter().map(|template| template.id);
            let template = ids.find(|id| Some(*id) == wanted);
            let funnel = store::funnel(conn, since, template, now)?;
            Ok((templates, funnel, template))
        })
        .await?;
    let Funnel { made, .. } = funnel;
    let mut periods: Vec<_> = PERIODS
        .into_iter()
        .map(|(count, word)| {
            let words = page.t("invites-funnel-days-some").arg("count", count);
            (word.to_owned(), words)
        })
        .collect();
    periods.push((ALL.to_owned(), page.t("invites-funnel-days-all")));
    let mut choices = vec![(String::new(), page.t("invites-any-template").to_string())];
    let templates = templates.into_iter();
    choices.extend(templates.map(|template| (template.id.to_string(), template.name)));
    show(&FunnelPage {
        periods,
        period,
        templates: choices,
        template: template.map(|id| id.to_string()).unwrap_or_default(),
        is_empty: made == 0,
        most: (made >= MOST_COUNTED).then(|| text.number(MOST_COUNTED)),
        way: steps(
            text,
            made,
            &[
                ("invites-funnel-made", made),
                ("invites-funnel-sent", funnel.sent),
                ("invites-funnel-opened", funnel.opened),
                ("invites-funnel-accepted", funnel.accepted),
            ],
        ),
        ends: steps(
            text,
            made,
            &[
                ("invites-funnel-accepted", funnel.accepted),
                ("invites-funnel-declined", funnel.declined),
                ("invites-funnel-expired", funnel.expired),
                ("invites-funnel-revoked", funnel.revoked),
                ("invites-funnel-waiting", funnel.waiting()),
            ],
        ),
        page: page.titled("invites-funnel-title", "invites"),
    })
}
