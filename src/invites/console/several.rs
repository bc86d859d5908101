//! Several addresses in the form that invites a person: they become a draft, which is looked at and sent like a file.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use serde_json::{Map, Value, json};

use super::new_form::Typed;
use super::offer::Offer;
use crate::access::{Actor, Role};
use crate::app::App;
use crate::clock::Time;
use crate::db::Tx;
use crate::error::{Error, FieldError, Result};
use crate::invites::model::Delivery;
use crate::users::model::Address;
use crate::web::SignedIn;

/// What lines say.
type Said = Map<String, Value>;

/// How a draft is kept: of what holds for all and of a line each. Answers the address of its page. The room of batches knows how,
/// and stands above this one.
#[derive(Debug)]
pub struct Drafts(pub fn(&mut Tx<'_>, &Actor, &Said, &[Said]) -> Result<String>);

/// Whether a form names more than one address.
pub(super) fn are_in(typed: &Typed) -> bool {
    addresses(typed.get("email")).count() > 1
}

/// Keeps a draft and leads to its page.
///
/// # Errors
/// `one_address` for members; what is wrong with the fields that all have in common.
pub(super) async fn draft(
    app: &Data<App>,
    who: &SignedIn,
    drafts: &Drafts,
    typed: &Typed,
    offer: &Offer,
) -> Result<HttpResponse> {
    if who.actor.role < Role::Admin {
        return Err(FieldError::new("email", "one_address").into());
    }
    let for_all = for_all(typed, offer, app.clock.now())?;
    let lines: Vec<Said> = addresses(typed.get("email")).map(line).collect();
    let keep = drafts.0;
    let draft = who
        .write(app, move |tx, actor| keep(tx, actor, &for_all, &lines))
        .await?;
    let answer = HttpResponse::SeeOther()
        .insert_header((LOCATION, draft))
        .finish();
    Ok(answer)
}

/// The addresses in a field: one on each line, or apart by commas or semicolons, as spreadsheets and mail programs give them.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(['\n', '\r', ',', ';']).map(str::trim);
    parts.filter(|part| !part.is_empty())
}

fn for_all(typed: &Typed, offer: &Offer, now: Time) -> Result<Said> {
    let mut faults = Vec::new();
    if !typed.get("name").trim().is_empty() {
        faults.push(FieldError::new("name", "of_one_person"));
    }
    if typed.by_link() {
        faults.push(FieldError::new("delivery", "only_by_message"));
    }
    match typed.for_all(offer, now) {
        Ok(said) if faults.is_empty() => Ok(said),
        Ok(_) => Err(Error::Invalid(faults)),
        Err(Error::Invalid(more)) => Err(Error::Invalid([faults, more].concat())),
        Err(why) => Err(why),
    }
}

/// One address, by the way that suits it.
fn line(address: &str) -> Said {
    let (field, delivery) = match Address::read("email", address) {
        Ok(Address::Phone(_)) => ("phone", Delivery::Sms),
        _ => ("email", Delivery::Email),
    };
    let said = [(field, json!(address)), ("delivery", json!(delivery))];
    Said::from_iter(said.map(|(name, value)| (name.to_owned(), value)))
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn addresses_stand_on_lines_or_between_commas_and_semicolons() {
        let text = " ada@example.org\r\nalan@example.org, +351 21 555 0100 ;\n\ngrace@example.org;";
        let found: Vec<&str> = addresses(text).collect();
        let expected = [
            "ada@example.org",
            "alan@example.org",
            "+351 21 555 0100",
            "grace@example.org",
        ];
        assert_eq!(found, expected);
        assert_eq!(addresses(" ,\n").count(), 0);
    }
}
