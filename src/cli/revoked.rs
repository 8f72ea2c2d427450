//! `portero revoked list`: what was ended or revoked, newest first.

use clap::Subcommand;
use serde_json::json;

use super::user::existing;
use super::{Failure, moment, warn};
use crate::config::Loaded;
use crate::domain::Reason;
use crate::installation::Installation;
use crate::store::revoked::{self, Kinds};
use crate::store::session_lists::Filter;
use crate::web::Clock;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List ended sessions and revoked tokens, newest first
    List {
        /// Only those of this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Only those that ended for this reason: logout, password_change, replaced, ended_by_user, ended_by_admin, disabled,
        /// expired, idle, limit, reuse, superseded, lost
        #[arg(long, value_name = "REASON", value_parser = reason)]
        reason: Option<Reason>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=100_000))]
        limit: i64,
        /// As JSON, one object a line
        #[arg(long)]
        json: bool,
    },
}

fn reason(text: &str) -> Result<Reason, String> {
    Reason::parse(text).ok_or_else(|| {
        let all: Vec<_> = Reason::ALL.iter().map(|one| one.as_str()).collect();
        format!("one of {}", all.join(", "))
    })
}

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let installation = Installation::open_existing(&loaded.config, Clock::default().now())?;
    let at = &installation.accounts;
    let Command::List { user, reason, limit, json } = command;
    let user = user.map(|name| existing(at, &name)).transpose()?.map(|user| user.id);
    let filter = Filter { user, reason, limit, ..Filter::default() };
    let rows = at.db.read(|conn| revoked::list(conn, &filter, Kinds::Both))?;
    if rows.is_empty() && !json {
        println!("Nothing was revoked.");
    }
    for row in rows {
        if json {
            let line = json!({
                "what": row.what(),
                "id": row.id,
                "user": row.user,
                "revoked_at": row.at,
                "reason": row.reason,
                "by": row.by_name,
                "until": row.until,
            });
            println!("{line}");
        } else {
            let by = match &row.by_name {
                Some(by) => format!("  by {by}"),
                None if row.reason == Reason::EndedByAdmin => "  by the command line".into(),
                None => String::new(),
            };
            println!(
                "{}  {:7}  {}  {}  {}{by}",
                moment(Some(row.at)),
                row.what(),
                row.id,
                row.user,
                row.reason.as_str()
            );
        }
    }
    Ok(())
}
