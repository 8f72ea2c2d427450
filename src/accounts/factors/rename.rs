//! Calling a second factor of one's own by another name.

use std::sync::Arc;

use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Pending};
use crate::domain::{By, FactorId, FactorName};
use crate::store::audit::event::{Details, Event, What};
use crate::store::factors;

/// `false`: there is no such factor.
pub fn rename_factor(accounts: &Arc<Accounts>, mandate: Mandate, id: FactorId, name: FactorName) -> Pending<bool> {
    accounts.write(mandate, move |tx, _, acting| {
        let user = acting.user;
        let found = factors::find(tx.conn, user.id, id)?;
        let Some(factor) = found.filter(|factor| factor.active_since.is_some()) else { return Ok(false) };
        if factor.name == name.as_str() {
            return Ok(true);
        }
        factors::rename(tx.conn, id, name.as_str())?;
        let kind = factor.kind;
        let event = Event::new(What::FactorRenamed, &By::User(user.id)).user(user.id);
        event.details(Details::Factor { kind, name: name.as_str().to_owned() }).record(tx)?;
        tx.after_commit(move || {
            tracing::info!(event = "factor_renamed", user = %user.username, kind = kind.as_str());
        });
        Ok(true)
    })
}
