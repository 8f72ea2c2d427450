//! Ending sessions, one or many, in one transaction and enforced in memory before anybody is told.

use std::sync::Arc;

use uuid::Uuid;

use super::status::have_ended;
use crate::accounts::authority::{Administrator, Mandate};
use crate::accounts::context::{Accounts, Error, Pending};
use crate::accounts::mails::post::post_ended;
use crate::domain::{By, Reason, SessionId, UserId};
use crate::store::audit::event::{Details, Event, What};
use crate::store::hourly_counts::Counted;
use crate::store::session_ends::{self, JustEnded, Which};
use crate::store::sessions::{self, End};
use crate::store::{Tx, receipt_commits, trusted_browsers, users};

/// What one act ended of what was still open. The receipt names the act: the page that proves it is found by that.
#[derive(Clone, Debug)]
pub struct Ended {
    pub receipt: String,
    pub sessions: Vec<JustEnded>,
}

impl Ended {
    /// The receipt, if there is anything that it proves: an act that ended nothing left none.
    pub(in crate::accounts) fn proof(self) -> Option<String> {
        (!self.sessions.is_empty()).then_some(self.receipt)
    }
}

/// Ends sessions inside a transaction.
pub(in crate::accounts) fn end(tx: &mut Tx<'_>, which: Which, reason: Reason, by: &By) -> Result<Ended, Error> {
    let receipt = Uuid::new_v4().to_string();
    let now = tx.now;
    if ends_trust(which, reason) {
        trusted_browsers::remove_with(tx.conn, which, now)?;
    }
    let marked = session_ends::end(tx.conn, which, End { at: now, reason, by: by.user() }, &receipt)?;
    let (ended, run_out): (Vec<_>, Vec<_>) = marked.into_iter().partition(|one| one.until > now);
    // What had run out is refused from now on as well, whatever the clock will say; but nobody counts it as ended.
    have_ended(tx, run_out.iter().map(|one| (one.sid, one.until)).collect())?;
    if !ended.is_empty() {
        receipt_commits::add(tx, &receipt)?;
        record(tx, &ended, &receipt, reason, by)?;
    }
    Ok(Ended { receipt, sessions: ended })
}

/// Whether the browsers in which the sessions began are no longer trusted to stand in for the second factor. Whoever ends a session from
/// elsewhere wants nothing from that browser any more; whoever leaves it, or signs in again there, comes back.
fn ends_trust(which: Which, reason: Reason) -> bool {
    match which {
        Which::OfUser { .. } | Which::Since { .. } => true,
        Which::One(_) => !matches!(
            reason,
            Reason::Logout
                | Reason::LogoutAtApp
                | Reason::Replaced
                | Reason::Limit
                | Reason::PasswordChange
                | Reason::RevokedByApp
        ),
    }
}

/// One event for the act. The sessions themselves say by its receipt that they belong to it.
fn record(tx: &mut Tx<'_>, ended: &[JustEnded], receipt: &str, reason: Reason, by: &By) -> Result<(), Error> {
    let alone: Option<SessionId> = match ended {
        [one] => Some(one.sid),
        _ => None,
    };
    let first: Option<UserId> = ended.first().map(|one| one.user);
    let user = first.filter(|user| ended.iter().all(|one| one.user == *user));
    let what = if reason == Reason::Reuse { What::RefreshReused } else { What::SessionEnded };
    let details = Details::Ended { reason, sessions: ended.len(), receipt: receipt.to_owned() };
    let mut event = Event::new(what, by).details(details);
    if let Some(user) = user {
        event = event.user(user);
    }
    if let Some(sid) = alone {
        event = event.session(sid);
    }
    event.record(tx)?;
    tx.count(Counted::Ended(reason), ended.len());
    let name = match user {
        Some(user) => users::name_of(tx.conn, user)?,
        None => None,
    };
    have_ended(tx, ended.iter().map(|one| (one.sid, one.until)).collect())?;
    let sessions = ended.len();
    tx.after_commit(move || {
        tracing::info!(
            event = "session_ended",
            user = name,
            session = alone.map(SessionId::short),
            sessions,
            reason = reason.as_str()
        );
    });
    Ok(())
}

/// Which of their own sessions a person ends.
#[derive(Clone, Copy, Debug)]
pub enum Own {
    /// This one, if it is theirs.
    One(SessionId),
    /// All but the one that asks.
    Others,
    All,
}

/// Ends sessions of whoever asks.
pub fn end_own(accounts: &Arc<Accounts>, mandate: Mandate, which: Own, reason: Reason) -> Pending<Ended> {
    let own = mandate.claims().sid();
    accounts.write(mandate, move |tx, _, acting| {
        let user = acting.user.id;
        let which = match which {
            Own::One(sid) => match sessions::find(tx.conn, sid)?.filter(|session| session.user == user) {
                Some(_) => Which::One(sid),
                None => return Ok(Ended { receipt: String::new(), sessions: Vec::new() }),
            },
            Own::Others => Which::OfUser { user, except: own },
            Own::All => Which::OfUser { user, except: None },
        };
        end(tx, which, reason, &acting.by())
    })
}

/// Ends anybody's sessions.
pub fn end_anybodys(accounts: &Arc<Accounts>, by: impl Into<Administrator>, which: Which) -> Pending<Ended> {
    accounts.write(by.into(), move |tx, accounts, actor| {
        let ended = end(tx, which, Reason::EndedByAdmin, &actor.by)?;
        post_ended(tx, accounts, &actor.by, &ended.sessions, &ended.receipt)?;
        if !ended.sessions.is_empty() {
            let ((by, ip), sessions, receipt) = (actor.for_log(), ended.sessions.len(), ended.receipt.clone());
            tx.after_commit(move || tracing::info!(event = "admin_ended_sessions", sessions, receipt, by, ip));
        }
        Ok(ended)
    })
}
