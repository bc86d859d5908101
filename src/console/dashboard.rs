//! The start page: what needs somebody, and what happened lately.

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::access::Role;
use crate::api_keys::{self, model::SOON};
use crate::app::App;
use crate::audit;
use crate::db::Conn;
use crate::error::Result;
use crate::invites::store as invites;
use crate::outbox;
use crate::users::store as users;
use crate::web::{Page, SignedIn, show};

/// Something that needs somebody.
struct Need {
    href: &'static str,
    key: &'static str,
    count: i64,
    kind: &'static str,
    tag: &'static str,
}

/// A step of setting the site up.
struct Step {
    href: &'static str,
    key: &'static str,
    done: bool,
}

#[derive(Template)]
#[template(path = "console/dashboard.html")]
struct Dashboard {
    page: Page,
    needs: Vec<Need>,
    steps: Vec<Step>,
    lately: Vec<audit::Line>,
}

struct Facts {
    not_delivered: i64,
    failed: i64,
    on_hold: i64,
    keys_end: i64,
    invited: bool,
    has_key: bool,
    lately: Vec<audit::Line>,
}

fn read(conn: &mut Conn, app: &App, who: &SignedIn) -> Result<Facts> {
    let now = app.clock.now();
    let counts = invites::counts(conn, now)?;
    Ok(Facts {
        not_delivered: counts.not_delivered,
        failed: outbox::store::count_failed(conn, now)?,
        on_hold: counts.on_hold,
        keys_end: api_keys::notices::ahead::ends(conn, now, now.plus(SOON))?,
        invited: counts.all > 0,
        has_key: api_keys::actions::has_any(conn, who.user_id)?,
        lately: audit::newest(conn, app.text, 10)?,
    })
}

/// The start page of members: who they are here, and what is next.
#[derive(Template)]
#[template(path = "console/start.html")]
struct Start {
    page: Page,
    has_key: bool,
    /// The address is to be confirmed.
    unverified: bool,
}

async fn show_start(app: web::Data<App>, page: Page, who: SignedIn) -> Result<HttpResponse> {
    let user = who.user_id;
    let (has_key, unverified) = app
        .db
        .read(move |conn| {
            let user_row = users::find(conn, user)?;
            let unverified = user_row.email.is_some() && !user_row.email_verified;
            Ok((api_keys::actions::has_any(conn, user)?, unverified))
        })
        .await?;
    let title = page.t("start-title").arg("name", &who.name);
    show(&Start {
        page: page.headed(title, "dashboard"),
        has_key,
        unverified,
    })
}

/// `GET /`: who is signed in. Members have no dashboard; they read what is next.
pub async fn show_dashboard(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
) -> Result<HttpResponse> {
    if who.actor.role < Role::Admin {
        return show_start(app, page, who).await;
    }
    let shared = app.clone();
    let facts = app.db.read(move |conn| read(conn, &shared, &who)).await?;
    let need = |href, key, count, kind, tag| Need {
        href,
        key,
        count,
        kind,
        tag,
    };
    let needs = [
        need(
            "/admin/invites?tab=not-delivered",
            "dashboard-not-delivered",
            facts.not_delivered,
            "bad",
            "dashboard-tag-failed",
        ),
        need(
            "/admin/outbox?state=failed",
            "dashboard-failed-mails",
            facts.failed,
            "bad",
            "dashboard-tag-failed",
        ),
        need(
            "/admin/invites?tab=on-hold",
            "dashboard-on-hold",
            facts.on_hold,
            "warn",
            "dashboard-tag-waits",
        ),
        need(
            "/admin/outbox/notices",
            "dashboard-keys-end",
            facts.keys_end,
            "warn",
            "api-keys-tag-soon",
        ),
    ];
    let steps = vec![
        Step {
            href: "/admin/outbox#set-up-mail",
            key: "dashboard-step-mail",
            done: app.config.smtp.is_some(),
        },
        Step {
            href: "/admin/invites/new",
            key: "dashboard-step-invite",
            done: facts.invited,
        },
        Step {
            href: "/settings/api-keys",
            key: "dashboard-step-key",
            done: facts.has_key,
        },
    ];
    let page = page.titled("nav-dashboard", "dashboard");
    show(&Dashboard {
        needs: needs.into_iter().filter(|need| need.count > 0).collect(),
        steps: if steps.iter().all(|step| step.done) {
            Vec::new()
        } else {
            steps
        },
        lately: facts.lately,
        page,
    })
}
