//! Taking away the second factors of somebody who has lost them: by an admin or the operator.

use std::sync::Arc;

use crate::accounts::authority::Administrator;
use crate::accounts::context::{Accounts, Pending};
use crate::accounts::mails::letter::Letter;
use crate::accounts::mails::post::{Message, post};
use crate::accounts::people::links::{MadeLink, make};
use crate::accounts::proof::secrets;
use crate::accounts::sessions::end::end;
use crate::blocklist::change::Change;
use crate::domain::{FactorChange, Reason, Username};
use crate::store::audit::event::{Details, Event, What};
use crate::store::links::Purpose;
use crate::store::outbox::Kind;
use crate::store::session_ends::Which;
use crate::store::untold::{self, UntoldFactorChange};
use crate::store::{factors, links, recovery_codes, users};

#[derive(Debug)]
pub enum Reset {
    /// `receipt`: of the act, if it ended any session.
    Done {
        sessions_ended: usize,
        receipt: Option<String>,
        /// By which they set up another: where policy asks for one, the password alone is not enough for that.
        link: Option<MadeLink>,
    },
    /// They have none.
    NoFactors,
    NoSuchUser,
    /// Nobody takes their own away like this: whoever can do without removes them on their own page.
    Oneself,
}

/// Takes all factors and recovery codes away, ends every session, and voids the links.
pub fn reset_factors(accounts: &Arc<Accounts>, by: impl Into<Administrator>, username: Username) -> Pending<Reset> {
    let token = match secrets::random() {
        Ok(token) => token,
        Err(error) => return Pending::known(Err(error)),
    };
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
        // Not from where: that is the admin's business.
        let untold = UntoldFactorChange { what: FactorChange::Reset, at: tx.now, ip: String::new() };
        untold::note_factor_change(tx.conn, user.id, &untold)?;
        let event = Event::new(What::FactorsReset, &actor.by).user(user.id);
        event.details(Details::Factors(user.factors)).record(tx)?;
        let letter = Letter { ended: Some((ended.sessions.len(), ended.receipt.clone())), ..Letter::default() };
        post(tx, accounts, &user, Message { kind: Kind::FactorsReset, act: ended.receipt.clone(), letter })?;
        let link = match accounts.config.second_factor.asks(user.role, tx.now) {
            true => {
                users::set_enrol_by_link(tx.conn, user.id, true)?;
                Some(make(tx, token, user.id, Purpose::Enrolment, &actor.by)?)
            }
            false => None,
        };
        let user = users::find(tx.conn, user.id)?.unwrap_or(user);
        tx.change(Change::UserChanged(accounts.standing(&user)));
        let sessions_ended = ended.sessions.len();
        let (by, ip) = actor.for_log();
        tx.after_commit(move || {
            tracing::info!(event = "factors_reset", user = %user.username, sessions_ended, by, ip);
        });
        Ok(Reset::Done { sessions_ended, receipt: ended.proof(), link })
    })
}
