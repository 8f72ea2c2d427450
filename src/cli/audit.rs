//! `portero audit`: what was recorded, and whether the record is as it was made.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::existing_user::existing;
use super::export::{To, export};
use super::moment_input::read_moment;
use super::output::{Failure, moment, warn};
use crate::accounts::export::selection::Selection;
use crate::accounts::{Accounts, json};
use crate::clock::Clock;
use crate::config::Loaded;
use crate::domain::{BareDate, SessionId, UserId};
use crate::installation::Installation;
use crate::store::audit::chain;
use crate::store::audit::event::What;
use crate::store::audit::head::Head;
use crate::store::audit::list::{self, AuditEvent, AuditFilter};
use crate::store::audit::seal::Seal;
use crate::store::audit::verify::{Finding, verify};

/// How many findings are printed.
const MOST_TOLD: usize = 100;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List what was recorded, newest first
    List {
        #[command(flatten)]
        filter: Filter,
        /// Maximum rows
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        limit: u32,
        /// As JSON, one object a line
        #[arg(long)]
        json: bool,
    },
    /// Write what was recorded, newest first, as CSV or JSON Lines; this is recorded itself
    Export {
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        to: To,
    },
    /// Look whether any record was changed, removed or cut off; exit code 1 if so
    Verify {
        /// Begin with this event instead of the first one
        #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..))]
        from: i64,
        /// A newest event that was noted elsewhere, as this command prints it: the log has to have it
        #[arg(long, value_name = "NUMBER:MAC")]
        past: Option<String>,
    },
}

#[derive(Args)]
pub(super) struct Filter {
    /// Only what happened to this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only what this user did
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Only events of this kind, such as signed_in
    #[arg(long, value_name = "KIND", value_parser = kind)]
    what: Option<What>,
    /// Only what came from this address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<std::net::IpAddr>,
    /// Only what happened in this session
    #[arg(long, value_name = "ID", value_parser = session)]
    session: Option<SessionId>,
    /// Only since then, such as 2026-11-25T10:00 (in the setting `time_zone`)
    #[arg(long, value_name = "MOMENT")]
    from: Option<String>,
    /// Only until then
    #[arg(long, value_name = "MOMENT")]
    until: Option<String>,
}

fn kind(text: &str) -> Result<What, String> {
    What::parse(text).ok_or_else(|| {
        let all: Vec<_> = What::ALL.iter().map(|one| one.as_str()).collect();
        format!("one of {}", all.join(", "))
    })
}

fn session(text: &str) -> Result<SessionId, String> {
    SessionId::parse(text).ok_or_else(|| "that is no session's id".into())
}

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let installation = Installation::open_existing(&Arc::new(loaded.config), Clock::default())?;
    let accounts = &installation.accounts;
    let seal = accounts.db.seal().ok_or("the audit log has no key")?;
    match command {
        Command::List { filter, limit, json } => list(accounts, seal, &read(accounts, &filter)?, limit, json),
        Command::Export { filter, to } => export(accounts, Selection::Audit(read(accounts, &filter)?), to),
        Command::Verify { from, past } => verify_log(accounts, seal, from, past.as_deref()),
    }
}

fn read(accounts: &Accounts, filter: &Filter) -> Result<AuditFilter, Failure> {
    let user = |name: &Option<String>| name.as_deref().map(|name| existing(accounts, name)).transpose();
    let moment = |text: &Option<String>, bare: BareDate| {
        text.as_deref().map(|text| read_moment(&accounts.config, text, bare)).transpose()
    };
    Ok(AuditFilter {
        user: user(&filter.user)?.map(|user| user.id),
        by: user(&filter.by)?.map(|user| user.id),
        what: filter.what,
        ip: filter.ip.map(|ip| ip.to_canonical().to_string()),
        session: filter.session,
        from: moment(&filter.from, BareDate::Begins)?,
        until: moment(&filter.until, BareDate::Ends)?,
        ..AuditFilter::default()
    })
}

fn list(accounts: &Accounts, seal: &Seal, filter: &AuditFilter, limit: u32, as_json: bool) -> Result<(), Failure> {
    let (events, names) = accounts.db.read(|conn| {
        let mut events = Vec::new();
        list::each_match(conn, seal, filter, |event| {
            events.push(event);
            events.len() < limit as usize
        })?;
        let names = list::names(conn, &events)?;
        Ok::<_, crate::store::Error>((events, names))
    })?;
    for event in &events {
        if as_json {
            println!("{}", json::line(&json::audit_event(event, &names)));
        } else {
            println!("{}", line(event, &names));
        }
    }
    if events.is_empty() && !as_json {
        println!("No matching events.");
    }
    Ok(())
}

fn line(event: &AuditEvent, names: &HashMap<UserId, String>) -> String {
    let mut line = format!("{:>7}  {}  {:18}", event.n, moment(Some(event.at)), event.spelled);
    let name = |id: Option<UserId>| id.and_then(|id| names.get(&id));
    let mut say = |what: &str, text: &str| {
        // A String takes whatever is written to it.
        let _ = write!(line, "  {what}{text}");
    };
    if let Some(user) = name(event.user) {
        say("", user);
    }
    if let Some(by) = name(event.by).filter(|_| event.by != event.user) {
        say("by ", by);
    }
    if let Some(ip) = &event.ip {
        say("from ", ip);
    }
    if let Some(sid) = event.sid {
        say("session ", &sid.to_string());
    }
    if let Value::Object(members) = &event.details {
        for (name, value) in members {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            say(&format!("{name} "), &text);
        }
    }
    line
}

fn verify_log(accounts: &Accounts, seal: &Seal, from: i64, past: Option<&str>) -> Result<(), Failure> {
    let past = past.map(|text| Head::parse(text).ok_or("write NUMBER:MAC as this command printed it"));
    let past = past.transpose()?;
    let total = accounts.db.read(chain::head)?.map_or(0, |head| head.n).saturating_sub(from - 1);
    let shows_progress = std::io::stderr().is_terminal();
    let found = accounts.db.read(|conn| {
        verify(conn, seal, from, past.as_ref(), |events| {
            if shows_progress && events.is_multiple_of(50_000) {
                eprint!("\r{events} of {total} events");
            }
        })
    })?;
    if shows_progress && found.events >= 50_000 {
        eprintln!();
    }
    match found.span {
        None => println!("There is no event to look at."),
        Some((first, last)) => println!("Looked at {} events, from {first} to {last}.", found.events),
    }
    for finding in found.findings.iter().take(MOST_TOLD) {
        println!("{}", told(finding));
    }
    if found.findings.len() > MOST_TOLD {
        println!("And {} more.", found.findings.len() - MOST_TOLD);
    }
    if let Some(head) = accounts.db.read(chain::head)? {
        println!("Newest event: {head}");
    }
    if found.findings.is_empty() {
        println!("The audit log is whole.");
        Ok(())
    } else {
        Err("the audit log is not as it was recorded".into())
    }
}

fn told(finding: &Finding) -> String {
    match finding {
        Finding::FalseCheckpoint { n } => {
            format!("The log begins after event {n}, but Portero did not let the earlier ones go.")
        }
        Finding::Missing { first, last } if first == last => format!("Event {first} is missing."),
        Finding::Missing { first, last } => format!("Events {first} to {last} are missing."),
        Finding::Changed { n } => format!("Event {n} is not what was recorded."),
        Finding::AddressChanged { n } => format!("Event {n} has another address than was recorded."),
        Finding::NotTheNewest { n, newest } => {
            format!("The last event is {n}, but {newest} was recorded last.")
        }
        Finding::DidNotFit { n } => format!(
            "Event {n} says that Portero found the log cut off or exchanged, when it started or while it ran; \
             `portero audit list --what audit_did_not_fit` shows what it expected."
        ),
        Finding::NotNoted { n } => format!("Event {n} is not the one that was noted elsewhere."),
    }
}
