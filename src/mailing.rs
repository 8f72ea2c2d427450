//! Sends the mails that wait in the outbox, one after the other, on a thread of its own. What is due stands in the database, so a stop
//! loses nothing; and nobody waits for it.

use std::io;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::accounts::bell::Bell;
use crate::accounts::mails::deliveries;
use crate::accounts::mails::letter::Letter;
use crate::accounts::{self, Accounts, tries};
use crate::error_chain::chain;
use crate::mail::{Fault, Mailer};
use crate::store::outbox::{self, Due, Outcome, Tried};

/// How many mails are looked up together.
const AT_ONCE: i64 = 20;
/// How long it takes at most until it is seen that something is due: where something waits, and where nothing does.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const LOOK_WITHOUT_RING: Duration = Duration::from_secs(10);
/// The longest time that the server is left alone after it failed, however often it did. Then one of the mails that wait is tried.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Starts the thread. It ends with the last user of `accounts`.
pub(crate) fn start(accounts: &Arc<Accounts>, mailer: Mailer) -> io::Result<()> {
    let mailing = Mailing { accounts: Arc::downgrade(accounts), bell: Arc::clone(&accounts.mails_to_send), mailer };
    std::thread::Builder::new().name("send-mail".into()).spawn(move || mailing.run()).map(drop)
}

struct Mailing {
    accounts: Weak<Accounts>,
    bell: Arc<Bell>,
    mailer: Mailer,
}

impl Mailing {
    fn run(self) {
        if let Err(error) = tries::release_all(&self.accounts, outbox::release_all) {
            // Then they are tried when their claims lapse.
            not_noted(&error);
        }
        let (mut failures, mut has_failed) = (0, false);
        loop {
            let Some(accounts) = self.accounts.upgrade() else { return };
            let looked = look(&accounts);
            drop(accounts);
            let went = match looked {
                Ok(Look::Due(due)) => due.iter().map(|one| self.try_once(one)).find(|went| *went != Went::On),
                Ok(Look::Waits) => Some(Went::Pause),
                Ok(Look::Nothing) => {
                    self.bell.wait(LOOK_WITHOUT_RING);
                    continue;
                }
                Err(error) => {
                    // Once, and not each second.
                    if !has_failed {
                        not_noted(&error);
                    }
                    has_failed = true;
                    Some(Went::Pause)
                }
            };
            match went {
                // There may be more.
                None | Some(Went::On) => failures = 0,
                Some(Went::Pause) => self.bell.wait(LOOK_AGAIN),
                Some(Went::ServerFailed) => {
                    // Whatever the bell says: the next mail would fare no better.
                    std::thread::sleep((LOOK_AGAIN * (1 << failures.min(6))).min(LONGEST_PAUSE));
                    failures += 1;
                }
            }
        }
    }

    fn try_once(&self, due: &Due) -> Went {
        let Some(accounts) = self.accounts.upgrade() else { return Went::Pause };
        let claimed_until = match tries::claim(&accounts, due.id, outbox::claim).committed() {
            Ok(Some(until)) => until,
            // Another process has it.
            Ok(None) => return Went::Pause,
            Err(error) => return not_noted(&error),
        };
        let is_of_use = accounts.now() < due.expires_at;
        let letter = Letter::open(&accounts, &due.sealed, &due.uid);
        // Not held while the server is called: the process may want to end.
        drop(accounts);
        let begun = Instant::now();
        let sent = match &letter {
            Some(letter) if is_of_use => Some(self.mailer.send(due.kind, letter, &due.uid)),
            Some(_) => None,
            None => Some(Err(Fault::Unsendable("it was sealed by another installation".into()))),
        };
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Some(accounts) = self.accounts.upgrade() else { return Went::Pause };
        let outcome = outcome(sent.as_ref());
        let fault = sent.and_then(Result::err);
        let status = fault.as_ref().and_then(Fault::status);
        let user = letter.map(|letter| letter.username);
        match deliveries::note(&accounts, due, claimed_until, outcome, status).committed() {
            Ok(Some(tried)) => log(due, user, tried, took_ms, fault),
            // Whoever has it now tells of it.
            Ok(None) => {}
            Err(error) => return not_noted(&error),
        }
        match outcome {
            Outcome::NotReached | Outcome::NotSecure | Outcome::NotLetIn | Outcome::NoAnswer => Went::ServerFailed,
            Outcome::Sent | Outcome::Deferred | Outcome::Refused | Outcome::Unsendable | Outcome::Expired => Went::On,
        }
    }
}

/// How a try went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Went {
    On,
    /// Nothing was tried, or what came of it could not be noted.
    Pause,
    /// The same would become of any other mail.
    ServerFailed,
}

enum Look {
    Due(Vec<Due>),
    /// Something is due soon, or under way elsewhere.
    Waits,
    Nothing,
}

fn look(accounts: &Arc<Accounts>) -> Result<Look, accounts::Error> {
    let now = accounts.now();
    let Some(next) = accounts.db.read(|conn| outbox::next_at(conn, now))? else { return Ok(Look::Nothing) };
    // One node is enough.
    if next > now || !accounts.db.does_upkeep() {
        return Ok(Look::Waits);
    }
    let due = accounts.db.read(|conn| outbox::due(conn, now, AT_ONCE))?;
    Ok(if due.is_empty() { Look::Waits } else { Look::Due(due) })
}

/// `None`: it was not tried, for it is of no use any more.
fn outcome(sent: Option<&Result<(), Fault>>) -> Outcome {
    match sent {
        None => Outcome::Expired,
        Some(Ok(())) => Outcome::Sent,
        Some(Err(fault)) => match fault {
            Fault::NotReached(_) => Outcome::NotReached,
            Fault::NotSecure(_) => Outcome::NotSecure,
            Fault::NotLetIn(_) => Outcome::NotLetIn,
            Fault::Deferred(_) => Outcome::Deferred,
            Fault::Refused(_) => Outcome::Refused,
            Fault::NoAnswer(_) => Outcome::NoAnswer,
            Fault::Unsendable(_) => Outcome::Unsendable,
        },
    }
}

/// What was sent may be sent again: a mail that comes twice has the same Message-ID.
fn not_noted(error: &accounts::Error) -> Went {
    tracing::warn!(event = "mails_not_looked_up", error = %chain(error), "it is tried again");
    Went::Pause
}

fn log(due: &Due, user: Option<String>, tried: Tried, took_ms: u64, fault: Option<Fault>) {
    let (kind, mail, tries) = (due.kind.as_str(), due.uid.as_str(), due.tries + 1);
    if tried.outcome == Outcome::Sent {
        tracing::info!(event = "mail_sent", user, kind, mail, tries, took_ms);
        return;
    }
    let (outcome, status, error) = (tried.outcome.as_str(), tried.status, fault.map(|fault| fault.to_string()));
    match tried.next_try_at {
        Some(next) => {
            let next_in = next.since(tried.at);
            tracing::warn!(event = "mail_not_sent", user, kind, mail, outcome, status, error, tries, next_in);
        }
        None => tracing::warn!(event = "mail_given_up", user, kind, mail, outcome, status, error, tries),
    }
}
