//! Adding an authenticator app: first its secret, and then a code of it, by which it counts.

use std::sync::Arc;

use super::added::{Added, Done, New, added};
use super::enrolment_link::{may_enrol, spend};
use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::accounts::proof::factor::{confirms, seal, secret};
use crate::domain::{FactorId, FactorKind, FactorName, Methods};
use crate::store::factors::{self, NewFactor};
use crate::tokens::Fault;
use crate::totp::{self, SECRET_BYTES};

/// So many authenticator apps one account has at most.
const MOST: i64 = 5;

pub enum Started {
    /// The secret, to be shown this once.
    Waiting(NewTotp),
    TooMany,
    /// The rules of this server let nobody add one.
    Off,
    /// An admin has to hand over a link first.
    LinkNeeded,
}

/// An authenticator app that does not count yet.
pub struct NewTotp {
    pub id: FactorId,
    /// In Base32, as people type it.
    pub secret: String,
    /// What a QR code of it says. (Key URI format)
    pub otpauth: String,
}

/// Begins to add an authenticator app. Any other one that was begun before is forgotten. `link`: the secret of a link by which to enrol, if
/// there is one.
pub fn start_totp(
    accounts: &Arc<Accounts>,
    mandate: Mandate,
    name: FactorName,
    link: Option<String>,
) -> Pending<Started> {
    if !accounts.config.second_factor.allows_enrolment() {
        return Pending::known(Ok(Started::Off));
    }
    let Some(secret) = totp::new_secret() else { return Pending::known(Err(Error::Random)) };
    accounts.write(mandate, move |tx, accounts, acting| {
        let user = &acting.user;
        if factors::count_of(tx.conn, user.id, FactorKind::Totp)? >= MOST {
            return Ok(Started::TooMany);
        }
        if !may_enrol(accounts, tx.conn, user, link.as_deref(), tx.now)? {
            return Ok(Started::LinkNeeded);
        }
        let sealed = seal(accounts, user.id, &secret)?;
        let factor =
            NewFactor { user: user.id, kind: FactorKind::Totp, name: name.as_str(), secret: &sealed, now: tx.now };
        let id = factors::add(tx.conn, &factor)?;
        Ok(Started::Waiting(shown(accounts, id, user.username.as_str(), &secret)))
    })
}

/// The secret of an app that was begun and does not count yet, to be shown again. `None`: there is none.
pub fn waiting(accounts: &Arc<Accounts>, mandate: Mandate, id: FactorId) -> Pending<Option<NewTotp>> {
    accounts.write(mandate, move |tx, accounts, acting| {
        let found = factors::find(tx.conn, acting.user.id, id)?;
        let Some(factor) = found.filter(|factor| factor.active_since.is_none()) else { return Ok(None) };
        let secret = secret(accounts, &factor)?;
        Ok(Some(shown(accounts, id, acting.user.username.as_str(), &secret)))
    })
}

fn shown(accounts: &Accounts, id: FactorId, username: &str, secret: &[u8; SECRET_BYTES]) -> NewTotp {
    let otpauth = totp::key_uri(secret, &accounts.config.site_name, username);
    NewTotp { id, secret: totp::spelled(secret), otpauth }
}

pub enum Enrolled {
    Done(Box<Done>),
    /// There is none that waits: it counts already, or another was begun after it.
    NotWaiting,
    WrongCode,
    /// An admin has to hand over a link first.
    LinkNeeded,
}

/// Has an authenticator app count, if this is its code. The session is at level two from then on. `link` as in [`start_totp`].
pub fn confirm_totp(
    accounts: &Arc<Accounts>,
    mandate: Mandate,
    id: FactorId,
    digits: String,
    link: Option<String>,
    visitor: Visitor,
) -> Pending<Enrolled> {
    let claims = Arc::clone(mandate.claims());
    let enrolled = accounts.write(mandate, move |tx, accounts, acting| {
        let session = acting.session.ok_or(Fault::Revoked)?;
        let user = acting.user;
        let found = factors::find(tx.conn, user.id, id)?;
        let Some(factor) = found.filter(|factor| factor.active_since.is_none()) else { return Ok(Step::NotWaiting) };
        let Some(step) = confirms(accounts, &factor, &digits, tx.now)? else { return Ok(Step::WrongCode) };
        if !spend(tx, accounts, &user, &session, link.as_deref())? {
            return Ok(Step::LinkNeeded);
        }
        if !factors::confirm(tx.conn, &factor, step, tx.now)? {
            return Ok(Step::NotWaiting);
        }
        let new = New { id: factor.id, kind: factor.kind, name: factor.name, method: Methods::OTP };
        Ok(Step::Done(Box::new(added(tx, accounts, (&session, &claims), new, visitor)?)))
    });
    let accounts = Arc::clone(accounts);
    enrolled.then(move |enrolled| {
        Ok(match enrolled? {
            Step::Done(added) => Enrolled::Done(Box::new(added.sign(&accounts)?)),
            Step::NotWaiting => Enrolled::NotWaiting,
            Step::WrongCode => Enrolled::WrongCode,
            Step::LinkNeeded => Enrolled::LinkNeeded,
        })
    })
}

/// What the transaction came to.
enum Step {
    Done(Box<Added>),
    LinkNeeded,
    NotWaiting,
    WrongCode,
}
