//! Proof by a second factor, beside a first proof. What a code uses up is written in the transaction that it lets through.

use crate::accounts::context::{Accounts, Error, Visitor};
use crate::domain::{By, FactorCode, FactorKind, Means, Methods, UnixTime, UserId};
use crate::store::audit::event::{Event, What};
use crate::store::factors::{self, Factor, LastUse};
use crate::store::recovery_codes::{self, Use};
use crate::store::users::User;
use crate::store::{Tx, attempts};
use crate::totp::{self, Check, SECRET_BYTES};

/// So many wrong codes of authenticator apps an account takes in a day, from browsers that it knows and from others each. (A code is
/// guessed with a probability of three in a million.)
const MOST_WRONG_A_DAY: i64 = 20;
const DAY: i64 = 24 * 60 * 60;

/// That a second factor was given in this transaction. Made only here and in `passkey.rs`.
pub(in crate::accounts) struct SecondProof {
    pub(super) at: UnixTime,
    /// By which way.
    pub(super) method: Methods,
    pub(super) means: Means,
}

impl SecondProof {
    fn by_code(at: UnixTime, means: Means) -> Self {
        Self { at, method: Methods::OTP, means }
    }
}

/// What came of a code.
pub(in crate::accounts) enum Tried {
    Right(SecondProof),
    /// It was used before, perhaps a moment ago. No guess.
    Used,
    Wrong,
    /// Not even looked at: there were too many wrong ones today. Recovery codes are still taken.
    TooMany,
}

/// Tries a code as the user's second factor, and uses it up if it is right. `from_known_browser`: whether the account has signed in there
/// under these factors.
pub(in crate::accounts) fn try_code(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    user: &User,
    code: &FactorCode,
    from_known_browser: bool,
    visitor: &Visitor,
) -> Result<Tried, Error> {
    match code {
        FactorCode::Totp(digits) => {
            if attempts::wrong_codes(tx.conn, user.id, tx.now.plus(-DAY), from_known_browser)? >= MOST_WRONG_A_DAY {
                return Ok(Tried::TooMany);
            }
            try_totp(tx, accounts, user.id, digits, visitor)
        }
        FactorCode::Recovery(code) => {
            let hash = accounts.keyed_ids.recovery_code(user.id, code);
            Ok(match recovery_codes::spend(tx.conn, user.id, &hash, tx.now)? {
                Use::Done => {
                    let event = Event::new(What::RecoveryCodeUsed, &By::User(user.id)).user(user.id).ip(&visitor.ip);
                    event.record(tx)?;
                    let (name, ip) = (user.username.clone(), visitor.ip.clone());
                    tx.after_commit(move || tracing::info!(event = "recovery_code_used", user = %name, ip));
                    Tried::Right(SecondProof::by_code(tx.now, Means::RecoveryCode))
                }
                Use::Again => Tried::Used,
                Use::NoSuchCode => Tried::Wrong,
            })
        }
    }
}

fn try_totp(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    user: UserId,
    digits: &str,
    visitor: &Visitor,
) -> Result<Tried, Error> {
    let mut tried = Tried::Wrong;
    for factor in factors::of_user(tx.conn, user)? {
        if factor.kind != FactorKind::Totp || factor.active_since.is_none() {
            continue;
        }
        match totp::check(&secret(accounts, &factor)?, digits, factor.last_step, tx.now) {
            Check::Right(step) => {
                let used = LastUse { at: tx.now, ip: visitor.ip.clone(), user_agent: visitor.user_agent.clone() };
                let is_first = factors::note_used(tx.conn, factor.id, step, &used)?;
                let proof = SecondProof::by_code(tx.now, Means::Totp);
                return Ok(if is_first { Tried::Right(proof) } else { Tried::Used });
            }
            Check::Used => tried = Tried::Used,
            Check::Wrong => {}
        }
    }
    Ok(tried)
}

/// The step of which this is the factor's code; `None`: it is of none. For one that does not count yet, to confirm it.
pub(in crate::accounts) fn confirms(
    accounts: &Accounts,
    factor: &Factor,
    digits: &str,
    now: UnixTime,
) -> Result<Option<i64>, Error> {
    Ok(match totp::check(&secret(accounts, factor)?, digits, factor.last_step, now) {
        Check::Right(step) => Some(step),
        Check::Used | Check::Wrong => None,
    })
}

/// Seals a new secret for the database.
pub(in crate::accounts) fn seal(
    accounts: &Accounts,
    user: UserId,
    secret: &[u8; SECRET_BYTES],
) -> Result<Vec<u8>, Error> {
    accounts.factor_key.seal(secret, &place(user)).map_err(|_| Error::Random)
}

/// The secret of an authenticator app.
pub(in crate::accounts) fn secret(accounts: &Accounts, factor: &Factor) -> Result<[u8; SECRET_BYTES], Error> {
    let opened = accounts.factor_key.open(&factor.secret, &place(factor.user));
    opened.and_then(|secret| secret.try_into().ok()).ok_or(Error::BrokenFactor)
}

/// Where a sealed secret belongs: in another user's row it does not open.
fn place(user: UserId) -> String {
    format!("totp {user}")
}
