//! Making and changing a schema in the console.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::actions::{self, Change, NewSchema};
use super::model::Schema;
use crate::app::App;
use crate::error::{Code, Error, FieldError, Result};
use crate::web::{Flash, FormErrors, Page, PostForm, SignedIn, document, render, show};

/// What a new schema starts as: one question, to be taken as a pattern.
const PATTERN: &str = r#"{
  "type": "object",
  "properties": {
    "department": {
      "type": "string",
      "title": "Department",
      "description": "Where you work.",
      "maxLength": 80
    }
  },
  "required": []
}"#;

/// What stands in the fields, as it was typed.
struct Typed {
    id: String,
    name: String,
    source: String,
    etag: String,
}

impl Typed {
    fn of(schema: &Schema) -> Result<Self> {
        Ok(Self {
            id: schema.id.clone(),
            name: schema.name.clone(),
            source: schema.in_lines()?,
            etag: schema.etag(),
        })
    }

    fn read(form: &PostForm) -> Self {
        let text = |name: &str| form.get(name).to_owned();
        Self {
            id: text("id"),
            name: text("name"),
            source: text("schema"),
            etag: text("etag"),
        }
    }

    /// The document on one line, each name once.
    fn document(&self) -> Result<String> {
        if self.source.trim().is_empty() {
            return Err(FieldError::new("schema", "required").into());
        }
        Ok(document("schema", &self.source)?.to_string())
    }
}

#[derive(Template)]
#[template(path = "schemas/edit.html")]
struct EditPage {
    page: Page,
    errors: FormErrors,
    typed: Typed,
    /// The id of the schema; none for a new one.
    id: Option<String>,
    /// What somebody else saved while this form was open.
    theirs: Option<Typed>,
}

impl EditPage {
    fn new(page: Page, id: Option<String>, typed: Typed) -> Self {
        let title = match &id {
            Some(_) => "schemas-edit-title",
            None => "schemas-new-title",
        };
        Self {
            page: page.titled(title, "invites"),
            errors: FormErrors::none(),
            typed,
            id,
            theirs: None,
        }
    }

    /// Where the form goes, and where who gives up goes back to.
    fn places(&self) -> (String, String) {
        match &self.id {
            Some(id) => (
                format!("/admin/schemas/{id}/edit"),
                format!("/admin/schemas/{id}"),
            ),
            None => ("/admin/schemas/new".to_owned(), "/admin/schemas".to_owned()),
        }
    }
}

/// `GET /admin/schemas/new`: administrators.
pub async fn new(page: Page, _: SignedIn) -> Result<HttpResponse> {
    let typed = Typed {
        id: String::new(),
        name: String::new(),
        source: PATTERN.to_owned(),
        etag: String::new(),
    };
    show(&EditPage::new(page, None, typed))
}

/// `GET /admin/schemas/{id}/edit`: administrators.
pub async fn edit(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let schema = read(&app, &who, &id).await?;
    let typed = Typed::of(&schema)?;
    show(&EditPage::new(page, Some(schema.id), typed))
}

async fn read(app: &web::Data<App>, who: &SignedIn, id: &str) -> Result<Schema> {
    let (actor, id) = (who.actor.clone(), id.to_owned());
    app.db
        .read(move |conn| actions::read(conn, &actor, &id))
        .await
}

/// `POST /admin/schemas/new`: administrators.
pub async fn make(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    form: PostForm,
) -> Result<HttpResponse> {
    let typed = Typed::read(&form);
    let made = match typed.document() {
        Ok(document) => {
            let new = NewSchema {
                id: typed.id.clone(),
                name: typed.name.clone(),
                document,
            };
            who.write(&app, move |tx, actor| actions::make(tx, actor, &new))
                .await
        }
        Err(why) => Err(why),
    };
    match made {
        Ok(schema) => Ok(saved(&app, &schema)),
        Err(why) => refused(&app, EditPage::new(page, None, typed), why),
    }
}

/// `POST /admin/schemas/{id}/edit`: administrators.
pub async fn change(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
    form: PostForm,
) -> Result<HttpResponse> {
    let id = read(&app, &who, &id).await?.id;
    let typed = Typed::read(&form);
    let changed = match typed.document() {
        Ok(document) => {
            let (named, seen) = (id.clone(), typed.etag.clone());
            let change = Change {
                name: Some(typed.name.clone()),
                document: Some(document),
            };
            who.write(&app, move |tx, actor| {
                actions::change(tx, actor, &named, &change, Some(&seen))
            })
            .await
        }
        Err(why) => Err(why),
    };
    match changed {
        Ok(schema) => Ok(saved(&app, &schema)),
        Err(why) => {
            let mut shown = EditPage::new(page, Some(id.clone()), typed);
            if why.code() == Code::EditConflict {
                let theirs = Typed::of(&read(&app, &who, &id).await?)?;
                shown.typed.etag.clone_from(&theirs.etag);
                shown.theirs = Some(theirs);
            }
            refused(&app, shown, why)
        }
    }
}

fn saved(app: &App, schema: &Schema) -> HttpResponse {
    let words = app.text.get("schemas-saved").arg("name", &schema.name);
    Flash::ok(words).redirect(app, &format!("/admin/schemas/{}", schema.id))
}

fn refused(app: &App, mut shown: EditPage, why: Error) -> Result<HttpResponse> {
    let errors = match why.code() {
        code @ Code::SchemaExists => {
            let words = app.text.get("problem-schema-exists").to_string();
            FormErrors::beside("id", &words, code)
        }
        _ => FormErrors::of(app.text, why)?,
    };
    shown.errors = errors.in_order(&["id", "name", "schema"]);
    let status = shown.page.refuse(&shown.errors);
    render(status, &shown)
}
