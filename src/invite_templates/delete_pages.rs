//! Deleting a template in the console.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::actions::{self, Keeper};
use super::model::Template as InviteTemplate;
use crate::app::App;
use crate::db::Conn;
use crate::error::{Code, Result};
use crate::ids::TemplateId;
use crate::web::{Flash, Page, PostForm, SignedIn, render, show};

#[derive(Template)]
#[template(path = "invite_templates/delete.html")]
struct DeletePage {
    page: Page,
    template: InviteTemplate,
    keeper: Option<Keeper>,
}

impl DeletePage {
    fn new(page: Page, template: InviteTemplate, keeper: Option<Keeper>) -> Self {
        let title = page.t("templates-delete-title").arg("name", &template.name);
        Self {
            page: page.headed(title, "invites"),
            template,
            keeper,
        }
    }
}

async fn deletable(
    app: &web::Data<App>,
    who: &SignedIn,
    id: TemplateId,
) -> Result<(InviteTemplate, Option<Keeper>)> {
    let actor = who.actor.clone();
    let read = move |conn: &mut Conn| {
        let template = actions::read(conn, &actor, id)?;
        let keeper = actions::kept_by(conn, &template)?;
        Ok((template, keeper))
    };
    app.db.read(read).await
}

/// `GET /admin/invite-templates/{id}/delete`: administrators.
pub async fn confirm_delete(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let (template, keeper) = deletable(&app, &who, id.parse()?).await?;
    show(&DeletePage::new(page, template, keeper))
}

/// `POST /admin/invite-templates/{id}/delete`: administrators.
pub async fn delete(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: TemplateId = id.parse()?;
    let deleted = who
        .write(&app, move |tx, actor| actions::delete(tx, actor, id))
        .await;
    match deleted {
        Ok(template) => {
            let words = app
                .text
                .get("templates-deleted")
                .arg("name", &template.name);
            Ok(Flash::ok(words).redirect(&app, "/admin/invite-templates"))
        }
        Err(why) if why.code() == Code::InUse => {
            let (template, keeper) = deletable(&app, &who, id).await?;
            let shown = DeletePage::new(page, template, keeper);
            render(StatusCode::CONFLICT, &shown)
        }
        Err(why) => Err(why),
    }
}
