//! Proving an address on the way in: an open link asks for one, and whoever is signed in to another account than the
//! invited one may prove that the invited address is theirs too. A code goes to the address; see [`crate::codes`].

use actix_web::web;

use super::landing::{Kind, Landing};
use crate::app::App;
use crate::codes::{self, Claim, Paid, Purpose};
use crate::db::Tx;
use crate::error::{Code, FieldError, Result};
use crate::ids::InviteId;
use crate::invite_templates::policy::lies_in;
use crate::outbox::Frame;
use crate::outbox::jobs::can_send;
use crate::users::model::Address;

/// A code that somebody has entered for an address, paid for and not yet used.
#[derive(Clone, Debug)]
pub struct Proof {
    /// What it proves.
    pub address: Address,
    paid: Paid,
    code: String,
}

impl Proof {
    /// Pays for a try at the code.
    ///
    /// # Errors
    /// `code_invalid`, `code_expired`.
    pub(super) async fn pay(
        app: &App,
        invite: InviteId,
        address: &Address,
        code: &str,
    ) -> Result<Self> {
        Ok(Self {
            paid: codes::pay(app, claim(invite, address)).await?,
            address: address.clone(),
            code: code.to_owned(),
        })
    }

    /// Uses the code up.
    ///
    /// # Errors
    /// `code_invalid`, `code_expired`.
    pub(super) fn take(&self, tx: &mut Tx<'_>, app: &App) -> Result<()> {
        codes::take(tx, app, &self.paid, &self.code)
    }
}

impl Landing {
    /// The address that the person can prove here: the invited one, or, of an open link, the one that they name.
    ///
    /// # Errors
    /// What is wrong with the one that they name; `domain_not_allowed`.
    pub fn to_prove(&self, named: Result<Address, FieldError>) -> Result<Option<Address>> {
        match self.kind {
            Kind::Register | Kind::WrongUser if self.invite.is_open() => {
                let address = named?;
                if !lies_in(address.as_str(), &self.invite.domains()) {
                    return Code::DomainNotAllowed.refuse();
                }
                Ok(Some(address))
            }
            Kind::WrongUser => Ok(Some(Address::read("email", &self.invite.address)?)),
            Kind::Register | Kind::Accept | Kind::SignInFirst => Ok(None),
        }
    }
}

/// Sends a code to an address that somebody wants to prove. The answer is the same whether or not it has an account.
///
/// # Errors
/// `mail_not_set_up` while nothing can be sent there; too many codes.
pub(super) async fn ask(
    app: &web::Data<App>,
    source: &str,
    landing: &Landing,
    address: &Address,
) -> Result<()> {
    let channel = address.channel();
    let can_send = can_send(&app.config, channel);
    if !can_send {
        return Code::MailNotSetUp.refuse();
    }
    let claim = claim(landing.invite.id, address);
    codes::count(app, channel, &claim.address, source)?;
    let (shared, to) = (app.clone(), address.clone());
    let frame = Frame::of(app, &landing.settings.site_name);
    let frame = frame.in_language(landing.invite.text());
    app.db
        .write(move |tx| {
            let code = codes::make(tx, &shared, &claim)?;
            codes::send(tx, &shared, &frame, &code, (channel, to.as_str()))
        })
        .await?;
    codes::sent(app, channel);
    Ok(())
}

fn claim(invite: InviteId, address: &Address) -> Claim {
    Claim {
        purpose: Purpose::Invite,
        subject: invite.to_string(),
        address: address.norm(),
    }
}
