//! My settings: password and sessions.

use actix_session::Session;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::actions;
use super::going_on::see_other;
use super::password;
use super::sessions::hand_over;
use super::store::{self, Listed};
use crate::access::Actor;
use crate::app::App;
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::ids::SessionId;
use crate::users::store as users;
use crate::web::{Flash, FormErrors, Guest, Page, PostForm, SignedIn, program, render, show};

#[derive(Template)]
#[template(path = "settings/password.html")]
struct PasswordPage {
    page: Page,
    errors: FormErrors,
    email: String,
    end_others: bool,
    /// The account has a password, which is asked for.
    has_password: bool,
}

/// Who has no password yet proves by another way that it is them.
const CONFIRM: &str = "/sign-in/confirm?next=%2Fsettings%2Fpassword";

async fn has_password(app: &web::Data<App>, who: &SignedIn) -> Result<bool> {
    let id = who.user_id;
    let read = move |conn: &mut Conn| Ok(users::find(conn, id)?.password_hash.is_some());
    app.db.read(read).await
}

/// `GET /settings/password`: who is signed in.
pub async fn password(app: web::Data<App>, page: Page, who: SignedIn) -> Result<HttpResponse> {
    let has_password = has_password(&app, &who).await?;
    if !has_password && !who.is_fresh(page.now()) {
        return Ok(see_other(CONFIRM));
    }
    let page = page.titled("settings-password-title", "settings");
    show(&PasswordPage {
        page,
        errors: FormErrors::none(),
        email: who.email,
        end_others: true,
        has_password,
    })
}

/// `POST /settings/password`: who is signed in and knows the present password, or has none and signed in within the
/// last ten minutes.
pub async fn change_password(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    guest: Guest,
    session: Session,
    form: PostForm,
) -> Result<HttpResponse> {
    let end_others = form.has("end_others");
    let has_password = has_password(&app, &who).await?;
    if !has_password && !who.is_fresh(page.now()) {
        return Ok(see_other(CONFIRM));
    }
    let changed = async {
        let present = form.get("current_password");
        let wrong = |why: Error| match why.code() {
            Code::SignInFailed => FieldError::new("current_password", "password_wrong").into(),
            _ => why,
        };
        let personal = [who.name.as_str(), who.email.as_str()];
        if form.get("password").is_empty() {
            return Err(FieldError::new("password", "required").into());
        }
        password::require_strong("password", form.get("password"), &personal)?;
        let (person, id) = (who.clone(), who.session_id);
        if !has_password {
            let hash = password::hash(&app, "password", form.get("password"), &personal).await?;
            let first =
                move |tx: &mut Tx<'_>, actor: &Actor| actions::first_password(tx, actor, id, &hash);
            return person.write(&app, first).await;
        }
        // Hashing costs the most and comes last: only who knows the present password gets there.
        let typed = (who.email.as_str(), present);
        let proof = password::prove(&app, &who.actor, &guest.source, typed.0, typed.1)
            .await
            .map_err(wrong)?;
        let hash = password::hash(&app, "password", form.get("password"), &personal).await?;
        let change = move |tx: &mut Tx<'_>, user| {
            let actor = person.acts(tx)?;
            actions::change_password(tx, &actor, id, user, &hash, end_others)
        };
        match proof.act(&app, change.clone()).await? {
            Some(secret) => Ok(secret),
            // The account changed in between.
            None => password::act(&app, &who.actor, &guest.source, typed, change)
                .await
                .map_err(wrong),
        }
    };
    match changed.await {
        Ok(secret) => {
            hand_over(&session, secret)?;
            Ok(Flash::ok(app.text.get("settings-password-saved"))
                .redirect(&app, "/settings/password"))
        }
        Err(why) => {
            let errors = FormErrors::of(app.text, why)?;
            let mut page = page.titled("settings-password-title", "settings");
            let status = page.refuse(&errors);
            render(
                status,
                &PasswordPage {
                    page,
                    errors,
                    email: who.email,
                    end_others,
                    has_password,
                },
            )
        }
    }
}

#[derive(Template)]
#[template(path = "settings/sessions.html")]
struct SessionsPage {
    page: Page,
    sessions: Vec<Listed>,
    this: SessionId,
}

/// `GET /settings/sessions`: who is signed in.
pub async fn sessions(app: web::Data<App>, page: Page, who: SignedIn) -> Result<HttpResponse> {
    let (user, now) = (who.user_id, app.clock.now());
    let mut sessions = app
        .db
        .read(move |conn| Ok(store::of_user(conn, user, now)?))
        .await?;
    for session in &mut sessions {
        session.agent = program(app.text, &session.agent);
    }
    let page = page.titled("settings-sessions-title", "settings");
    show(&SessionsPage {
        page,
        sessions,
        this: who.session_id,
    })
}

/// `POST /settings/sessions/{id}/end`: who is signed in, for a session of their own.
pub async fn end_one(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: SessionId = id.parse()?;
    who.write(&app, move |tx, actor| actions::sign_out(tx, actor, id))
        .await?;
    let words = app.text.get("settings-sessions-ended").arg("count", 1);
    Ok(Flash::ok(words).redirect(&app, "/settings/sessions"))
}

/// `POST /settings/sessions/end`: who is signed in, for all sessions but this one.
pub async fn end_others(app: web::Data<App>, who: SignedIn, _: PostForm) -> Result<HttpResponse> {
    let (user, this) = (who.user_id, who.session_id);
    let count = who
        .write(&app, move |tx, actor| {
            actions::sign_out_all(tx, actor, user, Some(this))
        })
        .await?;
    let words = app.text.get("settings-sessions-ended").arg("count", count);
    Ok(Flash::ok(words).redirect(&app, "/settings/sessions"))
}
