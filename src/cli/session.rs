//! `portero session`: lists open sessions and ends them, beside a running server too.

use std::sync::Arc;
use std::time::Duration;

use clap::Subcommand;
use url::Url;

use super::confirm::confirm;
use super::existing_user::existing;
use super::export::{To, export};
use super::moment_input::read_moment;
use super::operator::operator;
use super::output::{Failure, address, address_column, base_url, moment, sessions, warn};
use super::running_server::wait_for_server;
use crate::accounts::export::selection::Selection;
use crate::accounts::sessions::end::end_anybodys;
use crate::accounts::sessions::mass_end::{EndedSince, Marking, end_since, mark_all};
use crate::accounts::{Accounts, json};
use crate::clock::Clock;
use crate::config::Loaded;
use crate::domain::{BareDate, SessionId, Transport};
use crate::installation::Installation;
use crate::store::list_filter::ListFilter;
use crate::store::mass_ends;
use crate::store::receipt_commits::{self, OnNodes, Stands};
use crate::store::session_ends::{self, Which};
use crate::store::session_lists;
use crate::user_agent::describe;

/// How often a command looks how far the server is.
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[derive(Subcommand)]
pub(super) enum Command {
    /// List open sessions, newest first
    List {
        /// Only those of this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Maximum rows
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=100_000))]
        limit: i64,
        /// Print JSON, one object per line
        #[arg(long)]
        json: bool,
    },
    /// Write all open sessions, newest first, as CSV or JSON Lines; this is recorded in the audit log
    Export {
        /// Only those of this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        #[command(flatten)]
        to: To,
    },
    /// End one session, all of a user's, or all started since a certain time
    #[command(group = clap::ArgGroup::new("which").required(true))]
    End {
        /// The session's id
        #[arg(group = "which")]
        sid: Option<String>,
        /// All sessions of this user
        #[arg(long, value_name = "NAME", group = "which")]
        user: Option<String>,
        /// All sessions started since then, such as 2026-11-25T10:00 (in the setting `time_zone`)
        #[arg(long, value_name = "MOMENT", group = "which")]
        since: Option<String>,
        /// Don't ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let config = Arc::new(loaded.config);
    let installation = Installation::open_existing(&config, Clock::default())?;
    let base_url = base_url(&config)?;
    match command {
        Command::List { user, limit, json } => list(&installation, base_url.as_ref(), user.as_deref(), limit, json),
        Command::Export { user, to } => {
            let accounts = &installation.accounts;
            let user = user.map(|name| existing(accounts, &name)).transpose()?.map(|user| user.id);
            export(accounts, Selection::Sessions(ListFilter { user, ..ListFilter::default() }), to)
        }
        Command::End { sid, user, since, yes } => {
            let mut whose = String::new();
            let which = match (sid, user, since) {
                (Some(sid), _, _) => Which::One(SessionId::parse(&sid).ok_or("that is no session's id")?),
                (_, Some(name), _) => {
                    let user = existing(&installation.accounts, &name)?;
                    whose = format!(" of {}", user.username);
                    Which::OfUser { user: user.id, except: None }
                }
                (_, _, Some(text)) => {
                    let moment = read_moment(&config, &text, BareDate::Begins)?;
                    whose = format!(" started since {}", self::moment(Some(moment)));
                    Which::Since { moment, except: None }
                }
                (None, None, None) => return Err("say which: an id, --user or --since".into()),
            };
            if !yes {
                ask(&installation.accounts, which, &whose)?;
            }
            let (receipt, count) = end(&installation, which)?;
            match which {
                Which::One(_) if count == 0 => return Err("there is no such open session".into()),
                Which::OfUser { .. } | Which::Since { .. } if count == 0 => {
                    println!("No such session was open.");
                    return Ok(());
                }
                Which::One(_) | Which::OfUser { .. } | Which::Since { .. } => {}
            }
            wait_for_server(&installation)?;
            let page = address(base_url.as_ref(), &format!("/receipts/{receipt}"));
            let page = page.map(|page| format!("{page} with the id ")).unwrap_or_default();
            println!("{} ended. Receipt: {page}{receipt}", sessions(count));
            if let Some(found) = installation.accounts.db.read(|conn| receipt_commits::find(conn, &receipt))? {
                println!("{}", on_nodes(&found));
            }
            Ok(())
        }
    }
}

/// Returns the receipt, and how many sessions ended.
fn end(installation: &Installation, which: Which) -> Result<(String, usize), Failure> {
    let accounts = &installation.accounts;
    let Which::Since { moment, except } = which else {
        let ended = end_anybodys(accounts, operator(), which).committed()?;
        return Ok((ended.receipt, ended.sessions.len()));
    };
    let EndedSince { receipt, marked, rest } =
        end_since(accounts, operator(), moment, except, Marking::Elsewhere).committed()?;
    if rest.is_none() {
        return Ok((receipt, marked));
    }
    if installation.is_served()? {
        wait_for_server(installation)?;
        eprintln!("All of them are refused from now on. The server marks them as ended, which may take some minutes.");
    }
    while accounts.db.read(|conn| mass_ends::find(conn, &receipt))?.is_some() {
        // The server may have been stopped meanwhile.
        if installation.is_served()? {
            std::thread::sleep(LOOK_EVERY);
        } else {
            mark_all(accounts, &receipt)?;
        }
    }
    let count = accounts.db.read(|conn| mass_ends::size(conn, &receipt, accounts.now()))?;
    Ok((receipt, usize::try_from(count)?))
}

/// On how many nodes they are refused, and which of them have not said so.
fn on_nodes(found: &OnNodes) -> String {
    let (refusing, count) = (found.refusing(), found.nodes.len());
    let nodes = if count == 1 { "node" } else { "nodes" };
    let mut text = format!("Refused on {refusing} of {count} {nodes}.");
    for node in &found.nodes {
        match node.stands {
            Stands::Refuses => {}
            Stands::LeaseEnded(at) => {
                let at = moment(Some(at));
                text += &format!(" {} serves nothing since its lease ended at {at}.", node.name);
            }
            Stands::Awaited => text += &format!(" {} has not said yet that it refuses them.", node.name),
        }
    }
    text
}

fn list(
    installation: &Installation,
    base_url: Option<&Url>,
    user: Option<&str>,
    limit: i64,
    as_json: bool,
) -> Result<(), Failure> {
    let accounts = &installation.accounts;
    let user = user.map(|name| existing(accounts, name)).transpose()?.map(|user| user.id);
    let filter = ListFilter { user, limit, ..ListFilter::default() };
    let rows =
        accounts.db.read(|conn| session_lists::page(conn, session_lists::List::Open(accounts.now()), &filter))?;
    if as_json {
        for one in &rows {
            println!("{}", json::line(&json::session(accounts, &one.session, Some(&one.user), None)));
        }
        return Ok(());
    }
    if rows.is_empty() {
        println!("No session is open.");
        return Ok(());
    }
    let mut table =
        vec![["SESSION", "USER", "BROWSER", "IP ADDRESS", "SIGNED IN", "LAST SEEN", "VIA"].map(str::to_owned)];
    for one in &rows {
        let session = &one.session;
        let page = address_column(base_url, &format!("/admin/sessions/{}", session.sid));
        let via = match session.transport {
            Transport::Cookie => "Web",
            Transport::Bearer => "API",
        };
        table.push([
            session.sid.to_string(),
            one.user.to_string(),
            browser(&session.user_agent),
            session.ip.clone(),
            moment(Some(session.created_at)),
            moment(Some(accounts.last_seen.newest(session))),
            if session.odd { format!("{via} (unusual){page}") } else { format!("{via}{page}") },
        ]);
    }
    print_table(&table);
    Ok(())
}

/// Asks before many sessions end at once. `whose`: what the question says of them. There is no question where none is open.
fn ask(accounts: &Accounts, which: Which, whose: &str) -> Result<(), Failure> {
    if matches!(which, Which::One(_)) {
        return Ok(());
    }
    match accounts.db.read(|conn| session_ends::count(conn, which, accounts.now()))? {
        0 => Ok(()),
        count => confirm(&format!("End {}{whose}?", sessions(usize::try_from(count)?))),
    }
}

/// The browser and system that the header names, in words.
fn browser(user_agent: &str) -> String {
    let described = describe(user_agent);
    let browser = described.browser.unwrap_or("Unknown browser");
    described.system.map_or_else(|| browser.to_owned(), |system| format!("{browser} on {system}"))
}

/// Prints rows of one line each, with columns as wide as their widest cell.
fn print_table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        println!("{}", cells.join("  ").trim_end());
    }
}
