//! `portero revoked list`: what was ended or revoked, newest first.

use clap::Subcommand;
use serde_json::json;

use super::session::name_of;
use super::user::existing;
use super::{Failure, moment, warn};
use crate::config::Loaded;
use crate::domain::{Reason, UnixTime, UserId};
use crate::installation::Installation;
use crate::store::session_lists::{self, Filter};
use crate::store::token_blocklist;

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
        let all: Vec<_> = Reason::ALL.into_iter().map(Reason::as_str).collect();
        format!("one of {}", all.join(", "))
    })
}

struct Row {
    at: UnixTime,
    what: &'static str,
    id: String,
    user: String,
    reason: Reason,
    by: Option<UserId>,
    until: Option<UnixTime>,
}

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let installation = Installation::open_existing(&loaded.config)?;
    let at = &installation.accounts;
    let Command::List { user, reason, limit, json } = command;
    let user = user.map(|name| existing(at, &name)).transpose()?.map(|user| user.id);
    let filter = Filter { user, reason, limit, ..Filter::default() };
    let (ended, tokens) = at.db.read::<_, crate::store::Error>(|conn| {
        Ok((session_lists::ended(conn, &filter)?, token_blocklist::revoked(conn, &filter)?))
    })?;
    let mut rows: Vec<Row> = tokens
        .into_iter()
        .map(|one| Row {
            at: one.revoked_at,
            what: one.token_type.as_str(),
            id: one.jti,
            user: one.user.to_string(),
            reason: one.reason,
            by: one.by,
            until: one.until,
        })
        .collect();
    rows.extend(ended.into_iter().filter_map(|one| {
        let end = one.session.end?;
        Some(Row {
            at: end.at,
            what: "session",
            id: one.session.sid.to_string(),
            user: one.user.to_string(),
            reason: end.reason,
            by: end.by,
            until: Some(one.session.expires_at.max(one.session.access_until)),
        })
    }));
    rows.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    if rows.is_empty() && !json {
        println!("Nothing was revoked.");
    }
    for row in rows {
        let by = row.by.map(|by| name_of(&installation, by)).transpose()?;
        if json {
            let line = json!({
                "what": row.what,
                "id": row.id,
                "user": row.user,
                "revoked_at": row.at,
                "reason": row.reason,
                "by": by,
                "until": row.until,
            });
            println!("{line}");
        } else {
            let by = match by {
                Some(by) => format!("  by {by}"),
                None if row.reason == Reason::EndedByAdmin => "  by the command line".into(),
                None => String::new(),
            };
            println!("{}  {:7}  {}  {}  {}{by}", moment(Some(row.at)), row.what, row.id, row.user, row.reason.as_str());
        }
    }
    Ok(())
}
