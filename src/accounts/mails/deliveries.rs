//! What is noted of a mail that was tried, and when it is tried again. Who sends it is decided in `mailing.rs`.

use std::sync::Arc;

use crate::accounts::context::{Accounts, Pending};
use crate::accounts::tries::Backoff;
use crate::domain::UnixTime;
use crate::store::Upkeep;
use crate::store::outbox::{self, Due, Outcome, Tried};

/// The waits after a failed try.
const BACKOFF: Backoff = Backoff { first: 5, longest: 60 * 60 };

/// Notes what a claimed try came to, and returns it with when it is tried next. `None`: its claim has lapsed, and another process has it.
pub fn note(
    accounts: &Arc<Accounts>,
    due: &Due,
    claimed_until: UnixTime,
    outcome: Outcome,
    status: Option<u16>,
) -> Pending<Option<Tried>> {
    let (id, tries, expires_at) = (due.id, due.tries, due.expires_at);
    accounts.write(Upkeep, move |tx, _, _| {
        let next = tx.now.plus(BACKOFF.wait_after(tries));
        let next_try_at = (!outcome.is_final() && next < expires_at).then_some(next);
        let tried = Tried { outcome, status, at: tx.now, next_try_at };
        Ok(outbox::note(tx.conn, id, claimed_until, tried)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_between_tries_double_up_to_an_hour() {
        for (tries, least) in [(0, 5), (1, 10), (2, 20), (9, 2560), (10, 3600), (63, 3600), (i64::MAX, 3600)] {
            let wait = BACKOFF.wait_after(tries);
            assert!((least..=least + least / 4).contains(&wait), "{tries}: {wait}");
        }
    }
}
