//! Dates that have come.

use std::sync::Arc;

use crate::accounts::context::{Accounts, Error};
use crate::accounts::people::state::{StateChange, disable_if_due, keep_last_admin};
use crate::store::users;

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
