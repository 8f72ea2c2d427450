//! Proof by password.

use std::sync::Arc;

use super::{Evidence, Method, Proof, StoredHash};
use crate::accounts::context::{Accounts, Error};
use crate::domain::{By, NewPassword, Password};
use crate::passwords::Check;
use crate::store::audit::event::{Event, What};
use crate::store::hourly_counts::Counted;
use crate::store::users::User;
use crate::store::{Upkeep, untold};

/// Compares the password with the user's. `None`: it is wrong, or the user has none. Hashes once in either case.
pub(in crate::accounts) fn prove(
    accounts: &Accounts,
    user: &User,
    password: &Password,
) -> Result<Option<Proof>, Error> {
    // Every caller has looked for a password. Should one forget, the time must still not tell who has none.
    let Some(hash) = &user.password_hash else {
        accounts.passwords.check_decoy(password, &accounts.passwords.current_form())?;
        return Ok(None);
    };
    let stored = match accounts.passwords.check(password, hash)? {
        Check::Wrong => return Ok(None),
        Check::Right => StoredHash::Current,
        Check::RightButOld => StoredHash::Old,
    };
    Ok(Some(Proof {
        user: user.id,
        password_version: user.password_version,
        method: Method::Password,
        at: accounts.now(),
        evidence: Evidence::Password(stored),
    }))
}

/// Whether a new password is the one that the user has. Hashes.
pub(in crate::accounts) fn is_current(accounts: &Accounts, user: &User, new: &NewPassword) -> Result<bool, Error> {
    Ok(match &user.password_hash {
        Some(hash) => match accounts.passwords.check(new.as_password(), hash)? {
            Check::Right | Check::RightButOld => true,
            Check::Wrong => false,
        },
        None => false,
    })
}

/// Replaces an old form of the stored hash together with whatever is done on this proof. Hashes if there is one.
pub(in crate::accounts) fn upgrade(
    accounts: &Accounts,
    proof: Proof,
    user: &User,
    password: &Password,
) -> Result<Proof, Error> {
    match (&proof.evidence, &user.password_hash) {
        (Evidence::Password(StoredHash::Old), Some(from)) => {
            let to = accounts.passwords.hash_again(password)?;
            let evidence = Evidence::Password(StoredHash::Upgraded { from: from.clone(), to });
            Ok(Proof { evidence, ..proof })
        }
        _ => Ok(proof),
    }
}

/// Records a wrong password at a sign-in, so that the person is told of it at the next one. Nobody waits for it: the time that a durable
/// write takes would tell a name that exists from one that does not.
pub(in crate::accounts) fn note_failed_sign_in(accounts: &Arc<Accounts>, user: &User, ip: String) {
    tracing::info!(event = "sign_in_failed", user = %user.username, ip, reason = "wrong_password");
    let user = user.id;
    drop(accounts.write(Upkeep, move |tx, _, _| {
        untold::note_failure(tx.conn, user)?;
        tx.count(Counted::SignInFailed, 1);
        Ok(Event::new(What::SignInFailed, &By::Portero).user(user).ip(&ip).record(tx)?)
    }));
}
