//! `portero move`: moves the database to a PostgreSQL server.

use clap::Args;

use super::output::Failure;
use crate::config::Overrides;

#[derive(Args)]
pub(super) struct Move {
    /// An empty PostgreSQL database, such as postgres://portero@db.example.org/portero; its password is read from the setting
    /// database_password_file or PORTERO_DATABASE_PASSWORD
    #[arg(long, value_name = "URL")]
    to: String,
    /// Don't ask for confirmation
    #[arg(long)]
    yes: bool,
}

#[cfg(not(feature = "postgres"))]
pub(super) fn run(_: &Overrides, _: &Move) -> Result<(), Failure> {
    Err(crate::store::OpenError::NotBuiltIn.into())
}

#[cfg(feature = "postgres")]
pub(super) fn run(overrides: &Overrides, arguments: &Move) -> Result<(), Failure> {
    use std::io::IsTerminal as _;
    use std::sync::Arc;

    use super::confirm::confirm;
    use super::operator::operator;
    use super::output::warn;
    use super::wrong_settings;
    use crate::clock::Clock;
    use crate::config::Config;
    use crate::error_chain::chain;
    use crate::installation::Installation;

    let (loaded, to) = Config::load_to_move(overrides, &arguments.to).map_err(wrong_settings)?;
    warn(&loaded);
    let database = loaded.config.database.to_string();
    let installation = Installation::open_existing(&Arc::new(loaded.config), Clock::default())?;
    println!("All rows of {database} go to {to}. Afterwards this Portero serves only that; {database} stays as it is.");
    if !arguments.yes {
        confirm("Move it?")?;
    }
    let shows_progress = std::io::stderr().is_terminal();
    let moved = installation.move_to(operator(), &to, |table, rows, total| {
        if shows_progress {
            // Over the line before, which may have been longer.
            eprint!("\r{:60}\r{table}: {rows} of {total} rows", "");
        }
    });
    if shows_progress {
        eprintln!();
    }
    let moved = moved?;
    for table in &moved.rows.tables {
        println!("{:>10}  {}", table.rows, table.name);
    }
    let rows: u64 = moved.rows.tables.iter().map(|table| table.rows).sum();
    if moved.rows.were_there {
        println!("All {rows} rows were in {to} already, from an earlier try; they were compared and are the same.");
    } else {
        println!("Moved {rows} rows; in both databases they are the same.");
    }
    if moved.rows.audit_is_whole {
        println!("The audit log is whole.");
    } else {
        eprintln!(
            "warning: the audit log is not as it was recorded, as before the move: `portero audit verify` says where"
        );
    }
    if let Some(error) = moved.not_recorded {
        eprintln!("warning: the move could not be recorded in the audit log: {}", chain(&error));
    }
    println!(
        "\nNow put this into the settings, and start the server:\n\n    database_url = \"{to}\"\n\nKeep the data folder: the keys in it \
         belong to the new database, too. {database} is no longer served; keep it until you have a backup of the new one."
    );
    Ok(())
}
