//! Schemas in the console.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::actions::{self, Keeper};
use super::form::Asked;
use super::model::Schema;
use crate::app::App;
use crate::clock::Time;
use crate::db::Conn;
use crate::error::{Code, Result};
use crate::text::Message;
use crate::web::{Flash, FormErrors, Page, PostForm, SignedIn, render, show};

/// A row of the list.
struct Row {
    id: String,
    name: String,
    /// What it asks for.
    fields: String,
    updated_at: Time,
}

#[derive(Template)]
#[template(path = "schemas/list.html")]
struct ListPage {
    page: Page,
    rows: Vec<Row>,
}

/// `GET /admin/schemas`: administrators. There are at most [`super::store::MOST`], all on one page.
pub async fn list(app: web::Data<App>, page: Page, who: SignedIn) -> Result<HttpResponse> {
    let all = app
        .db
        .read(move |conn| actions::list(conn, &who.actor))
        .await?;
    let row = |schema: Schema| {
        let fields = schema.rules()?.fields().into_iter();
        let labels: Vec<String> = fields.map(|field| field.label).collect();
        Ok(Row {
            fields: labels.join(", "),
            id: schema.id,
            name: schema.name,
            updated_at: schema.updated_at,
        })
    };
    let rows = all.into_iter().map(row).collect::<Result<_>>()?;
    let page = page.titled("schemas-title", "invites");
    show(&ListPage { page, rows })
}

/// What keeps a schema, a sentence each.
fn sentences(page: &Page, keepers: &[Keeper]) -> Vec<Message> {
    let words = |keeper: &Keeper| match keeper {
        Keeper::Default => page.t("schemas-kept-default"),
        Keeper::Templates(names) => page
            .t("schemas-kept-templates")
            .arg("names", names.join(", ")),
        Keeper::Invites => page.t("schemas-kept-invites"),
        Keeper::Users => page.t("schemas-kept-users"),
    };
    keepers.iter().map(words).collect()
}

async fn read(app: &web::Data<App>, who: &SignedIn, id: &str) -> Result<(Schema, Vec<Keeper>)> {
    let (actor, id) = (who.actor.clone(), id.to_owned());
    let read = move |conn: &mut Conn| {
        let schema = actions::read(conn, &actor, &id)?;
        let keepers = actions::kept_by(conn, &id)?;
        Ok((schema, keepers))
    };
    app.db.read(read).await
}

#[derive(Template)]
#[template(path = "schemas/detail.html")]
struct DetailPage {
    page: Page,
    /// The form has none; its fields take them.
    errors: FormErrors,
    schema: Schema,
    source: String,
    asked: Vec<Asked>,
    keepers: Vec<Message>,
}

/// `GET /admin/schemas/{id}`: administrators.
pub async fn detail(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let (schema, keepers) = read(&app, &who, &id).await?;
    let fields = schema.rules()?.fields().into_iter();
    let title = page.t("schemas-detail-title").arg("name", &schema.name);
    show(&DetailPage {
        errors: FormErrors::none(),
        source: schema.in_lines()?,
        asked: fields
            .map(|field| Asked::new(field, String::new(), false))
            .collect(),
        keepers: sentences(&page, &keepers),
        page: page.headed(title, "invites"),
        schema,
    })
}

#[derive(Template)]
#[template(path = "schemas/delete.html")]
struct DeletePage {
    page: Page,
    schema: Schema,
    keepers: Vec<Message>,
}

impl DeletePage {
    fn new(page: Page, schema: Schema, keepers: &[Keeper]) -> Self {
        let title = page.t("schemas-delete-title").arg("name", &schema.name);
        Self {
            keepers: sentences(&page, keepers),
            page: page.headed(title, "invites"),
            schema,
        }
    }
}

/// `GET /admin/schemas/{id}/delete`: administrators.
pub async fn confirm_delete(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let (schema, keepers) = read(&app, &who, &id).await?;
    show(&DeletePage::new(page, schema, &keepers))
}

/// `POST /admin/schemas/{id}/delete`: administrators.
pub async fn delete(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let named = id.clone();
    let deleted = who
        .write(&app, move |tx, actor| actions::delete(tx, actor, &named))
        .await;
    match deleted {
        Ok(schema) => {
            let words = app.text.get("schemas-deleted").arg("name", &schema.name);
            Ok(Flash::ok(words).redirect(&app, "/admin/schemas"))
        }
        Err(why) if why.code() == Code::InUse => {
            let (schema, keepers) = read(&app, &who, &id).await?;
            let shown = DeletePage::new(page, schema, &keepers);
            render(StatusCode::CONFLICT, &shown)
        }
        Err(why) => Err(why),
    }
}
