//! Proof by the link of the first run: whoever holds it becomes the first admin. It names nobody, because there is nobody yet.

use std::sync::Arc;

use super::{Method, Proven, Second, secrets};
use crate::accounts::context::{Accounts, Error};
use crate::domain::UnixTime;
use crate::store::links::{self, Link, Purpose};
use crate::store::users::{self, User};
use crate::store::{self, Authority, Conn, Tx, Upkeep};

/// Seconds.
const LIFE: i64 = 60 * 60;

/// Makes a new link, of which only the hash is stored; earlier ones are void. Returns its secret. `None`: there is a user already.
/// Blocks.
pub fn make(accounts: &Arc<Accounts>) -> Result<Option<String>, Error> {
    let token = secrets::random()?;
    let hash = secrets::hash(&token);
    let made = accounts.write(Upkeep, move |tx, _, _| {
        if users::any(tx.conn)? {
            return Ok(false);
        }
        let link = Link { purpose: Purpose::Setup, user: None, expires_at: tx.now.plus(LIFE) };
        links::replace(tx.conn, &hash, link, tx.now)?;
        Ok(true)
    });
    Ok(made.committed()?.then_some(token))
}

/// Whether the link could be used now. Spends nothing.
pub fn is_good(conn: &mut Conn, token: &str, now: UnixTime) -> Result<bool, store::Error> {
    fits(conn, &secrets::hash(token), now)
}

fn fits(conn: &mut Conn, hash: &str, now: UnixTime) -> Result<bool, store::Error> {
    let link = links::find(conn, hash, now)?;
    Ok(!users::any(conn)? && link.is_some_and(|link| link.purpose == Purpose::Setup))
}

/// The link as it was shown.
pub(in crate::accounts) struct SetupLink {
    hash: String,
}

impl SetupLink {
    pub(in crate::accounts) fn shown(token: &str) -> Self {
        Self { hash: secrets::hash(token) }
    }
}

/// The link was good and is spent, in this transaction.
pub(in crate::accounts) struct SpentLink(());

impl SpentLink {
    /// Whoever held the link is the user that this transaction has made.
    pub(in crate::accounts) fn proves(self, user: User, now: UnixTime) -> Proven {
        Proven { user, method: Method::Link, password_version: None, at: now, second: Second::Nothing }
    }
}

impl Authority<Error> for SetupLink {
    type Granted = SpentLink;

    fn judge(self, tx: &mut Tx<'_>) -> Result<SpentLink, Error> {
        if fits(tx.conn, &self.hash, tx.now)? && links::consume(tx.conn, &self.hash, tx.now)? {
            Ok(SpentLink(()))
        } else {
            Err(Error::ProofLapsed)
        }
    }
}
