//! The first run: whoever holds the setup link creates the first admin, user and session in one.

use std::sync::Arc;

use super::add::add;
use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::accounts::proof::setup_link::SetupLink;
use crate::accounts::proof::sign_in_limits::Account;
use crate::accounts::sessions::begin::{Begin, Occasion, begin};
use crate::accounts::sessions::tokens::Pair;
use crate::domain::{By, NewPassword, Role, Transport, Username};
use crate::store::users;

pub enum SetUp {
    /// The admin's first session, by cookies.
    Done { account: Account, pair: Pair },
    /// The link was used, voided, or is too old, or there is a user by now.
    DeadLink,
}

/// Creates the first admin and signs them in. Hashes.
pub fn set_up(
    accounts: &Arc<Accounts>,
    token: &str,
    username: Username,
    password: &NewPassword,
    visitor: Visitor,
) -> Pending<SetUp> {
    let hash = match accounts.passwords.hash(password) {
        Ok(hash) => hash,
        Err(error) => return Pending::known(Err(error.into())),
    };
    let done = accounts.write(SetupLink::shown(token), move |tx, accounts, spent| {
        tx.from = Some(visitor.ip.clone());
        let added = add(tx, &username, Some(&hash), Role::Admin, By::User)?;
        let user = match added {
            Ok(id) => users::find(tx.conn, id)?.ok_or(Error::ProofLapsed)?,
            // The link is good only while there is no user, so nobody has had the name.
            Err(_) => return Err(Error::ProofLapsed),
        };
        let proven = spent.proves(user, tx.now);
        let occasion = Occasion::SignIn { replaces: None, devices: Vec::new() };
        let asked = Begin { transport: Transport::Cookie, remembered: false, occasion, visitor };
        let begun = begin(tx, accounts, &proven, asked)?;
        tx.after_commit(move || tracing::info!(event = "set_up", user = %username, "the first admin was created"));
        Ok(begun)
    });
    let accounts = Arc::clone(accounts);
    done.then(move |done| match done {
        Ok(begun) => Ok(SetUp::Done { account: begun.account, pair: accounts.first_pair(&begun)? }),
        Err(Error::ProofLapsed) => Ok(SetUp::DeadLink),
        Err(error) => Err(error),
    })
}
