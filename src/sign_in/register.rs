//! Making an account for oneself, while the site lets everybody: a code proves an address, and the account has it.
//! What an invite to that address holds is not given: that takes its link.

use actix_web::web;
use serde_json::{Map, Value};

use super::actions::{From, open_session};
use super::password;
use super::sessions::NewSecret;
use crate::access::Role;
use crate::app::App;
use crate::codes::{self, Claim, Paid};
use crate::db::{Json, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::outbox::{self, Frame};
use crate::passwords::PasswordHash;
use crate::schemas::model::Rules;
use crate::site::{self, Settings};
use crate::users::actions::create;
use crate::users::logins::{self, Found};
use crate::users::mail::HaveAccountMail;
use crate::users::model::{Address, NewUser, read_name, read_object};

/// The kind of the message that tells somebody of the account that they have.
const HAVE_ACCOUNT: &str = "have_account";

/// Sends a code to an address. To the proved address of an account goes a word about that account instead; the
/// answer is the same.
///
/// # Errors
/// `forbidden` while registration is closed; too many codes.
pub async fn ask(
    app: &web::Data<App>,
    source: &str,
    claim: Claim,
    address: &Address,
) -> Result<()> {
    let channel = address.channel();
    codes::count(app, channel, &claim.address, source)?;
    let (shared, address) = (app.clone(), address.clone());
    app.db
        .write(move |tx| {
            let settings = open_site(tx)?;
            let code = codes::make(tx, &shared, &claim)?;
            match logins::by_address(tx, &claim.address)? {
                Some(found) if found.verified => tell(tx, &shared, &settings, &address, &found),
                _ => {
                    let to = (channel, address.as_str());
                    let frame = Frame::of(&shared, &settings.site_name);
                    codes::send(tx, &shared, &frame, &code, to)
                }
            }
        })
        .await?;
    codes::sent(app, channel);
    Ok(())
}

/// The settings, while they let people make accounts.
fn open_site(tx: &mut Tx<'_>) -> Result<Settings> {
    let settings = site::actions::current(tx)?;
    match settings.registration_open {
        true => Ok(settings),
        false => Code::Forbidden.refuse(),
    }
}

fn tell(
    tx: &mut Tx<'_>,
    app: &App,
    settings: &Settings,
    address: &Address,
    found: &Found,
) -> Result<()> {
    let frame = Frame::of(app, &settings.site_name);
    let link = app.link("/sign-in");
    let about = Some(found.user.id.as_str());
    let letter = match address {
        Address::Email(_) => {
            let mail = HaveAccountMail { link };
            frame.letter(&mail, &found.address, &found.user.display_name, about)?
        }
        Address::Phone(_) => {
            let words = frame.t("sms-have-account").arg("link", link);
            let words = words.arg("site", &settings.site_name);
            frame.sms(HAVE_ACCOUNT, &words, &found.address, about)
        }
    };
    outbox::actions::enqueue(tx, app, &letter).map(drop)
}

/// What somebody entered beside the code.
#[derive(Clone, Debug, Default)]
pub struct Entered {
    /// What the schema asks for.
    pub traits: Map<String, Value>,
    /// Their name.
    pub display_name: String,
    /// Their password.
    pub password: String,
    /// Whether they ticked the terms.
    pub terms_accepted: bool,
    /// The version of the terms that the page showed.
    pub terms_shown: String,
}

/// The same, checked and hashed.
#[derive(Clone, Debug)]
pub struct Registration {
    address: Address,
    traits: Json,
    display_name: String,
    hash: PasswordHash,
    terms_version: Option<String>,
}

/// Checks what was entered, pays for the try at the code, and hashes the password: outside of the transaction.
///
/// # Errors
/// Field errors; `code_invalid`, `code_expired`.
pub async fn check(
    app: &App,
    settings: &Settings,
    rules: &Rules,
    claim: Claim,
    address: &Address,
    entered: &Entered,
) -> Result<(Paid, Registration)> {
    let mut wrong = Vec::new();
    let (typed, traits) = rules.named(&entered.display_name, &entered.traits);
    let name = read_name("display_name", &typed).map_err(|why| wrong.push(why));
    let site_name = settings.site_name.as_str();
    let personal = [typed.as_str(), address.as_str(), site_name];
    if entered.password.is_empty() {
        wrong.push(FieldError::new("password", "password_missing"));
    } else if let Err(weakness) = crate::passwords::check_strength(&entered.password, &personal) {
        let code = password::weakness_code(weakness);
        wrong.push(FieldError::new("password", code));
    }
    let terms = settings.terms.as_ref().map(|terms| &terms.version);
    if terms.is_some_and(|version| !entered.terms_accepted || entered.terms_shown != *version) {
        wrong.push(FieldError::new("terms_accepted", "terms_required"));
    }
    let mut faults = rules.faults(&traits);
    Rules::name_faults(&entered.traits, &mut faults, name.is_err());
    wrong.extend(faults);
    let traits = read_object("traits", traits).map_err(|why| wrong.push(why));
    let (Ok(display_name), Ok(traits), true) = (name, traits, wrong.is_empty()) else {
        return Err(Error::Invalid(wrong));
    };
    // Before the password is hashed, which takes longer than a guess should.
    let paid = codes::pay(app, claim).await?;
    let hash = password::hash(app, "password", &entered.password, &personal).await?;
    let registration = Registration {
        address: address.clone(),
        traits,
        display_name,
        hash,
        terms_version: terms.cloned(),
    };
    Ok((paid, registration))
}

/// Makes the account of a member whose address the code has proved, and signs them in.
///
/// # Errors
/// `forbidden` while registration is closed; `code_invalid`, `code_expired`.
pub fn register(
    tx: &mut Tx<'_>,
    app: &App,
    from: &From,
    code: (&Paid, &str),
    new: &Registration,
) -> Result<NewSecret> {
    open_site(tx)?;
    codes::take(tx, app, code.0, code.1)?;
    let (email, phone) = match new.address.clone() {
        Address::Email(email) => (Some(email), None),
        Address::Phone(phone) => (None, Some(phone)),
    };
    let new = NewUser {
        email_verified: email.is_some(),
        phone_verified: phone.is_some(),
        phone,
        traits: new.traits.clone(),
        password_hash: Some(new.hash.clone()),
        terms_version: new.terms_version.clone(),
        ..NewUser::plain(new.display_name.clone(), email, Role::Member)
    };
    let user = create(tx, &from.actor, &new).map_err(|why| match why.code() {
        // The address has an account, so the code was sent to nobody: it was guessed.
        Code::AddressTaken => Code::CodeInvalid.into(),
        _ => why,
    })?;
    open_session(tx, from, user.id, "registered")
}
