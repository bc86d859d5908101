//! My settings: the profile.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::actions::{self, Change};
use super::model::{User, read_name};
use super::store;
use crate::app::App;
use crate::error::Result;
use crate::web::{Flash, FormErrors, Page, PostForm, SignedIn, render, show};

/// `GET /settings`: who is signed in.
pub async fn start(_: SignedIn) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, "/settings/profile"))
        .finish()
}

#[derive(Template)]
#[template(path = "settings/profile.html")]
struct ProfilePage {
    page: Page,
    errors: FormErrors,
    user: User,
    display_name: String,
}

async fn own(app: &web::Data<App>, who: &SignedIn) -> Result<User> {
    let id = who.user_id;
    app.db.read(move |conn| Ok(store::find(conn, id)?)).await
}

/// `GET /settings/profile`: who is signed in.
pub async fn profile(app: web::Data<App>, page: Page, who: SignedIn) -> Result<HttpResponse> {
    let user = own(&app, &who).await?;
    let page = page.titled("settings-profile-title", "settings");
    show(&ProfilePage {
        page,
        errors: FormErrors::none(),
        display_name: user.display_name.clone(),
        user,
    })
}

/// `POST /settings/profile`: who is signed in.
pub async fn save_profile(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    form: PostForm,
) -> Result<HttpResponse> {
    let saved = async {
        let change = Change {
            display_name: Some(read_name("name", form.get("name"))?),
            ..Change::default()
        };
        let id = who.user_id;
        who.write(&app, move |tx, actor| {
            actions::change(tx, actor, id, &change)
        })
        .await
    };
    match saved.await {
        Ok(_) => Ok(Flash::ok(app.text.get("web-saved")).redirect(&app, "/settings/profile")),
        Err(why) => {
            let errors = FormErrors::of(app.text, why)?;
            let user = own(&app, &who).await?;
            let mut page = page.titled("settings-profile-title", "settings");
            let status = page.refuse(&errors);
            render(
                status,
                &ProfilePage {
                    page,
                    errors,
                    user,
                    display_name: form.get("name").to_owned(),
                },
            )
        }
    }
}
