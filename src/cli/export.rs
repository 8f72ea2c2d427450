//! What the commands share that export a list.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::operator::operator;
use super::output::Failure;
use crate::accounts::Accounts;
use crate::accounts::export::format::Format;
use crate::accounts::export::parts::Export;
use crate::accounts::export::record::record;
use crate::accounts::export::selection::Selection;
use crate::installation::NewFile;

#[derive(Args)]
pub(super) struct To {
    /// csv or jsonl (one JSON object per line)
    #[arg(long, default_value = "csv", value_parser = format)]
    format: Format,
    /// Write into a new file that only you can read, instead of to standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn format(text: &str) -> Result<Format, String> {
    Format::parse(text).ok_or_else(|| {
        let all: Vec<_> = Format::ALL.iter().map(|one| one.as_str()).collect();
        format!("one of {}", all.join(", "))
    })
}

pub(super) fn export(accounts: &Arc<Accounts>, selection: Selection, to: To) -> Result<(), Failure> {
    let To { format, output } = to;
    let mut place = match output {
        None => Place::StandardOutput(io::stdout().lock()),
        // Before anything is recorded: what can't begin is no export.
        Some(path) => match NewFile::begin(&path) {
            Ok(file) => Place::File { file, path },
            Err(error) => return Err(not_written(&path, &error)),
        },
    };
    record(accounts, operator(), selection.clone(), format).committed()?;
    let mut export = Export::new(selection, format, accounts.now());
    let shows_progress = io::stderr().is_terminal() && !(place.is_standard_output() && io::stdout().is_terminal());
    while let Some(part) = accounts.db.read(|conn| export.next(conn, accounts))? {
        place.write(&part)?;
        if shows_progress {
            eprint!("\r{} rows", export.rows);
        }
    }
    if shows_progress {
        eprintln!();
    }
    place.finish(export.rows)
}

/// Where an export goes.
enum Place {
    StandardOutput(io::StdoutLock<'static>),
    File { file: NewFile, path: PathBuf },
}

impl Place {
    fn is_standard_output(&self) -> bool {
        matches!(self, Self::StandardOutput(_))
    }

    fn write(&mut self, part: &[u8]) -> Result<(), Failure> {
        match self {
            Self::StandardOutput(output) => output.write_all(part).map_err(|error| not_taken(&error)),
            Self::File { file, path } => file.write_all(part).map_err(|error| not_written(path, &error)),
        }
    }

    fn finish(self, rows: u64) -> Result<(), Failure> {
        match self {
            Self::StandardOutput(mut output) => output.flush().map_err(|error| not_taken(&error)),
            Self::File { file, path } => {
                file.finish().map_err(|error| not_written(&path, &error))?;
                // The file is whole, whether anybody hears of it or not.
                drop(writeln!(io::stdout(), "{} has {rows} rows.", path.display()));
                Ok(())
            }
        }
    }
}

fn not_taken(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => "whoever read the export stopped before its end".into(),
        _ => format!("the export is not whole: standard output could not be written: {error}").into(),
    }
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AlreadyExists => format!("there is a file {} already; nothing was exported", path.display()),
        _ => format!("{} could not be written: {error}; there is no such file", path.display()),
    }
    .into()
}
