//! The second step of a sign-in: the second factor, for a session.

use std::sync::Arc;

use super::begin::{Begin, HeldSession, Occasion};
use super::sign_in::{Finished, SignedIn, finish};
use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::accounts::proof::attempt::Attempt;
use crate::accounts::proof::factor::{Tried, try_code};
use crate::accounts::proof::passkey::{Counted, GivenPasskey};
use crate::domain::{By, FactorCode, UnixTime};
use crate::store::audit::event::{Event, What};

/// What the second step asks for.
pub struct SecondStep {
    pub attempt: Attempt,
    pub code: FactorCode,
    /// Whether the browser is to stand in for the second factor from now on.
    pub trust: bool,
    /// The session this browser held until now: it ends with the sign-in.
    pub replaces: Option<HeldSession>,
    /// When this very browser gave wrong passwords for this name before.
    pub own_typos: Vec<UnixTime>,
    /// The values of the browser's device cookies.
    pub devices: Vec<String>,
    pub visitor: Visitor,
}

pub enum Outcome {
    SignedIn(Box<SignedIn>),
    /// How many tries are left.
    WrongCode(i64),
    /// It was used before. The next one will do.
    UsedCode,
    /// There were too many wrong codes for the account today; a recovery code is still taken.
    TooManyWrong,
    /// Used up, tried too often, or something has changed meanwhile: it begins again with the password.
    Over,
}

/// Hashes nothing.
pub fn second_step(accounts: &Arc<Accounts>, asked: SecondStep) -> Pending<Outcome> {
    let SecondStep { attempt, code, trust, replaces, own_typos, devices, visitor } = asked;
    let (transport, remembered) = (attempt.transport(), attempt.remembered);
    let tried = accounts.write(attempt, move |tx, accounts, attempted| {
        tx.from = Some(visitor.ip.clone());
        let (user, known) = (attempted.user.clone(), attempted.from_known_browser);
        match try_code(tx, accounts, &user, &code, known, &visitor)? {
            Tried::Right(second) => {
                let proven = attempted.complete(tx, second)?;
                let occasion = Occasion::SignIn { replaces, devices };
                let asked = Begin { transport, remembered, occasion, visitor };
                let finished = finish(tx, accounts, &proven, &own_typos, asked)?;
                let finished = if trust { finished.trust(tx, accounts, &user)? } else { finished };
                Ok(Step::Begun(Box::new(finished)))
            }
            Tried::Wrong => {
                let left = attempted.note_wrong(tx)?;
                Event::new(What::SecondFactorFailed, &By::Portero).user(user.id).record(tx)?;
                let ip = visitor.ip;
                tx.after_commit(move || {
                    tracing::info!(event = "second_factor_failed", user = %user.username, ip, tries_left = left);
                });
                Ok(if left > 0 { Step::WrongCode(left) } else { Step::Over })
            }
            Tried::Used => Ok(Step::UsedCode),
            Tried::TooMany => Ok(Step::TooManyWrong),
        }
    });
    let accounts = Arc::clone(accounts);
    tried.then(move |tried| match tried {
        Ok(Step::Begun(finished)) => Ok(Outcome::SignedIn(Box::new(finished.sign(&accounts)?))),
        Ok(Step::WrongCode(left)) => Ok(Outcome::WrongCode(left)),
        Ok(Step::UsedCode) => Ok(Outcome::UsedCode),
        Ok(Step::TooManyWrong) => Ok(Outcome::TooManyWrong),
        Ok(Step::Over) | Err(Error::ProofLapsed) => Ok(Outcome::Over),
        Err(error) => Err(error),
    })
}

/// What the second step by a passkey asks for.
pub struct PasskeyStep {
    pub attempt: Attempt,
    pub given: GivenPasskey,
    /// Whether the browser is to stand in for it from now on.
    pub trust: bool,
    /// The session this browser held until now: it ends with the sign-in.
    pub replaces: Option<HeldSession>,
    /// When this very browser gave wrong passwords for this name before.
    pub own_typos: Vec<UnixTime>,
    /// The values of the browser's device cookies.
    pub devices: Vec<String>,
    pub visitor: Visitor,
}

pub enum ByPasskey {
    SignedIn(Box<SignedIn>),
    /// Its count had gone back: somebody may hold a copy.
    CountWentBack,
    /// The sign-in begins again, or the passkey was used for it before.
    Over,
}

/// The same by a passkey in the place of a code.
pub fn second_step_by_passkey(accounts: &Arc<Accounts>, asked: PasskeyStep) -> Pending<ByPasskey> {
    let PasskeyStep { attempt, given, trust, replaces, own_typos, devices, visitor } = asked;
    let (transport, remembered) = (attempt.transport(), attempt.remembered);
    let tried = accounts.write((attempt, given), move |tx, accounts, (attempted, shown)| {
        let second = match shown.count(tx)? {
            Counted::Good(second) => second,
            Counted::WentBack => return Ok(None),
        };
        let proven = attempted.complete(tx, second)?;
        let asked = Begin { transport, remembered, occasion: Occasion::SignIn { replaces, devices }, visitor };
        let user = proven.user().clone();
        let finished = finish(tx, accounts, &proven, &own_typos, asked)?;
        Ok(Some(if trust { finished.trust(tx, accounts, &user)? } else { finished }))
    });
    let accounts = Arc::clone(accounts);
    tried.then(move |tried| match tried {
        Ok(Some(finished)) => Ok(ByPasskey::SignedIn(Box::new(finished.sign(&accounts)?))),
        Ok(None) => Ok(ByPasskey::CountWentBack),
        Err(Error::ProofLapsed) => Ok(ByPasskey::Over),
        Err(error) => Err(error),
    })
}

/// What the transaction came to.
enum Step {
    Begun(Box<Finished>),
    WrongCode(i64),
    UsedCode,
    TooManyWrong,
    Over,
}
