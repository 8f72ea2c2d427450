//! Ending everybody's sessions that began since a moment. A few are ended as any others are. Many are ended by one row, which puts the act
//! in force for all of them at once; memory learns which they are, and their own rows are marked, while everybody else goes on: a
//! million marked in one transaction would hold up every other act for minutes.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::end::end;
use super::status::have_ended;
use crate::accounts::authority::Administrator;
use crate::accounts::context::{Accounts, Error, Pending};
use crate::accounts::mails::post::post_ended;
use crate::blocklist::change::Change;
use crate::domain::{By, Reason, SessionId, UnixTime};
use crate::error_chain::chain;
use crate::store::audit::event::{Details, Event, What};
use crate::store::hourly_counts::Counted;
use crate::store::mass_ends::{self, MassEnd};
use crate::store::session_ends::{self, Which};
use crate::store::{self, Tx, Upkeep, receipt_commits, sessions, trusted_browsers, users};

/// The most sessions that one transaction ends or marks. 100 of a million took 80 ms on two cores that were busy with other things, 500
/// took 300 ms, for which everybody else waits.
const AT_ONCE: i64 = 100;
/// So many sessions memory learns of at a time.
const LEARNED_AT_ONCE: usize = 4096;
/// After a failure, how long until the next try.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// An act that is in force: every session that it ended is refused.
pub struct EndedSince {
    pub receipt: String,
    /// How many sessions of those that could still be used are marked as ended so far.
    pub marked: usize,
    /// Set if there are more: becomes ready when all are marked.
    pub rest: Option<oneshot::Receiver<()>>,
}

/// Who marks the sessions, where there are many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marking {
    /// This process, on a thread of its own: it is the server.
    Here,
    /// The server, if one runs beside this command: it finds the act when it takes up what the command has changed. If not, the
    /// command [itself](mark_all).
    Elsewhere,
}

/// Ends everybody's sessions that began at `since` or later, except one. With its commit all of them are refused.
pub fn end_since(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    since: UnixTime,
    except: Option<SessionId>,
    marking: Marking,
) -> Pending<EndedSince> {
    accounts.write(by.into(), move |tx, accounts, actor| {
        let which = Which::Since { moment: since, except };
        let (name, ip) = actor.for_log();
        if !are_many(tx, which)? {
            let ended = end(tx, which, Reason::EndedByAdmin, &actor.by)?;
            post_ended(tx, accounts, &actor.by, &ended.sessions, &ended.receipt)?;
            let marked = ended.sessions.len();
            if marked > 0 {
                let receipt = ended.receipt.clone();
                tx.after_commit(move || {
                    tracing::info!(event = "admin_ended_sessions", sessions = marked, receipt, by = name, ip);
                });
            }
            return Ok(EndedSince { receipt: ended.receipt, marked, rest: None });
        }
        // A session may have begun before the clock was set back. None that is open is left out.
        let at = session_ends::newest_open(tx.conn)?.map_or(tx.now, |newest| newest.max(tx.now));
        let receipt = Uuid::new_v4().to_string();
        let act = MassEnd { receipt: receipt.clone(), since, at, except, by: actor.by, ip: ip.clone(), ended: 0 };
        mass_ends::add(tx.conn, &act)?;
        receipt_commits::add(tx, &receipt)?;
        trusted_browsers::remove_everybodys(tx.conn, tx.now)?;
        tx.change(Change::MassEndBegan(receipt.clone()));
        let (all_are_marked, rest) = oneshot::channel();
        let accounts = Arc::clone(accounts);
        tx.after_commit(move || {
            tracing::info!(event = "admin_ends_sessions", since = since.0, receipt = act.receipt, by = name, ip);
            if marking == Marking::Here {
                start(&accounts, act, Some(all_are_marked));
            }
        });
        Ok(EndedSince { receipt, marked: 0, rest: Some(rest) })
    })
}

/// Whether everybody is told by mail whose session an act ends that ends so many of them. With more, a mail server would take the mails for
/// an attack, and none is written.
pub fn are_told(sessions: i64) -> bool {
    sessions <= AT_ONCE
}

fn are_many(tx: &mut Tx<'_>, which: Which) -> Result<bool, Error> {
    let some = session_ends::some(tx.conn, which, AT_ONCE + 1)?;
    Ok(i64::try_from(some.len()).is_ok_and(|count| count > AT_ONCE))
}

/// Goes on with every act in force that nobody in this process works at: a server that was stopped began it, or a command. To be called
/// when memory was loaded, and so knows which sessions they ended.
pub fn resume(accounts: &Arc<Accounts>, conn: &mut store::Conn) -> Result<(), store::Error> {
    for act in mass_ends::all(conn)? {
        start(accounts, act, None);
    }
    Ok(())
}

/// Learns which sessions an act has ended that another node or a command has put in force, and helps to mark them: whoever began may be
/// gone.
pub fn take_up(accounts: &Arc<Accounts>, receipt: String) {
    let weak = Arc::downgrade(accounts);
    let look = move || {
        let mut found = None;
        until_done(&weak, &receipt, |accounts| {
            found = accounts.db.read(|conn| mass_ends::find(conn, &receipt))?;
            Ok(true)
        });
        if let (Some(act), Some(accounts)) = (found, weak.upgrade()) {
            let (begun, _nobody_waits) = oneshot::channel();
            start(&accounts, act, Some(begun));
        }
    };
    if let Err(error) = std::thread::Builder::new().name("mass-end".into()).spawn(look) {
        tracing::warn!(event = "sessions_not_marked", error = %chain(&error), "they are refused; whoever ended them marks them");
    }
}

/// Marks the act's sessions on a thread of its own. `begun`: the act began just now, so memory has to learn first which they are; dropped
/// when all are marked.
fn start(accounts: &Arc<Accounts>, act: MassEnd, begun: Option<oneshot::Sender<()>>) {
    if !accounts.being_marked.insert(&act.receipt) {
        return;
    }
    let (weak, receipt) = (Arc::downgrade(accounts), act.receipt.clone());
    let started = std::thread::Builder::new().name("mass-end".into()).spawn(move || {
        if begun.is_some() {
            learn(&weak, &act);
        }
        mark(&weak, &act.receipt);
        if let Some(accounts) = weak.upgrade() {
            accounts.being_marked.remove(&act.receipt);
        }
        drop(begun);
    });
    if let Err(error) = started {
        accounts.being_marked.remove(&receipt);
        let error = chain(&error);
        tracing::warn!(event = "sessions_not_marked", receipt, error, "they are refused; the next start marks them");
    }
}

/// Tells memory which sessions the act has ended. In no job of the writer's: they have ended, whatever is committed meanwhile.
fn learn(accounts: &Weak<Accounts>, act: &MassEnd) {
    until_done(accounts, &act.receipt, |accounts| {
        let mut some = Vec::with_capacity(LEARNED_AT_ONCE);
        accounts.db.read(|conn| {
            act.each_unmarked(conn, |sid, until| {
                some.push((sid, until));
                if some.len() == LEARNED_AT_ONCE {
                    accounts.blocklist.end_sessions(some.drain(..));
                }
            })
        })?;
        accounts.blocklist.end_sessions(some.drain(..));
        let mut places = Vec::new();
        accounts.db.read(|conn| act.each_unmarked_place(conn, |place| places.push(place)))?;
        accounts.blocklist.end_statuses(&places);
        accounts.blocklist.apply(Change::MassEndLearned(act.receipt.clone()));
        Ok(true)
    });
}

/// Marks the rows of the act's sessions, and closes the act.
fn mark(accounts: &Weak<Accounts>, receipt: &str) {
    until_done(accounts, receipt, |accounts| mark_some(accounts, receipt.to_owned()).committed());
}

/// Marks all sessions of the act with this receipt. Blocks. For a command beside which no server runs.
pub fn mark_all(accounts: &Arc<Accounts>, receipt: &str) -> Result<(), Error> {
    while !mark_some(accounts, receipt.to_owned()).committed()? {}
    Ok(())
}

/// Repeats what a failing database may hinder until it says that it is done, or the process ends.
fn until_done(accounts: &Weak<Accounts>, receipt: &str, mut step: impl FnMut(&Arc<Accounts>) -> Result<bool, Error>) {
    let mut has_failed = false;
    while let Some(accounts) = accounts.upgrade() {
        match step(&accounts) {
            Ok(true) => return,
            Ok(false) => has_failed = false,
            Err(error) => {
                if !std::mem::replace(&mut has_failed, true) {
                    let error = chain(&error);
                    tracing::warn!(
                        event = "sessions_not_marked",
                        receipt,
                        error,
                        "they are refused; it is tried again"
                    );
                }
                drop(accounts);
                std::thread::sleep(TRY_AGAIN_AFTER);
            }
        }
    }
}

/// Marks a few of the act's sessions. `true`: all are marked, and the act is closed.
pub fn mark_some(accounts: &Arc<Accounts>, receipt: String) -> Pending<bool> {
    accounts.write(Upkeep, move |tx, _, _| {
        let Some(act) = mass_ends::find(tx.conn, &receipt)? else { return Ok(true) };
        let some = act.some_unmarked(tx.conn, AT_ONCE)?;
        if some.is_empty() {
            close(tx, act)?;
            return Ok(true);
        }
        let marked = session_ends::end_some(tx.conn, &some, act.end(), &receipt)?;
        // What had run out is refused as well, but nobody counts it as ended.
        let in_use = marked.iter().filter(|one| one.until > act.at).count();
        mass_ends::count_up(tx.conn, &receipt, in_use)?;
        tx.count(Counted::Ended(Reason::EndedByAdmin), in_use);
        have_ended(tx, marked.iter().map(|one| (one.sid, one.until)).collect())?;
        Ok(false)
    })
}

/// Records the act, now that it is known how many sessions it ended.
fn close(tx: &mut Tx<'_>, act: MassEnd) -> Result<(), Error> {
    mass_ends::remove(tx.conn, &act.receipt)?;
    tx.change(Change::MassEndLearned(act.receipt.clone()));
    let sessions = usize::try_from(act.ended).unwrap_or(0);
    if sessions == 0 {
        return Ok(());
    }
    let by = match &act.by {
        By::User(user) => users::name_of(tx.conn, *user)?,
        By::Operator(name) => Some(format!("operator {name}")),
        By::App(_) | By::Portero => None,
    };
    tx.from = act.ip.clone();
    let details = Details::Ended { reason: Reason::EndedByAdmin, sessions, receipt: act.receipt.clone() };
    Event::new(What::SessionEnded, &act.by).details(details).record(tx)?;
    tx.after_commit(move || {
        let (reason, receipt, ip) = (Reason::EndedByAdmin.as_str(), act.receipt, act.ip);
        tracing::info!(event = "session_ended", sessions, reason);
        tracing::info!(event = "admin_ended_sessions", sessions, receipt, by, ip);
    });
    Ok(())
}

/// Whether the session goes on, for as long as memory can't tell because it is learning. `None`: a token without a session.
pub(in crate::accounts) async fn is_open(accounts: &Arc<Accounts>, sid: Option<SessionId>) -> Result<bool, Error> {
    let Some(sid) = sid else { return Ok(true) };
    let accounts = Arc::clone(accounts);
    let look = move || accounts.db.read(|conn| sessions::find(conn, sid));
    let found = tokio::task::spawn_blocking(look).await.map_err(|_| store::Error::Panicked)??;
    Ok(found.is_some_and(|session| session.end.is_none()))
}
