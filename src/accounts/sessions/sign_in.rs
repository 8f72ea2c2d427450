//! Signing in with name and password. Who has a second factor gives it in a second step (`second_step.rs`).

use std::sync::Arc;

use uuid::Uuid;

use super::begin::{Begin, Begun, HeldSession, Occasion, begin};
use super::tokens::Pair;
use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::accounts::proof::attempt::Attempt;
use crate::accounts::proof::password;
use crate::accounts::proof::sign_in_limits::{Account, knows_factors};
use crate::accounts::proof::trusted_browser::{self, TrustedBrowser};
use crate::accounts::proof::{Proof, Proven, decoy};
use crate::accounts::same_place::is_same_place;
use crate::domain::{Password, Reason, Role, SessionId, Transport, UnixTime, Username};
use crate::store::hourly_counts::Counted;
use crate::store::password_forms::{self, FormCount};
use crate::store::second_factors::{self, Ways};
use crate::store::untold::{self, UntoldFactorChange};
use crate::store::users::{self, User};
use crate::store::{Tx, Upkeep, attempts, passkeys, session_ends};

pub struct Credentials {
    /// As typed; it need not be a user name at all.
    pub username: String,
    pub password: Password,
}

/// What a sign-in asks for.
pub struct SignIn {
    pub credentials: Credentials,
    pub transport: Transport,
    /// "Keep me signed in".
    pub remembered: bool,
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
    /// The password was right.
    SecondFactorNeeded(SecondFactorNeeded),
    BadCredentials,
    /// The password was right, so whoever asks may know.
    Disabled,
}

/// What a right password leaves where it is not enough.
pub struct SecondFactorNeeded {
    /// The sealed attempt to go on with.
    pub attempt: String,
    pub ways: Ways,
}

/// What a sign-in gives.
pub struct SignedIn {
    pub account: Account,
    pub pair: Pair,
    /// The language the person once chose, if any.
    pub locale: Option<String>,
    /// What they should hear of.
    pub news: News,
    pub role: Role,
    /// The id that the device cookie has to have, if the sign-in has given the browser another one.
    pub device: Option<Uuid>,
}

/// What has happened to an account since its person last signed in on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The sessions that ended because somebody else may hold their tokens; of each reason, the newest.
    pub suspicious_ends: Vec<SuspiciousEnd>,
    /// How often somebody else entered a wrong password, as far as Portero can tell.
    pub failed_attempts: i64,
    /// The newest sign-in from elsewhere that had the right password and gave no second factor.
    pub half_sign_in: Option<HalfSignIn>,
    /// The name of a passkey that was shown with a count that had gone back.
    pub copied_passkey: Option<String>,
    /// The newest change of their second factors.
    pub factor_change: Option<UntoldFactorChange>,
}

/// Somebody knew the password, and not the second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HalfSignIn {
    pub at: UnixTime,
    pub ip: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuspiciousEnd {
    pub why: Suspicion,
    /// `None`: the session is no longer stored.
    pub sid: Option<SessionId>,
}

/// Why somebody else may hold a session's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// A used-up token was shown.
    Reuse,
    /// Too many wrong passwords were given in a row.
    Guessing,
}

/// Hashes, for a name that exists as often as for one that does not.
pub fn sign_in(accounts: &Arc<Accounts>, asked: SignIn) -> Pending<Outcome> {
    let (proof, name) = match prove(accounts, &asked.credentials, &asked.visitor) {
        Ok(proven) => proven,
        Err(NoProof::BadCredentials) => return Pending::known(Ok(Outcome::BadCredentials)),
        Err(NoProof::Disabled) => return Pending::known(Ok(Outcome::Disabled)),
        Err(NoProof::Failed(error)) => return Pending::known(Err(error)),
    };
    let SignIn { transport, remembered, replaces, own_typos, devices, visitor, .. } = asked;
    let begun = accounts.write(proof, move |tx, accounts, proven| {
        let user = proven.user();
        // Renamed while the password was hashed: by the old name nobody signs in any more.
        if user.username != name {
            return Err(Error::ProofLapsed);
        }
        let trusted = match user.factors {
            0 => None,
            _ => trusted_browser::find(tx, accounts, user, &devices)?,
        };
        if user.factors > 0 && trusted.is_none() {
            let known = knows_factors(accounts, &devices, Account::of(user), tx.now);
            let attempt = Attempt::begin(tx, &proven, transport, remembered, known, &visitor)?;
            let (name, ip) = (user.username.clone(), visitor.ip);
            tx.after_commit(move || tracing::info!(event = "second_factor_asked", user = %name, ip));
            let ways = second_factors::ways(tx.conn, user.id)?;
            return Ok(Step::SecondFactorNeeded(attempt, ways));
        }
        let occasion = Occasion::SignIn { replaces, devices };
        let asked = Begin { transport, remembered, occasion, visitor };
        Ok(Step::Begun(Box::new(match trusted {
            Some(browser) => finish_in(&browser, tx, accounts, proven, &own_typos, asked)?,
            None => finish(tx, accounts, &proven, &own_typos, asked)?,
        })))
    });
    let accounts = Arc::clone(accounts);
    begun.then(move |begun| match begun {
        Ok(Step::Begun(finished)) => Ok(Outcome::SignedIn(Box::new(finished.sign(&accounts)?))),
        Ok(Step::SecondFactorNeeded(attempt, ways)) => {
            Ok(Outcome::SecondFactorNeeded(SecondFactorNeeded { attempt: attempt.seal(&accounts)?, ways }))
        }
        // Password or user were changed while this one was hashed: whatever was changed wins.
        Err(Error::ProofLapsed) => Ok(Outcome::BadCredentials),
        Err(error) => Err(error),
    })
}

/// What the transaction came to.
enum Step {
    Begun(Box<Finished>),
    SecondFactorNeeded(Attempt, Ways),
}

/// A sign-in that is stored; its tokens are made outside the transaction.
pub(super) struct Finished {
    begun: Begun,
    locale: Option<String>,
    news: News,
    role: Role,
    device: Option<Uuid>,
}

impl Finished {
    /// Trusts the browser to stand in for the second factor from now on, unless the settings trust none.
    pub(super) fn trust(self, tx: &mut Tx<'_>, accounts: &Accounts, user: &User) -> Result<Self, Error> {
        let device = trusted_browser::trust(tx, accounts, user, &self.begun.session)?;
        Ok(Self { device, ..self })
    }

    pub(super) fn sign(self, accounts: &Accounts) -> Result<SignedIn, Error> {
        let Self { begun, locale, news, role, device } = self;
        let pair = accounts.first_pair(&begun)?;
        Ok(SignedIn { account: begun.account, pair, locale, news, role, device })
    }
}

/// Begins the session of whoever has proved all that their account asks for.
pub(super) fn finish(
    tx: &mut Tx<'_>,
    accounts: &Arc<Accounts>,
    proven: &Proven,
    own_typos: &[UnixTime],
    asked: Begin,
) -> Result<Finished, Error> {
    let user = proven.user();
    // A program reads no news: they wait for the person.
    let tell = asked.transport == Transport::Cookie;
    let news = news(tx, user, own_typos, tell, &asked.visitor)?;
    if tell {
        untold::note_told(tx.conn, user.id)?;
        attempts::note_told(tx.conn, user.id)?;
        if news.copied_passkey.is_some() {
            passkeys::note_told(tx.conn, user.id)?;
        }
    }
    let begun = begin(tx, accounts, proven, asked)?;
    Ok(Finished { begun, locale: user.locale.clone(), news, role: user.role, device: None })
}

/// The same in a browser that stands in for the second factor.
fn finish_in(
    browser: &TrustedBrowser,
    tx: &mut Tx<'_>,
    accounts: &Arc<Accounts>,
    proven: Proven,
    own_typos: &[UnixTime],
    asked: Begin,
) -> Result<Finished, Error> {
    let finished = finish(tx, accounts, &proven.in_trusted_browser(browser), own_typos, asked)?;
    browser.note_use(tx, &finished.begun.session)?;
    Ok(finished)
}

/// What the person has not been told yet, read before the sign-in changes the row. `tell`: whether they are told now.
fn news(tx: &mut Tx<'_>, user: &User, own_typos: &[UnixTime], tell: bool, visitor: &Visitor) -> Result<News, Error> {
    let mut suspicious_ends = Vec::new();
    for (at, why, reason) in [
        (user.untold_reuse_at, Suspicion::Reuse, Reason::Reuse),
        (user.untold_guessing_at, Suspicion::Guessing, Reason::Guessing),
    ] {
        if let Some(at) = at {
            suspicious_ends.push(SuspiciousEnd { why, sid: session_ends::ended_at(tx.conn, user.id, reason, at)? });
        }
    }
    // Counting began again with the last sign-in or the last change of the password. An own mistake from before is not in it.
    let since = user.last_login_at.max(user.password_changed_at);
    let own = own_typos.iter().filter(|at| Some(**at) > since).count();
    let own = i64::try_from(own).unwrap_or(i64::MAX);
    // Whoever gave up in this very browser knows it.
    let untold = if user.factors_version > 0 { attempts::untold(tx.conn, user.id)? } else { Vec::new() };
    let half_sign_in = untold
        .into_iter()
        .find(|attempt| !is_same_place(&attempt.ip, &attempt.user_agent, visitor))
        .map(|attempt| HalfSignIn { at: attempt.began_at, ip: attempt.ip });
    let copied_passkey = if user.factors > 0 { passkeys::untold_mark(tx.conn, user.id)? } else { None };
    let factor_change = match user.factors_version {
        0 => None,
        _ => untold::untold_factor_change(tx.conn, user.id, tell)?,
    };
    let failed_attempts = user.failed_attempts.saturating_sub(own).max(0);
    Ok(News { suspicious_ends, failed_attempts, half_sign_in, copied_passkey, factor_change })
}

/// Why there is no proof.
enum NoProof {
    BadCredentials,
    Disabled,
    Failed(Error),
}

impl<E: Into<Error>> From<E> for NoProof {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The proof, and the name of the user as it was then.
fn prove(accounts: &Arc<Accounts>, given: &Credentials, visitor: &Visitor) -> Result<(Proof, Username), NoProof> {
    let (found, forms) = find(accounts, &given.username)?;
    let Some(user) = found else {
        decoy::check(accounts, forms, &given.username, &given.password)?;
        // The name is not logged: people type passwords there.
        tracing::info!(event = "sign_in_failed", ip = visitor.ip, reason = "unknown_user");
        // Nobody waits for it, as nobody waits for what is recorded of a wrong password.
        drop(accounts.write(Upkeep, |tx, _, _| {
            tx.count(Counted::UnknownName, 1);
            Ok(())
        }));
        return Err(NoProof::BadCredentials);
    };
    let Some(proof) = password::prove(accounts, &user, &given.password)? else {
        password::note_failed_sign_in(accounts, &user, visitor.ip.clone());
        return Err(NoProof::BadCredentials);
    };
    if user.is_shut_out(accounts.now()) {
        tracing::info!(event = "sign_in_failed", user = %user.username, ip = visitor.ip, reason = "disabled");
        return Err(NoProof::Disabled);
    }
    Ok((password::upgrade(accounts, proof, &user, &given.password)?, user.username))
}

/// Whoever bears this name and has a password, and the forms of all stored hashes. Both are read whether or not there is somebody.
fn find(accounts: &Accounts, typed: &str) -> Result<(Option<User>, Vec<FormCount>), Error> {
    let name = Username::parse(typed).ok();
    accounts.db.read(|conn| {
        let found = match &name {
            Some(name) => users::find_by_name(conn, name)?,
            None => None,
        };
        Ok((found.filter(|user| user.password_hash.is_some()), password_forms::all(conn)?))
    })
}
