//! Using a one-time link: whoever holds it chooses the password and is signed in.

use std::sync::Arc;

use super::set_password::{end_all, password_changed, replace};
use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::accounts::mails::letter::Letter;
use crate::accounts::mails::post::address_hash;
use crate::accounts::proof::attempt::Attempt;
use crate::accounts::proof::sign_in_limits::{Account, knows_factors};
use crate::accounts::proof::{Proof, one_time_link, secrets};
use crate::accounts::sessions::begin::{Begin, Begun, HeldSession, Occasion, begin};
use crate::accounts::sessions::tokens::Pair;
use crate::domain::{By, NewPassword, Role, Transport};
use crate::store::audit::event::{Details, Event, What};
use crate::store::links::Purpose;
use crate::store::{outbox, user_details};

pub enum Used {
    /// The password is set, every session from before has ended, and this is a new one.
    Done { account: Account, pair: Pair, role: Role, sessions_ended: usize },
    /// The password is set and every session has ended; the second factor is still to come. `attempt`: sealed, to go on with.
    SecondFactorNeeded { attempt: String, sessions_ended: usize },
    /// The link was used, voided, or is too old.
    DeadLink,
}

/// Sets the password that was chosen. `replaces`: the session this browser held until now. Hashes.
pub fn use_link(
    accounts: &Arc<Accounts>,
    token: &str,
    password: &NewPassword,
    replaces: Option<HeldSession>,
    devices: &[String],
    visitor: Visitor,
) -> Pending<Used> {
    let (proof, purpose, hash) = match prove(accounts, token, password) {
        Ok(Some(proved)) => proved,
        Ok(None) => return Pending::known(Ok(Used::DeadLink)),
        Err(error) => return Pending::known(Err(error)),
    };
    let (devices, link_hash) = (devices.to_vec(), secrets::hash(token));
    let used = accounts.write(proof, move |tx, accounts, proven| {
        tx.from = Some(visitor.ip.clone());
        let user = proven.user();
        let by = By::User(user.id);
        replace(tx, user, &hash)?;
        let sessions_ended = end_all(tx, user, &by)?;
        Event::new(What::PasswordChanged, &by).user(user.id).details(Details::Link(purpose)).record(tx)?;
        // Read again: the cut-off for peers' tokens has moved.
        let proven = proven.with_changed_user(tx)?;
        // Whoever has it read the mail that it stood in.
        if let Some(mail) = &proven.user().mail
            && outbox::link_was_sent_to(tx.conn, &link_hash)?.is_some_and(|hash| hash == address_hash(mail))
        {
            user_details::note_mail_verified(tx.conn, proven.user().id, tx.now)?;
        }
        // Nobody had a password that could have been taken from them.
        if purpose != Purpose::Invitation {
            let (ip, user_agent) = (Some(visitor.ip.clone()), Some(visitor.user_agent.clone()));
            password_changed(tx, accounts, proven.user(), Letter { ip, user_agent, ..Letter::default() })?;
        }
        let username = proven.user().username.clone();
        tx.after_commit(move || {
            tracing::info!(event = "link_used", user = %username, purpose = purpose.as_str(), sessions_ended);
        });
        // The link proves that one holds it. It stands for no second factor.
        if proven.user().factors > 0 {
            let known = knows_factors(accounts, &devices, Account::of(proven.user()), tx.now);
            let attempt = Attempt::begin(tx, &proven, Transport::Cookie, false, known, &visitor)?;
            return Ok(Step::SecondFactorNeeded(attempt, sessions_ended));
        }
        let occasion = Occasion::SignIn { replaces, devices };
        let asked = Begin { transport: Transport::Cookie, remembered: false, occasion, visitor };
        let begun = begin(tx, accounts, &proven, asked)?;
        Ok(Step::Begun { begun: Box::new(begun), role: proven.user().role, sessions_ended })
    });
    let accounts = Arc::clone(accounts);
    used.then(move |used| match used {
        Ok(Step::SecondFactorNeeded(attempt, sessions_ended)) => {
            Ok(Used::SecondFactorNeeded { attempt: attempt.seal(&accounts)?, sessions_ended })
        }
        Ok(Step::Begun { begun, role, sessions_ended }) => {
            Ok(Used::Done { account: begun.account, pair: accounts.first_pair(&begun)?, role, sessions_ended })
        }
        Err(Error::ProofLapsed) => Ok(Used::DeadLink),
        Err(error) => Err(error),
    })
}

/// What the transaction came to.
enum Step {
    Begun { begun: Box<Begun>, role: Role, sessions_ended: usize },
    SecondFactorNeeded(Attempt, usize),
}

/// The proof by the link, what the link is for, and the hash of the password. `None`: the link is dead.
fn prove(accounts: &Accounts, token: &str, password: &NewPassword) -> Result<Option<(Proof, Purpose, String)>, Error> {
    let hash = accounts.passwords.hash(password)?;
    let now = accounts.now();
    let found = accounts.db.read(|conn| one_time_link::prove(conn, token, now))?;
    Ok(found.map(|(proof, purpose)| (proof, purpose, hash)))
}
