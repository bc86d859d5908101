//! What the person would get, before anything is done.

use std::sync::Arc;

use super::landing::{Kind, Landing};
use crate::access::Actor;
use crate::app::App;
use crate::db::Conn;
use crate::error::Result;
use crate::ids::InviteLinkId;
use crate::invites::actions::{Gist, inviter_name, names_of, plan, template};
use crate::invites::mail::MailKind;
use crate::invites::model::{Delivery, NewInvite};
use crate::outbox::Letter;
use crate::schemas;
use crate::site;

/// What the person would get, with the link hidden.
pub struct Preview {
    /// The messages, each with what its reader is asked to do; none when the link is handed over.
    pub letters: Vec<(MailKind, Letter)>,
    /// The page that the link leads to, for somebody without an account.
    pub landing: Landing,
}

/// What an invite would bring to the person: the messages to somebody with an account and to somebody without
/// one, whichever this is, and the page.
///
/// # Errors
/// What [`plan`] refuses.
pub fn preview(conn: &mut Conn, app: &App, actor: &Actor, new: &NewInvite) -> Result<Preview> {
    let invite = plan(conn, app, actor, new)?;
    let groups = names_of(conn, &new.choices.groups)?;
    let mut letters = Vec::new();
    if invite.delivery != Delivery::Link {
        for kind in [MailKind::Register, MailKind::Accept] {
            let has_account = kind == MailKind::Accept;
            let gist = Gist::read(conn, &invite, groups.clone(), has_account)?;
            let link = app.link("/self-service/invite?…");
            letters.push((kind, gist.letter(app, &invite, link)?));
        }
    }
    let settings = site::actions::current(conn)?;
    let policy = template(conn, &invite)?.policy()?;
    let landing = Landing {
        kind: Kind::Register,
        account: None,
        // Kept nowhere, as the invite is.
        link: InviteLinkId::new(invite.created_at),
        shown: invite.delivery == Delivery::Link,
        inviter: inviter_name(conn, &invite, &settings.site_name)?,
        groups,
        terms: policy.terms.clone().or_else(|| settings.terms.clone()),
        rules: Arc::new(schemas::actions::rules(conn, &invite.schema_id)?),
        settings,
        policy,
        invite,
    };
    Ok(Preview { letters, landing })
}
