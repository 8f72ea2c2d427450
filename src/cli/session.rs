//! `portero session`: open sessions, and ending them; also beside a running server.

use clap::Subcommand;

use super::user::{existing, sessions, wait_for_server};
use super::{Failure, moment, warn};
use crate::accounts::{Which, end_sessions};
use crate::config::Loaded;
use crate::domain::{Reason, SessionId, UnixTime};
use crate::installation::Installation;
use crate::store::session_lists::{self, Filter};
use crate::web::{Clock, moment_in};

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
    let now = Clock::default().now();
    let installation = Installation::open_existing(&loaded.config, now)?;
    match command {
        Command::List { user, limit, json } => list(&installation, user.as_deref(), limit, json, now),
        Command::End { sid, user, since } => {
            let which = match (sid, user, since) {
                (Some(sid), _, _) => Which::One(SessionId::parse(&sid).ok_or("that is no session's id")?),
                (_, Some(name), _) => Which::OfUser { user: existing(&installation.accounts, &name)?.id, except: None },
                (_, _, Some(text)) => {
                    let moment = moment_in(&loaded.config.time_zone, &text)
                        .ok_or("that is no moment; write 2026-11-25, 2026-11-25T10:00 or seconds since the epoch")?;
                    Which::Since { moment, except: None }
                }
                (None, None, None) => return Err("say which: an id, --user or --since".into()),
            };
            let ended = end_sessions(&installation.accounts, which, Reason::EndedByAdmin, None, now).wait()?;
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
            println!("{} ended. Receipt: {}", sessions(count), ended.receipt);
            Ok(())
        }
    }
}

fn list(installation: &Installation, user: Option<&str>, limit: i64, json: bool, now: UnixTime) -> Result<(), Failure> {
    let at = &installation.accounts;
    let user = user.map(|name| existing(at, name)).transpose()?.map(|user| user.id);
    let filter = Filter { user, limit, ..Filter::default() };
    let rows = at.db.read(|conn| session_lists::open(conn, &filter, now))?;
    for one in &rows {
        let session = &one.session;
        if json {
            let line = serde_json::json!({
                "sid": session.sid,
                "user": one.user,
                "transport": session.transport,
                "ip": session.ip,
                "user_agent": session.user_agent,
                "signed_in_at": session.created_at,
                "last_seen_at": session.last_seen_at,
                "expires_at": session.expires_at,
                "odd": session.odd,
            });
            println!("{line}");
        } else {
            println!(
                "{}  {}  {:6}  {}  {}{}",
                session.sid,
                moment(Some(session.created_at)),
                session.transport.as_str(),
                session.ip,
                one.user,
                if session.odd { "  (unusual)" } else { "" }
            );
        }
    }
    if rows.is_empty() && !json {
        println!("No session is open.");
    }
    Ok(())
}
