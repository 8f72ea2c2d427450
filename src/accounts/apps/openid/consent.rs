//! Takes back what somebody has agreed to: the app is refused with all that it was given for them, in every session.

use std::sync::Arc;

use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Pending};
use crate::domain::AppId;
use crate::store::{apps, consents, grants};

/// `false`: they had not agreed to anything.
pub fn withdraw(accounts: &Arc<Accounts>, mandate: Mandate, app: AppId) -> Pending<bool> {
    accounts.write(mandate, move |tx, _, acting| {
        let user = acting.user;
        if !consents::remove(tx.conn, user.id, app)? {
            return Ok(false);
        }
        let ended = grants::end_of_user(tx.conn, user.id, app, tx.now)?;
        let name = apps::find(tx.conn, app)?.map(|app| app.name.to_string());
        tx.after_commit(
            move || tracing::info!(event = "consent_withdrawn", app = name, user = %user.username, grants = ended),
        );
        Ok(true)
    })
}
