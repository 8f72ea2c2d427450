//! `portero backup` and `portero restore`.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::operator::operator;
use super::output::{Failure, moment, sessions, warn};
use crate::clock::Clock;
use crate::config::Loaded;
use crate::error_chain::chain;
use crate::installation::{Installation, Restore};

#[derive(Args)]
pub(super) struct Backup {
    /// The file to make; it must not exist
    file: PathBuf,
}

#[derive(Args)]
pub(super) struct Restored {
    /// What `portero backup` has made
    file: PathBuf,
    /// An empty or new folder, instead of the data folder
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn back_up(loaded: Loaded, arguments: &Backup) -> Result<(), Failure> {
    warn(&loaded);
    let installation = Installation::open_existing(&Arc::new(loaded.config), Clock::default())?;
    let made = installation.back_up(operator(), &arguments.file)?;
    println!("{} is a whole backup of {} bytes: it was read back and checked.", arguments.file.display(), made.bytes);
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
    let restore = Restore::check(&loaded.config, Clock::default(), &arguments.file, arguments.into.as_deref())?;
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
    if !arguments.yes && !confirmed()? {
        return Err("nothing was restored".into());
    }
    let ended = restore.finish(operator())?;
    println!("Restored into {folder}; {} ended. `portero serve` starts it.", sessions(ended));
    Ok(())
}

fn confirmed() -> Result<bool, Failure> {
    if !stdin().is_terminal() {
        return Err("there is no terminal to ask; with --yes it is restored without asking".into());
    }
    print!("Restore it? Type yes: ");
    stdout().flush()?;
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    Ok(line.trim() == "yes")
}
