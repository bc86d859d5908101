//! Taking back invites that were sent just now, by the button in the notice that they were.

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::error::{Code, Result};
use crate::ids::InviteId;
use crate::invites::actions::{self, Undone};
use crate::outbox::actions::Left;
use crate::web::{Flash, PostForm, SignedIn};

/// As many invites as the address of the button can name.
const MOST: usize = 50;

/// The notice with a button that takes back these invites.
pub(super) fn with_undo(app: &App, flash: Flash, ids: &[InviteId]) -> Flash {
    let ids: Vec<String> = ids.iter().map(|id| format!("id={id}")).collect();
    let action = format!("/admin/invites/undo?{}", ids.join("&"));
    flash.with_undo(action, &app.text.get("invites-undo"))
}

/// `POST /admin/invites/undo`: administrators, and who made them.
pub async fn undo(
    app: web::Data<App>,
    who: SignedIn,
    named: web::Query<Vec<(String, String)>>,
    _: PostForm,
) -> Result<HttpResponse> {
    let ids = named.iter().filter(|(name, _)| name == "id");
    let ids = ids.map(|(_, id)| id.parse());
    let ids: Vec<InviteId> = ids.collect::<Result<_, _>>()?;
    if ids.is_empty() || ids.len() > MOST {
        return Code::BadRequest.refuse();
    }
    let undone = who
        .write(&app, move |tx, actor| actions::undo(tx, actor, &ids))
        .await?;
    Ok(told(&app, &undone).redirect(&app, "/admin/invites"))
}

/// What was taken back, and honestly what could not be.
fn told(app: &App, undone: &[Undone]) -> Flash {
    let text = app.text;
    if let [one] = undone {
        let words = |key| text.get(key).arg("email", one.invite.whom(text));
        return match one.left {
            Left::No => Flash::ok(words("invites-undone")),
            Left::Perhaps => Flash::warn(words("invites-undone-leaving")),
            Left::Yes => Flash::warn(words("invites-undone-left")),
        };
    }
    let count = |of: usize| i64::try_from(of).unwrap_or(i64::MAX);
    let gone = undone.iter().filter(|one| one.left > Left::No).count();
    let all = |key| text.get(key).arg("count", count(undone.len()));
    match gone {
        0 => Flash::ok(all("invites-undone-many")),
        gone => Flash::warn(all("invites-undone-many-left").arg("left", count(gone))),
    }
}
