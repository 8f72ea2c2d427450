//! Dates that have come.

use std::sync::Arc;

use crate::accounts::context::{Accounts, Error};
use crate::accounts::people::state::{StateChange, delete_left, disable_if_due, keep_last_admin};
use crate::store::{app_drills, users};

/// Disables those whose date has come. Returns how many. The last admin stays: nobody could let people in any more. Blocks.
pub fn disable_due(accounts: &Arc<Accounts>) -> Result<usize, Error> {
    let (mut count, now) = (0, accounts.now());
    for user in accounts.db.read(|conn| users::due_to_be_disabled(conn, now))? {
        match disable_if_due(accounts, user.username.clone()).committed()? {
            StateChange::Done { .. } => count += 1,
            StateChange::LastAdmin => {
                tracing::warn!(
                    event = "last_admin_stays",
                    user = %user.username,
                    "the date to disable the last admin was taken back"
                );
                keep_last_admin(accounts, user.username).committed()?;
            }
            StateChange::NoChange | StateChange::NoSuchUser => {}
        }
    }
    Ok(count)
}

/// Deletes the accounts of drills that were killed. Returns how many. Blocks.
pub fn delete_left_accounts(accounts: &Arc<Accounts>) -> Result<usize, Error> {
    let (mut count, now) = (0, accounts.now());
    for name in accounts.db.read(|conn| app_drills::left_accounts(conn, now))? {
        delete_left(accounts, name).committed()?;
        count += 1;
    }
    Ok(count)
}
