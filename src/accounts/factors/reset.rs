//! Taking away the second factors of somebody who has lost them: by an admin or the operator.

use std::sync::Arc;

use crate::accounts::authority::Administrator;
use crate::accounts::context::{Accounts, Pending};
use crate::accounts::sessions::end::end;
use crate::blocklist::change::Change;
use crate::domain::{Reason, Username};
use crate::store::audit::event::{Details, Event, What};
use crate::store::session_ends::Which;
use crate::store::{factors, links, recovery_codes, users};

#[derive(Debug, PartialEq, Eq)]
pub enum Reset {
    /// `receipt`: of the act, if it ended any session.
    Done {
        sessions_ended: usize,
        receipt: Option<String>,
    },
    /// They have none.
    NoFactors,
    NoSuchUser,
    /// Nobody takes their own away like this: whoever can do without removes them on their own page.
    Oneself,
}

/// Takes all factors and recovery codes away, ends every session, and voids the links.
pub fn reset_factors(accounts: &Arc<Accounts>, by: impl Into<Administrator>, username: Username) -> Pending<Reset> {
    accounts.write(by.into(), move |tx, accounts, actor| {
        let Some(user) = users::find_by_name(tx.conn, &username)? else { return Ok(Reset::NoSuchUser) };
        if actor.by.user() == Some(user.id) {
            return Ok(Reset::Oneself);
        }
        if user.factors == 0 {
            return Ok(Reset::NoFactors);
        }
        factors::remove_all(tx.conn, user.id)?;
        recovery_codes::remove_all(tx.conn, user.id)?;
        let every = Which::OfUser { user: user.id, except: None };
        let ended = end(tx, every, Reason::FactorsReset, &actor.by)?;
        links::void(tx.conn, Some(user.id))?;
        let event = Event::new(What::FactorsReset, &actor.by).user(user.id);
        event.details(Details::Factors(user.factors)).record(tx)?;
        let user = users::find(tx.conn, user.id)?.unwrap_or(user);
        tx.change(Change::UserChanged(accounts.standing(&user)));
        let sessions_ended = ended.sessions.len();
        let (by, ip) = actor.for_log();
        tx.after_commit(move || {
            tracing::info!(event = "factors_reset", user = %user.username, sessions_ended, by, ip);
        });
        Ok(Reset::Done { sessions_ended, receipt: ended.proof() })
    })
}
