//! Doing the same to many invites of the list. Each is done as if it were alone; what cannot be done to one does not
//! keep it from the others.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::list_form::ListForm;
use super::list_pages::listing;
use crate::access::Actor;
use crate::app::{App, Kept};
use crate::clock::{Time, days};
use crate::db::Tx;
use crate::error::{Code, Error, FieldError, Result};
use crate::ids::InviteId;
use crate::invites::actions;
use crate::invites::store::{self, Counts};
use crate::text::Message;
use crate::web::{Flash, FormErrors, Page, PostForm, SignedIn, reason, show};

/// Invites of one transaction.
const AT_ONCE: usize = 50;
/// The most invites of one request.
const MOST: i64 = 10_000;

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Resend,
    Extend,
    Revoke,
}

impl Deed {
    fn read(word: &str) -> Result<Self> {
        match word {
            "resend" => Ok(Self::Resend),
            "extend" => Ok(Self::Extend),
            "revoke" => Ok(Self::Revoke),
            _ => Code::BadRequest.refuse(),
        }
    }

    /// Does it to some invites; answers of each when it ends, or why it was refused.
    fn run(
        self,
        tx: &mut Tx<'_>,
        app: &App,
        actor: &Actor,
        ids: &[InviteId],
    ) -> Result<Vec<Result<Time>>> {
        if self == Self::Extend {
            return actions::extend(tx, actor, ids, days(7));
        }
        let one = |id: &InviteId| {
            let done = if self == Self::Resend {
                actions::resend(tx, app, actor, *id, None).map(|made| made.invite)
            } else {
                actions::revoke(tx, actor, *id)
            };
            match done {
                Ok(invite) => Ok(Ok(invite.expires_at)),
                Err(why @ (Error::Refused(..) | Error::Invalid(_))) => Ok(Err(why)),
                Err(why) => Err(why),
            }
        };
        ids.iter().map(one).collect()
    }
}

#[derive(Template)]
#[template(path = "invites/bulk_revoke.html")]
struct RevokePage {
    page: Page,
    form: ListForm,
    all: bool,
    ids: Vec<InviteId>,
    count: String,
    /// How many are taken, when more match.
    at_most: Option<String>,
    submit: Message,
}

/// `POST /admin/invites/bulk`: administrators, and members whom a template lets invite, with theirs.
pub async fn act(
    app: web::Data<App>,
    counts: web::Data<Kept<Counts>>,
    page: Page,
    who: SignedIn,
    form: PostForm,
) -> Result<HttpResponse> {
    let filters = ListForm::of(&form);
    let deed = Deed::read(form.get("do"))?;
    let all = form.has("all");
    let mut ids: Vec<InviteId> = if all {
        let (filter, now) = (filters.filter(&who), app.clock.now());
        app.db
            .read(move |conn| Ok(store::matching(conn, &filter, now, MOST + 1)?))
            .await?
    } else {
        form.all("id").filter_map(|id| id.parse().ok()).collect()
    };
    if ids.is_empty() {
        let why = FieldError::new("id", "none_chosen").into();
        let errors = FormErrors::of(app.text, why)?;
        return listing(&app, &counts, page, who, filters, errors).await;
    }
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let is_part = all && ids.len() > most;
    if is_part {
        ids.truncate(most);
    }
    if deed == Deed::Revoke && !form.has("sure") {
        let page = page.titled("invites-bulk-revoke-title", "invites");
        let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        return show(&RevokePage {
            count: app.text.number(count),
            at_most: is_part.then(|| app.text.number(MOST)),
            submit: page.t("invites-bulk-revoke-button").arg("count", count),
            form: filters,
            all,
            ids: if all { Vec::new() } else { ids },
            page,
        });
    }
    let mut done = Done {
        is_part,
        ..Done::default()
    };
    for some in ids.chunks(AT_ONCE) {
        let (some, shared) = (some.to_vec(), app.clone());
        let part = who.write(&app, move |tx, actor| {
            some_of(tx, &shared, actor, deed, &some)
        });
        match part.await {
            Ok(part) => done.add(part),
            Err(why) if done.seen() == 0 => return Err(why),
            // What was done is done, and is told; what is left is as it was.
            Err(why) => {
                tracing::error!(%why, done = done.seen(), "the same for many invites stopped in its midst");
                done.left = i64::try_from(ids.len()).unwrap_or(i64::MAX) - done.seen();
                break;
            }
        }
    }
    Ok(done.told(&app, deed).redirect(&app, &filters.list()))
}

/// Does it to some in one transaction.
fn some_of(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    deed: Deed,
    ids: &[InviteId],
) -> Result<Done> {
    let mut done = Done::default();
    for one in deed.run(tx, app, actor, ids)? {
        match one {
            Ok(end) => {
                done.count += 1;
                done.ends.push(end);
            }
            Err(why) => {
                done.refused += 1;
                done.why.get_or_insert(reason(app.text, &why).1);
            }
        }
    }
    Ok(done)
}

/// How it went.
#[derive(Default)]
struct Done {
    count: i64,
    ends: Vec<Time>,
    refused: i64,
    /// Why the first was refused.
    why: Option<String>,
    /// Not reached, because something failed before.
    left: i64,
    /// More match than are taken at once.
    is_part: bool,
}

impl Done {
    const fn seen(&self) -> i64 {
        self.count + self.refused
    }

    fn add(&mut self, part: Self) {
        self.count += part.count;
        self.ends.extend(part.ends);
        self.refused += part.refused;
        self.why = self.why.take().or(part.why);
    }

    fn told(&self, app: &App, deed: Deed) -> Flash {
        let text = app.text;
        let mut all: Vec<String> = self.ends.iter().map(|end| text.day(*end)).collect();
        all.dedup();
        let words = match (deed, all.as_slice()) {
            (Deed::Resend, _) => text.get("invites-bulk-sent"),
            (Deed::Extend, [day]) => text.get("invites-bulk-extended-to").arg("until", day),
            (Deed::Extend, _) => text.get("invites-bulk-extended"),
            (Deed::Revoke, _) => text.get("invites-bulk-revoked"),
        };
        let words = words.arg("count", self.count);
        let both = |done: Message, more: Message| {
            let both = text.get("invites-bulk-both");
            both.arg("done", done.to_string())
                .arg("more", more.to_string())
        };
        let mut told = match &self.why {
            None => words,
            Some(why) => {
                let not = text.get("invites-bulk-not");
                let not = not.arg("count", self.refused).arg("why", why);
                match self.count {
                    0 => not,
                    _ => both(words, not),
                }
            }
        };
        if self.left > 0 {
            let stopped = text.get("invites-bulk-stopped").arg("count", self.left);
            told = both(told, stopped);
        }
        if self.is_part {
            let part = text.get("invites-bulk-part");
            told = both(told, part.arg("most", text.number(MOST)));
        }
        match self.count {
            0 => Flash::bad(told),
            _ if self.why.is_some() || self.left > 0 || self.is_part => Flash::warn(told),
            _ => Flash::ok(told),
        }
    }
}
