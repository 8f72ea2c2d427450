//! `portero revoked`: ended sessions and revoked tokens, newest first, as a list or as a file.

use std::sync::Arc;

use clap::{Args, Subcommand};
use url::Url;

use super::existing_user::existing;
use super::export::{To, export};
use super::output::{Failure, address_column, base_url, moment, warn};
use crate::accounts::export::selection::Selection;
use crate::accounts::{Accounts, json};
use crate::clock::Clock;
use crate::config::Loaded;
use crate::domain::Reason;
use crate::installation::Installation;
use crate::store::list_filter::ListFilter;
use crate::store::revoked::{self, Kinds};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List ended sessions and revoked tokens, newest first
    List {
        #[command(flatten)]
        filter: Filter,
        /// Maximum rows
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=100_000))]
        limit: i64,
        /// Print JSON, one object per line
        #[arg(long)]
        json: bool,
    },
    /// Write ended sessions and revoked tokens, newest first, as CSV or JSON Lines; this is recorded in the audit log
    Export {
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        to: To,
    },
}

#[derive(Args)]
pub(super) struct Filter {
    /// Only those of this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only those that ended for this reason: logout, logout_at_app, password_change, replaced, ended_by_user,
    /// ended_by_admin, disabled, deleted, factors_reset, renamed, expired, idle, limit, reuse, guessing, superseded, lost, forgotten,
    /// revoked_by_app, replayed
    #[arg(long, value_name = "REASON", value_parser = reason)]
    reason: Option<Reason>,
}

fn reason(text: &str) -> Result<Reason, String> {
    Reason::parse(text).ok_or_else(|| {
        let all: Vec<_> = Reason::ALL.iter().map(|one| one.as_str()).collect();
        format!("one of {}", all.join(", "))
    })
}

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let config = Arc::new(loaded.config);
    let installation = Installation::open_existing(&config, Clock::default())?;
    let accounts = &installation.accounts;
    match command {
        Command::List { filter, limit, json } => {
            list(accounts, base_url(&config)?.as_ref(), ListFilter { limit, ..read(accounts, filter)? }, json)
        }
        Command::Export { filter, to } => {
            export(accounts, Selection::Revoked(read(accounts, filter)?, Kinds::Both), to)
        }
    }
}

fn read(accounts: &Accounts, Filter { user, reason }: Filter) -> Result<ListFilter, Failure> {
    let user = user.map(|name| existing(accounts, &name)).transpose()?.map(|user| user.id);
    Ok(ListFilter { user, reason, ..ListFilter::default() })
}

fn list(accounts: &Accounts, base_url: Option<&Url>, filter: ListFilter, as_json: bool) -> Result<(), Failure> {
    let rows = accounts.db.read(|conn| revoked::page(conn, &filter, Kinds::Both))?;
    if rows.is_empty() && !as_json {
        println!("Nothing was revoked.");
    }
    for row in rows {
        if as_json {
            println!("{}", json::line(&json::revoked(&row)));
        } else {
            let by = match &row.by_name {
                Some(by) => format!("  by {by}"),
                None if row.reason == Reason::EndedByAdmin => "  by the command line".into(),
                None => String::new(),
            };
            // A token has no page of its own.
            let page = match row.token_type {
                None => address_column(base_url, &format!("/admin/sessions/{}", row.id)),
                Some(_) => String::new(),
            };
            println!(
                "{}  {:7}  {}  {}  {}{by}{page}",
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
