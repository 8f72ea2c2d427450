//! `portero session`: lists open sessions and ends them, beside a running server too.

use std::sync::Arc;

use clap::Subcommand;
use url::Url;

use super::existing_user::existing;
use super::operator::operator;
use super::output::{Failure, address, address_column, base_url, moment, sessions, warn};
use super::running_server::wait_for_server;
use crate::accounts::json;
use crate::accounts::sessions::end::end_anybodys;
use crate::clock::Clock;
use crate::config::Loaded;
use crate::domain::{BareDate, SessionId, UnixTime};
use crate::installation::Installation;
use crate::store::list_filter::ListFilter;
use crate::store::session_ends::Which;
use crate::store::session_lists;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List open sessions, newest first
    List {
        /// Only those of this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=100_000))]
        limit: i64,
        /// As JSON, one object a line
        #[arg(long)]
        json: bool,
    },
    /// End one session, all of a user, or all that were signed in since a moment
    #[command(group = clap::ArgGroup::new("which").required(true))]
    End {
        /// The session's id
        #[arg(group = "which")]
        sid: Option<String>,
        /// All sessions of this user
        #[arg(long, value_name = "NAME", group = "which")]
        user: Option<String>,
        /// All sessions signed in since then, such as 2026-11-25T10:00 (in the setting `time_zone`)
        #[arg(long, value_name = "MOMENT", group = "which")]
        since: Option<String>,
    },
}

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let config = Arc::new(loaded.config);
    let installation = Installation::open_existing(&config, Clock::default())?;
    let base_url = base_url(&config)?;
    match command {
        Command::List { user, limit, json } => list(&installation, base_url.as_ref(), user.as_deref(), limit, json),
        Command::End { sid, user, since } => {
            let which = match (sid, user, since) {
                (Some(sid), _, _) => Which::One(SessionId::parse(&sid).ok_or("that is no session's id")?),
                (_, Some(name), _) => Which::OfUser { user: existing(&installation.accounts, &name)?.id, except: None },
                (_, _, Some(text)) => {
                    let moment = UnixTime::read(&text, &config.time_zone, BareDate::Begins)
                        .ok_or("that is no moment; write 2026-11-25, 2026-11-25T10:00 or seconds since the epoch")?;
                    Which::Since { moment, except: None }
                }
                (None, None, None) => return Err("say which: an id, --user or --since".into()),
            };
            let ended = end_anybodys(&installation.accounts, operator(), which).committed()?;
            let count = ended.sessions.len();
            match which {
                Which::One(_) if count == 0 => return Err("there is no such open session".into()),
                Which::OfUser { .. } | Which::Since { .. } if count == 0 => {
                    println!("No such session was open.");
                    return Ok(());
                }
                Which::One(_) | Which::OfUser { .. } | Which::Since { .. } => {}
            }
            wait_for_server(&installation)?;
            let receipt = &ended.receipt;
            let page = address(base_url.as_ref(), &format!("/receipts/{receipt}"));
            let page = page.map(|page| format!("{page} with the id ")).unwrap_or_default();
            println!("{} ended. Receipt: {page}{receipt}", sessions(count));
            Ok(())
        }
    }
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
    for one in &rows {
        let session = &one.session;
        if as_json {
            println!("{}", json::session(accounts, session, Some(&one.user), None));
        } else {
            println!(
                "{}  {}  {:6}  {}  {}{}{}",
                session.sid,
                moment(Some(session.created_at)),
                session.transport.as_str(),
                session.ip,
                one.user,
                if session.odd { "  (unusual)" } else { "" },
                address_column(base_url, &format!("/admin/sessions/{}", session.sid))
            );
        }
    }
    if rows.is_empty() && !as_json {
        println!("No session is open.");
    }
    Ok(())
}
