//! Removing a second factor of one's own.

use std::sync::Arc;

use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Pending};
use crate::accounts::mails::letter::Letter;
use crate::accounts::mails::post::{Message, post};
use crate::blocklist::change::Change;
use crate::domain::{By, FactorChange, FactorId};
use crate::store::audit::event::{Details, Event, What};
use crate::store::outbox::Kind;
use crate::store::untold::{self, UntoldFactorChange};
use crate::store::{factors, recovery_codes, users};
use crate::tokens::Fault;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    Done,
    NoSuchFactor,
    /// It is the last one, and the rules of this server ask for one.
    Needed,
}

/// With the last factor the recovery codes go, too.
pub fn remove_factor(accounts: &Arc<Accounts>, mandate: Mandate, id: FactorId) -> Pending<Removed> {
    accounts.write(mandate, move |tx, accounts, acting| {
        let user = acting.user;
        let Some(factor) = factors::find(tx.conn, user.id, id)? else { return Ok(Removed::NoSuchFactor) };
        let is_last = factor.active_since.is_some() && user.factors <= 1;
        if is_last && accounts.config.second_factor.asks(user.role, tx.now) {
            return Ok(Removed::Needed);
        }
        if !factors::remove(tx.conn, &factor)? {
            return Ok(Removed::NoSuchFactor);
        }
        if is_last {
            recovery_codes::remove_all(tx.conn, user.id)?;
        }
        if factor.active_since.is_none() {
            return Ok(Removed::Done);
        }
        let ip = tx.from.clone().unwrap_or_default();
        let untold = UntoldFactorChange { what: FactorChange::Removed, at: tx.now, ip: ip.clone() };
        untold::note_factor_change(tx.conn, user.id, &untold)?;
        let (by, kind) = (By::User(user.id), factor.kind);
        let told = (kind.as_str().to_owned(), factor.name.clone());
        let letter = Letter { ip: Some(ip), factor: Some(told), ..Letter::default() };
        post(tx, accounts, &user, Message { kind: Kind::FactorRemoved, act: id.to_string(), letter })?;
        let event = Event::new(What::FactorRemoved, &by).user(user.id);
        event.details(Details::Factor { kind, name: factor.name }).record(tx)?;
        let user = users::find(tx.conn, user.id)?.ok_or(Fault::Revoked)?;
        tx.change(Change::UserChanged(accounts.standing(&user)));
        tx.after_commit(move || {
            tracing::info!(event = "factor_removed", user = %user.username, kind = kind.as_str());
        });
        Ok(Removed::Done)
    })
}
