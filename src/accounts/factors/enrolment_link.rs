//! The link by which somebody sets up a second factor again, after theirs were taken away where policy asks for one. There the password
//! alone must not be enough: whoever has learned it would only have to wait for that moment. The link alone is not enough either.

use std::sync::Arc;

use crate::accounts::authority::Administrator;
use crate::accounts::context::{Accounts, Error, Pending};
use crate::accounts::people::links::{MadeLink, make};
use crate::accounts::proof::secrets;
use crate::domain::{UnixTime, UserId};
use crate::store::links::{self, Purpose};
use crate::store::sessions::Session;
use crate::store::users::{self, User};
use crate::store::{self, Conn, Tx};
use crate::tokens::Fault;

/// Whether this user needs such a link to set up a second factor.
pub fn is_needed(accounts: &Accounts, user: &User, now: UnixTime) -> bool {
    user.enrol_by_link && accounts.config.second_factor.asks(user.role, now)
}

/// Whether the user may set one up, with the link whose secret this is or without one. Spends nothing.
pub fn may_enrol(
    accounts: &Accounts,
    conn: &mut Conn,
    user: &User,
    token: Option<&str>,
    now: UnixTime,
) -> Result<bool, store::Error> {
    if !is_needed(accounts, user, now) {
        return Ok(true);
    }
    let Some(token) = token else { return Ok(false) };
    let link = links::find(conn, &secrets::hash(token), now)?;
    Ok(link.is_some_and(|link| link.purpose == Purpose::Enrolment && link.user == Some(user.id)))
}

/// Uses the link up, if one is needed, in the transaction in which a second factor comes to count: every kind of factor calls it there.
/// `false`: the user may not enrol. Fails with [`Fault::NotFresh`] if the present password was not given in this session: a link to a new
/// one does not count.
pub(in crate::accounts) fn spend(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    user: &User,
    session: &Session,
    token: Option<&str>,
) -> Result<bool, Error> {
    if is_needed(accounts, user, tx.now) {
        if session.proved_password != Some(user.password_version) {
            return Err(Fault::NotFresh { max_age: accounts.config.session.fresh_for }.into());
        }
        let Some(token) = token else { return Ok(false) };
        let is_theirs = may_enrol(accounts, tx.conn, user, Some(token), tx.now)?;
        if !is_theirs || !links::consume(tx.conn, &secrets::hash(token), tx.now)? {
            return Ok(false);
        }
    }
    if user.enrol_by_link {
        users::set_enrol_by_link(tx.conn, user.id, false)?;
    }
    Ok(true)
}

/// A link for somebody who needs one. Voids the earlier ones. `None`: there is no such user, they need none, or are disabled.
pub fn new_enrolment_link(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    user: UserId,
) -> Pending<Option<MadeLink>> {
    let token = match secrets::random() {
        Ok(token) => token,
        Err(error) => return Pending::known(Err(error)),
    };
    accounts.write(by.into(), move |tx, _, actor| {
        let found = users::find(tx.conn, user)?.filter(|user| user.enrol_by_link && !user.is_shut_out(tx.now));
        let Some(user) = found else { return Ok(None) };
        let purpose = Purpose::Enrolment;
        let link = make(tx, token, user.id, purpose, &actor.by)?;
        let (by, ip) = actor.for_log();
        tx.after_commit(move || {
            tracing::info!(event = "link_made", user = %user.username, purpose = purpose.as_str(), by, ip);
        });
        Ok(Some(link))
    })
}
