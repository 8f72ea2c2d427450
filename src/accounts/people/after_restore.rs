//! What has to be so after a backup was restored: nothing that was ended, revoked or used since it was made lives again.

use std::sync::Arc;

use crate::accounts::authority::Operator;
use crate::accounts::context::{Accounts, Pending};
use crate::accounts::sessions::end::end;
use crate::domain::{Reason, UnixTime};
use crate::store::audit::event::{Details, Event, What};
use crate::store::session_ends::Which;
use crate::store::{instance, links, logout_deliveries, outbox, skip_ids, users};

/// What a backup was restored for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoredAs {
    /// It takes the place of what was lost, and apps are told that their sessions have ended.
    Installation,
    /// It stands beside the installation to try the backup out, and tells nobody: people are still signed in there.
    Copy,
}

/// Ends every session, refuses every token issued up to now, and voids every link. Returns how many sessions ended. `made_at`: when the
/// backup was made; `None`: nobody knows.
pub fn after_restore(
    accounts: &Arc<Accounts>,
    operator: Operator,
    restored: RestoredAs,
    made_at: Option<UnixTime>,
) -> Pending<usize> {
    accounts.write(operator, move |tx, _, by| {
        let every = Which::Since { moment: UnixTime(i64::MIN), except: None };
        let ended = end(tx, every, Reason::EndedByAdmin, &by)?.sessions.len();
        users::move_cut_offs(tx.conn, tx.now)?;
        links::void_all(tx.conn)?;
        outbox::give_up_all(tx.conn)?;
        if restored == RestoredAs::Copy {
            logout_deliveries::drop_waiting(tx.conn)?;
        }
        skip_ids(tx.conn)?;
        instance::set(tx.conn, instance::RESTORED, &tx.now.0.to_string())?;
        let mut details = Details::None;
        if let Some(made_at) = made_at {
            instance::set(tx.conn, instance::LAST_BACKUP, &made_at.0.to_string())?;
            details = Details::Backup(made_at);
        }
        Event::new(What::Restored, &by).details(details).record(tx)?;
        Ok(ended)
    })
}
