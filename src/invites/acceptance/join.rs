//! What an acceptance makes: the account, or what the invite adds to the one that there is.

use serde_json::{Map, Value, json};

use super::landing::{Kind, Landing};
use super::proof::Proof;
use crate::access::Actor;
use crate::db::{Json, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::events;
use crate::groups;
use crate::ids::UserId;
use crate::invites::actions::record;
use crate::invites::model::{Application, Invite, State};
use crate::invites::store;
use crate::passwords::PasswordHash;
use crate::site::Terms;
use crate::users::actions as users;
use crate::users::model::{Address, NewUser, Status, User};
use crate::users::store as user_store;

/// A checked acceptance.
#[derive(Clone, Debug)]
pub struct Acceptance {
    pub(super) display_name: String,
    pub(super) password_hash: Option<PasswordHash>,
    /// The version of the terms that the person agreed to, when they had to.
    pub(super) terms: Option<String>,
    /// What they entered in the fields of the form.
    pub(super) entered: Map<String, Value>,
    pub(super) proof: Option<Proof>,
}

/// Writes down that a person has joined, and how that moved the invite.
///
/// # Errors
/// When the database refuses.
pub(super) fn joined(
    tx: &mut Tx<'_>,
    by: &Actor,
    invite: &Invite,
    (before, after): (State, State),
    user: UserId,
) -> Result<()> {
    let now = tx.now;
    store::join(tx, invite.id, user, now)?;
    record(
        tx,
        by,
        "invite.accepted",
        invite,
        json!({ "state": before }),
        json!({ "state": after, "user_id": user }),
    )?;
    events::emit(
        tx,
        by,
        "invite.accepted",
        json!({
            "invite_id": invite.id,
            "user_id": user,
            "label": invite.label,
            "metadata_public": invite.metadata_public,
            "metadata_admin": invite.metadata_admin,
        }),
    )?;
    Ok(())
}

impl Application {
    pub(super) fn of(landing: &Landing, input: &Acceptance) -> Result<Self> {
        let proved = input.proof.as_ref().map(|proof| &proof.address);
        let may_go_without = landing.by_code(proved);
        let user_id = match (landing.kind, &input.password_hash) {
            (Kind::Register, _) if landing.invite.is_open() && input.proof.is_none() => {
                return Code::CodeRequired.refuse();
            }
            (Kind::Register, Some(_)) => None,
            (Kind::Register, None) if may_go_without && !input.display_name.is_empty() => None,
            (Kind::Accept, None) => landing.account.as_ref().map(|account| account.id),
            (Kind::WrongUser, _) => return Code::InviteMismatch.refuse(),
            // The account was made between looking and accepting.
            _ => return Code::SignInRequired.refuse(),
        };
        // Terms and schema may have been changed while the password was hashed: what was agreed to is what counts.
        let to_accept = landing.terms_to_accept();
        if to_accept.is_some() && to_accept != input.terms.as_deref() {
            return Err(FieldError::new("terms_accepted", "terms_required").into());
        }
        let traits = match landing.kind {
            Kind::Register => landing
                .with_entered(&input.entered)
                .map_err(Error::Invalid)?,
            _ => Json::object(),
        };
        Ok(Self {
            user_id,
            display_name: input.display_name.clone(),
            password_hash: input.password_hash.clone(),
            traits,
            terms_version: input.terms.clone(),
            address_proved: proved.is_some() || !landing.shown,
        })
    }

    /// Makes the account, of the address that the person proved or else of the invited one, or adds what the invite gives to the one that there is; nothing is ever lowered.
    ///
    /// # Errors
    /// `address_taken`; `wrong_state` for an account that is not active any more.
    pub(super) fn admit(
        &self,
        tx: &mut Tx<'_>,
        by: &Actor,
        invite: &Invite,
        proved: Option<&Address>,
    ) -> Result<User> {
        let groups = store::groups(tx, invite.id)?;
        if let Some(id) = self.user_id {
            let account = user_store::find(tx, id)?;
            if account.status != Status::Active {
                return Code::WrongState.refuse();
            }
            let terms = self.terms_version.as_ref().map(|version| Terms {
                version: version.clone(),
                url: String::new(),
            });
            // The link came to the mailbox, and the person was signed in: both are proved.
            let is_own = |own: &Option<String>| {
                self.address_proved && own.as_deref() == Some(&*invite.address_norm)
            };
            let gain = users::Gain {
                role: invite.role,
                email_verified: is_own(&account.email_norm),
                phone_verified: is_own(&account.phone),
                terms: terms.as_ref(),
                groups: &groups,
            };
            return users::gain(tx, by, &account, &gain);
        }
        let address = match proved {
            Some(address) => address.clone(),
            None => Address::read("address", &invite.address)?,
        };
        let (email, phone) = match address {
            Address::Email(email) => (Some(email), None),
            Address::Phone(phone) => (None, Some(phone)),
        };
        let new = NewUser {
            email_verified: self.address_proved && email.is_some(),
            phone_verified: self.address_proved && phone.is_some(),
            phone,
            schema_id: invite.schema_id.clone(),
            traits: self.traits.clone(),
            metadata_public: invite.metadata_public.clone(),
            metadata_admin: invite.metadata_admin.clone(),
            password_hash: self.password_hash.clone(),
            invite_id: Some(invite.id),
            terms_version: self.terms_version.clone(),
            ..NewUser::plain(self.display_name.clone(), email, invite.role)
        };
        let user = users::create(tx, by, &new)?;
        groups::actions::admit(tx, user.id, &groups)?;
        Ok(user)
    }
}
