//! Signing in by a passkey alone.

use std::sync::Arc;

use super::begin::{Begin, HeldSession, Occasion};
use super::sign_in::{SignedIn, finish};
use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::accounts::proof::passkey::{Counted, GivenPasskey, proven};
use crate::domain::{Transport, UnixTime};

/// What a sign-in by a passkey asks for.
pub struct PasskeySignIn {
    pub given: GivenPasskey,
    /// "Keep me signed in".
    pub remembered: bool,
    /// The session this browser held until now: it ends with the sign-in.
    pub replaces: Option<HeldSession>,
    /// When this very browser gave wrong passwords before, for whichever name.
    pub own_typos: Vec<UnixTime>,
    /// The values of the browser's device cookies.
    pub devices: Vec<String>,
    pub visitor: Visitor,
}

pub enum Outcome {
    SignedIn(Box<SignedIn>),
    /// Its count had gone back: somebody may hold a copy.
    CountWentBack,
    /// It was used for this before, or is gone.
    Over,
}

/// Hashes nothing.
pub fn sign_in_by_passkey(accounts: &Arc<Accounts>, asked: PasskeySignIn) -> Pending<Outcome> {
    let PasskeySignIn { given, remembered, replaces, own_typos, devices, visitor } = asked;
    let begun = accounts.write(given, move |tx, accounts, shown| {
        let user = shown.user().clone();
        // It was taken away because somebody else got in, and the passkey may be theirs.
        if user.password_hash.is_none() {
            return Err(Error::ProofLapsed);
        }
        let proven = match shown.count(tx)? {
            Counted::Good(proof) => proven(user, proof),
            Counted::WentBack => return Ok(None),
        };
        let occasion = Occasion::SignIn { replaces, devices };
        let asked = Begin { transport: Transport::Cookie, remembered, occasion, visitor };
        finish(tx, accounts, &proven, &own_typos, asked).map(Some)
    });
    let accounts = Arc::clone(accounts);
    begun.then(move |begun| match begun {
        Ok(Some(finished)) => Ok(Outcome::SignedIn(Box::new(finished.sign(&accounts)?))),
        Ok(None) => Ok(Outcome::CountWentBack),
        Err(Error::ProofLapsed) => Ok(Outcome::Over),
        Err(error) => Err(error),
    })
}
