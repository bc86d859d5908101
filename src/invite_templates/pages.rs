//! Invite templates in the console.

use std::iter;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::actions::{self, Draft};
use super::form::{FIELDS, Typed};
use super::model::Template as InviteTemplate;
use super::policy::FieldMode;
use super::words::{Delivery, Identifier, Matching};
use crate::access::{Actor, Role};
use crate::app::App;
use crate::clock::Time;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::groups;
use crate::groups::model::GroupName;
use crate::ids::TemplateId;
use crate::schemas;
use crate::schemas::form::Field;
use crate::schemas::model::Rules;
use crate::site;
use crate::site::Settings;
use crate::text::{Message, Text};
use crate::web::{Flash, FormErrors, Page, PostForm, SignedIn, render, show};

/// A row of the list.
struct Row {
    id: TemplateId,
    name: String,
    is_default: bool,
    /// Who may invite with it, by name.
    by: String,
    schema: String,
    updated_at: Time,
}

#[derive(Template)]
#[template(path = "invite_templates/list.html")]
struct ListPage {
    page: Page,
    rows: Vec<Row>,
}

/// `GET /admin/invite-templates`: administrators. There are at most [`super::store::MOST`], all on one page.
pub async fn list(app: web::Data<App>, page: Page, who: SignedIn) -> Result<HttpResponse> {
    let text = app.text;
    let rows = app
        .db
        .read(move |conn| {
            let templates = actions::list(conn, &who.actor)?;
            let schemas = schemas::actions::list(conn, &who.actor)?;
            let mut rows = Vec::new();
            for template in templates {
                let by = template.policy()?.invitable_by;
                let groups = groups::actions::names(conn, &by.groups)?;
                let roles = by.roles.iter().map(|role| text.get(format!("role-{role}")));
                let mut names: Vec<String> = roles.map(String::from).collect();
                names.extend(groups.into_values());
                let schema = schemas
                    .iter()
                    .find(|schema| schema.id == template.schema_id);
                rows.push(Row {
                    id: template.id,
                    is_default: template.is_default(),
                    by: names.join(", "),
                    schema: schema.map_or_else(String::new, |schema| schema.name.clone()),
                    updated_at: template.updated_at,
                    name: template.name,
                });
            }
            Ok(rows)
        })
        .await?;
    let page = page.titled("templates-title", "invites");
    show(&ListPage { page, rows })
}

/// What the form needs beside what stands in it.
struct Choices {
    groups: Vec<GroupName>,
    schemas: Vec<(String, String)>,
    /// The chosen schema; none when there is no such one.
    rules: Option<Rules>,
    settings: Settings,
}

impl Choices {
    fn read(conn: &mut Conn, actor: &Actor, schema_id: &str) -> Result<Self> {
        let schemas = schemas::actions::list(conn, actor)?;
        let chosen = schemas.iter().find(|schema| schema.id == schema_id);
        Ok(Self {
            groups: groups::actions::grantable(conn, actor)?,
            rules: chosen.map(schemas::model::Schema::rules).transpose()?,
            schemas: schemas
                .into_iter()
                .map(|schema| (schema.id, schema.name))
                .collect(),
            settings: site::actions::current(conn)?,
        })
    }

    fn has(&self, name: &str) -> bool {
        self.rules.as_ref().is_some_and(|rules| rules.has(name))
    }
}

#[derive(Template)]
#[template(path = "invite_templates/edit.html")]
struct EditPage {
    page: Page,
    errors: FormErrors,
    typed: Typed,
    /// The template; none for a new one.
    id: Option<TemplateId>,
    is_default: bool,
    choices: Choices,
    /// The fields that the schema's form can ask for.
    fields: Vec<Field>,
    /// What somebody else saved while this form was open: the name of the field and what stands there now.
    theirs: Vec<(Message, String)>,
}

impl EditPage {
    fn new(page: Page, id: Option<TemplateId>, typed: Typed, choices: Choices) -> Self {
        let title = match id {
            Some(_) => page.t("templates-edit-title"),
            None => page.t("templates-new-title"),
        };
        let rules = choices.rules.as_ref();
        Self {
            page: page.headed(title, "invites"),
            errors: FormErrors::none(),
            is_default: id.is_some_and(|id| id.as_str() == super::model::DEFAULT),
            fields: rules.map_or_else(Vec::new, Rules::fields),
            theirs: Vec::new(),
            typed,
            id,
            choices,
        }
    }

    fn action(&self) -> String {
        match &self.id {
            Some(id) => format!("/admin/invite-templates/{id}"),
            None => "/admin/invite-templates/new".to_owned(),
        }
    }

    /// Words and values of a choice, with an empty one in front where nothing has to be chosen.
    fn options<T: std::fmt::Display>(
        &self,
        field: &str,
        values: &[T],
        none: bool,
    ) -> Vec<(String, Message)> {
        let words = |value: String| {
            let key = match value.as_str() {
                "" => "any",
                value => value,
            };
            let key = format!("templates-{field}-{key}");
            (value, self.page.t(key))
        };
        let first = none.then(String::new).into_iter();
        let values = values.iter().map(ToString::to_string);
        first.chain(values).map(words).collect()
    }

    fn matchings(&self) -> Vec<(String, Message)> {
        self.options("match", Matching::ALL, false)
    }

    fn identifiers(&self) -> Vec<(String, Message)> {
        self.options("identifier", Identifier::ALL, true)
    }

    fn deliveries(&self) -> Vec<(String, Message)> {
        self.options("delivery", Delivery::ALL, true)
    }

    fn locales(&self) -> Vec<(String, Message)> {
        let any = (String::new(), self.page.t("templates-locale-any"));
        iter::once(any).chain(self.page.languages()).collect()
    }

    fn modes(&self) -> Vec<(String, Message)> {
        self.options("mode", FieldMode::ALL, false)
    }

    /// A value of a field as people read it.
    fn words(&self, field: &str, value: &str) -> String {
        let group = self
            .choices
            .groups
            .iter()
            .find(|group| group.id.as_str() == value);
        let is_role = field.ends_with("roles");
        let chosen = ["match", "identifier", "delivery", "groups_given"];
        let language = Text::of(value).filter(|_| field == "locale");
        match group {
            Some(group) => group.name.clone(),
            None if language.is_some() => language.unwrap_or_default().name().to_string(),
            None if is_role => self.page.t(format!("role-{value}")).to_string(),
            None if chosen.contains(&field) => {
                let field = field.replace('_', "-");
                self.page
                    .t(format!("templates-{field}-{value}"))
                    .to_string()
            }
            None if value == "on" => self.page.t("web-yes").to_string(),
            None => value.lines().collect::<Vec<_>>().join(", "),
        }
    }

    /// What is kept now and differs from what was typed.
    fn differences(&self, theirs: &Typed) -> Vec<(Message, String)> {
        let all = |typed: &Typed, name: &str| -> Vec<String> {
            let values = typed.all(name).iter();
            match name {
                "fields" => typed
                    .modes()
                    .map(|(name, mode)| {
                        let mode = self.page.t(format!("templates-mode-{mode}"));
                        format!("{name}: {mode}")
                    })
                    .collect(),
                _ => values.map(|value| self.words(name, value)).collect(),
            }
        };
        let differing = FIELDS
            .iter()
            .map(|(name, label)| (label, all(&self.typed, name), all(theirs, name)))
            .filter(|(_, mine, theirs)| mine != theirs);
        differing
            .map(|(label, _, theirs)| {
                let words = match theirs.is_empty() {
                    true => self.page.t("site-empty").to_string(),
                    false => theirs.join(", "),
                };
                (self.page.t(*label), words)
            })
            .collect()
    }
}

/// The address of the page of a new template.
#[derive(Debug, Default, Deserialize)]
pub struct Start {
    /// The template to start from; the default one when it is left out.
    #[serde(default)]
    from: String,
}

/// `GET /admin/invite-templates/new`: administrators. The form starts as another template is.
pub async fn new(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    start: web::Query<Start>,
) -> Result<HttpResponse> {
    let from = match start.from.as_str() {
        "" => InviteTemplate::default_id()?,
        id => id.parse()?,
    };
    let (mut draft, choices) = read(&app, &who, from).await?;
    draft.name = String::new();
    let typed = Typed::of(&draft, app.text);
    show(&EditPage::new(page, None, typed, choices))
}

/// `GET /admin/invite-templates/{id}`: administrators.
pub async fn edit(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: TemplateId = id.parse()?;
    let (draft, choices) = read(&app, &who, id).await?;
    let typed = Typed::of(&draft, app.text);
    show(&EditPage::new(page, Some(id), typed, choices))
}

async fn read(app: &web::Data<App>, who: &SignedIn, id: TemplateId) -> Result<(Draft, Choices)> {
    let actor = who.actor.clone();
    let read = move |conn: &mut Conn| {
        let draft = Draft::of(&actions::read(conn, &actor, id)?)?;
        let choices = Choices::read(conn, &actor, &draft.schema_id)?;
        Ok((draft, choices))
    };
    app.db.read(read).await
}

/// `POST /admin/invite-templates/new`: administrators.
pub async fn make(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    form: PostForm,
) -> Result<HttpResponse> {
    save(app, page, who, None, form).await
}

/// `POST /admin/invite-templates/{id}`: administrators.
pub async fn change(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
    form: PostForm,
) -> Result<HttpResponse> {
    let id: TemplateId = id.parse()?;
    save(app, page, who, Some(id), form).await
}

async fn save(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: Option<TemplateId>,
    form: PostForm,
) -> Result<HttpResponse> {
    let typed = Typed::read(&form);
    let (actor, schema_id) = (who.actor.clone(), typed.get("schema_id").to_owned());
    let choices = app
        .db
        .read(move |conn| {
            if let Some(id) = id {
                actions::read(conn, &actor, id)?;
            }
            Choices::read(conn, &actor, &schema_id)
        })
        .await?;
    if form.get("step") == "fields" {
        return show(&EditPage::new(page, id, typed, choices));
    }
    let saved = match typed.draft(|name| choices.has(name)) {
        Ok(draft) => {
            let seen = typed.get("etag").to_owned();
            who.write(&app, move |tx, actor| match id {
                Some(id) => actions::change(tx, actor, id, &draft, Some(&seen)),
                None => actions::make(tx, actor, &draft),
            })
            .await
        }
        Err(why) => Err(why),
    };
    let why = match saved {
        Ok(template) => {
            let words = app.text.get("templates-saved").arg("name", &template.name);
            let to = format!("/admin/invite-templates/{}", template.id);
            return Ok(Flash::ok(words).redirect(&app, &to));
        }
        Err(why) => why,
    };
    let mut shown = EditPage::new(page, id, typed, choices);
    if let (Code::EditConflict, Some(id)) = (why.code(), id) {
        let (theirs, _) = read(&app, &who, id).await?;
        let theirs = Typed::of(&theirs, app.text);
        shown.theirs = shown.differences(&theirs);
        shown.typed.seen(&theirs);
    }
    shown.errors = words(&app, why)?;
    let status = shown.page.refuse(&shown.errors);
    render(status, &shown)
}

/// What is wrong, beside its field, in the order of the page.
fn words(app: &App, why: Error) -> Result<FormErrors> {
    let errors = match why.code() {
        code @ Code::TemplateExists => {
            let words = app.text.get("problem-template-exists").to_string();
            FormErrors::beside("name", &words, code)
        }
        _ => FormErrors::of(app.text, why)?,
    };
    let names = FIELDS.map(|(name, _)| match name {
        // One group of boxes stands for both.
        "invitable_by.roles" => "invitable_by",
        name => name,
    });
    let labels = FIELDS.map(|(name, label)| (name.to_owned(), app.text.get(label).to_string()));
    Ok(errors.in_order(&names).labelled(labels))
}
