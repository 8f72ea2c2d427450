//! `portero backup` and `portero restore`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::confirm::confirm;
use super::operator::operator;
use super::output::{Failure, moment, sessions, warn};
use crate::clock::Clock;
use crate::config::Loaded;
use crate::error_chain::chain;
use crate::installation::{Installation, Restore, note_restore};

#[derive(Args)]
pub(super) struct Backup {
    /// The file to create; it must not exist yet
    #[arg(required_unless_present = "note")]
    file: Option<PathBuf>,
    /// Only note that a backup was made just now, by the database server's own tools
    #[arg(long, conflicts_with = "file")]
    note: bool,
}

#[derive(Args)]
pub(super) struct Restored {
    /// A file made by `portero backup`
    #[arg(required_unless_present = "note")]
    file: Option<PathBuf>,
    /// An empty or new folder, for a copy to try the backup out, which tells nobody
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
    /// Do what has to follow a restore by the database server's own tools, such as pg_restore, while no server runs
    #[arg(long, conflicts_with_all = ["file", "into"])]
    note: bool,
    /// Don't ask for confirmation
    #[arg(long)]
    yes: bool,
}

pub(super) fn back_up(loaded: Loaded, arguments: &Backup) -> Result<(), Failure> {
    warn(&loaded);
    let installation = Installation::open_existing(&Arc::new(loaded.config), Clock::default())?;
    let Some(file) = &arguments.file else {
        installation.note_backup(operator(), installation.accounts.now())?;
        println!("Noted: a backup was made just now. Keep the keys in the data folder with it.");
        return Ok(());
    };
    let made = installation.back_up(operator(), file)?;
    println!("{} is a whole backup of {} bytes: it was read back and checked.", file.display(), made.bytes);
    for name in made.not_included {
        println!(
            "Not in it, because the settings give it: {name}. Keep that yourself; nothing can be restored without it."
        );
    }
    if let Some(error) = made.not_noted {
        eprintln!("warning: the database could not note that there is a backup: {}", chain(&error));
    }
    println!("Whoever can read it can sign in as anybody: keep it as secret as the data folder.");
    Ok(())
}

pub(super) fn restore(loaded: Loaded, arguments: &Restored) -> Result<(), Failure> {
    warn(&loaded);
    let Some(file) = &arguments.file else { return note_restored(loaded, arguments.yes) };
    let restore = Restore::check(&loaded.config, Clock::default(), file, arguments.into.as_deref())?;
    let folder = restore.folder().display().to_string();
    println!(
        "The backup was made at {} by Portero {} and is whole. When it is restored into {folder}:",
        moment(Some(restore.made_at())),
        restore.version()
    );
    println!(
        "- Everything changed since then is lost: users, passwords, roles, apps, and which users and keys were taken out."
    );
    println!("- Every session ends, and every one-time link is void: everybody signs in again.");
    if arguments.into.is_some() {
        println!("- It is a copy to try the backup out: no app is told of this, and no mail that waited is sent.");
    }
    if !arguments.yes {
        confirm("Restore it?")?;
    }
    let ended = sessions(restore.finish(operator())?);
    if arguments.into.is_some() {
        println!("Restored into {folder}; {ended} ended there. To start it beside the server:");
        println!("    portero --data-dir {folder} --listen 127.0.0.1:8081 serve");
    } else {
        println!("Restored into {folder}; {ended} ended. `portero serve` starts it.");
    }
    Ok(())
}

fn note_restored(loaded: Loaded, yes: bool) -> Result<(), Failure> {
    println!("After the database {} was put back to an earlier moment:", loaded.config.database);
    println!("- Every session ends, every token issued until now is refused, and every one-time link is void.");
    println!("- The ids of users who may have been lost are not given to others.");
    if !yes {
        confirm("Was it put back?")?;
    }
    let ended = note_restore(&Arc::new(loaded.config), Clock::default(), operator())?;
    println!("Noted; {} ended. `portero serve` starts it.", sessions(ended));
    Ok(())
}
