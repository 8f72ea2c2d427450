//! Recovery codes, for whoever has lost their second factor. They are shown once; only a keyed hash of each is kept.

use std::sync::Arc;

use aws_lc_rs::rand;

use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Error, Pending};
use crate::domain::{By, FactorCode, spell_recovery_code};
use crate::store::Tx;
use crate::store::audit::event::{Details, Event, What};
use crate::store::recovery_codes;
use crate::store::users::User;

/// How many there are in a set.
const IN_A_SET: i64 = 10;

/// Makes a new set, in clear, this once; the old one is void. `None`: the account has no second factor that they could stand in for.
pub fn new_recovery_codes(accounts: &Arc<Accounts>, mandate: Mandate) -> Pending<Option<Vec<String>>> {
    accounts.write(mandate, |tx, accounts, acting| {
        if acting.user.factors == 0 {
            return Ok(None);
        }
        make(tx, accounts, &acting.user).map(Some)
    })
}

/// The same, in the transaction that adds the first factor.
pub(super) fn make(tx: &mut Tx<'_>, accounts: &Accounts, user: &User) -> Result<Vec<String>, Error> {
    let codes: Vec<String> = (0..IN_A_SET).map(|_| random()).collect::<Result<_, _>>()?;
    let hashes: Vec<String> = codes
        .iter()
        .filter_map(|code| match FactorCode::recovery(code) {
            Some(FactorCode::Recovery(code)) => Some(accounts.keyed_ids.recovery_code(user.id, &code)),
            Some(FactorCode::Totp(_)) | None => None,
        })
        .collect();
    recovery_codes::replace(tx.conn, user.id, &hashes, tx.now)?;
    let event = Event::new(What::RecoveryCodesMade, &By::User(user.id)).user(user.id);
    event.details(Details::Factors(IN_A_SET)).record(tx)?;
    let name = user.username.clone();
    tx.after_commit(move || tracing::info!(event = "recovery_codes_made", user = %name));
    Ok(codes)
}

fn random() -> Result<String, Error> {
    let mut bits = [0; 8];
    rand::fill(&mut bits).map_err(|_| Error::Random)?;
    Ok(spell_recovery_code(u64::from_be_bytes(bits)))
}
