//! `portero user import`: adds the users of another system from a file, with the hashes of their passwords; all of them, or nobody.

mod formats;
mod row;

use std::collections::HashSet;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use self::row::{Hashes, Row, UnknownHashes};
use super::existing_user::why_taken;
use super::operator::operator;
use super::output::Failure;
use super::running_server::wait_for_server;
use crate::accounts::people::import::{self, Imported, Newcomer, Obstacle};
use crate::domain::Role;
use crate::installation::{Installation, other_peppers};
use crate::store::names::Taken;

/// How many faults are listed; the rest is counted.
const MOST_LISTED: usize = 100;

#[derive(Args)]
pub(super) struct Import {
    /// What the other system has written; - reads standard input
    file: PathBuf,
    /// What kind of file it is; if left out, its name says so
    #[arg(long)]
    format: Option<Format>,
    /// Look at every line and say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Leave out whoever is here already, by their name
    #[arg(long)]
    skip_existing: bool,
    /// The pepper of another Portero whose hashes are in the file: the file pepper.key of its data folder, or that of its pepper_file
    #[arg(long, value_name = "FILE")]
    pepper: Option<PathBuf>,
    /// Add those without a password whose hash is of no kind that is taken over; they need a link to choose one
    #[arg(long)]
    without_unknown_hashes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// With the names of the columns in the first line: username, password_hash, display_name, mail, mail_verified, groups, role, state
    Csv,
    /// The same as JSON: an array of objects, or an object in each line
    Json,
    /// What `htpasswd -B` writes
    Htpasswd,
    /// Authelia's users file
    Authelia,
    /// What Django's `dumpdata auth` writes
    Django,
}

impl Format {
    fn of(path: &std::path::Path) -> Result<Self, Failure> {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        Ok(match ending {
            "csv" => Self::Csv,
            "json" | "jsonl" => Self::Json,
            "yml" | "yaml" => Self::Authelia,
            _ if name.contains("htpasswd") => Self::Htpasswd,
            _ => return Err("the name of the file does not say what it is: add --format".into()),
        })
    }
}

pub(super) fn run(installation: &Installation, arguments: &Import) -> Result<(), Failure> {
    let format = arguments.format.map_or_else(|| Format::of(&arguments.file), Ok)?;
    let bytes = read(&arguments.file)?;
    let read = formats::read(format, &bytes)?;
    if !read.left_out.is_empty() {
        eprintln!("These columns are left out: {}", read.left_out.join(", "));
    }
    if read.rows.is_empty() {
        return Err("there is nobody in the file".into());
    }
    let accounts = &installation.accounts;
    let peppers = match &arguments.pepper {
        Some(path) => other_peppers(path, &accounts.passwords)?,
        None => Vec::new(),
    };
    let unknown = if arguments.without_unknown_hashes { UnknownHashes::AreDropped } else { UnknownHashes::AreFaults };
    let hashes = Hashes { passwords: &accounts.passwords, peppers, unknown };
    // `numbers`: which row each newcomer is in.
    let (mut faults, mut newcomers, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    for (number, row) in read.rows.iter().enumerate() {
        match row.newcomer(&hashes) {
            Ok(newcomer) => {
                newcomers.push(newcomer);
                numbers.push(number);
            }
            Err(found) => faults.extend(found.into_iter().map(|fault| (number, fault))),
        }
    }
    let mut skipped = 0;
    let mut obstacles = accounts.db.read(|conn| import::obstacles(conn, &newcomers))?;
    if arguments.skip_existing {
        let here: HashSet<usize> =
            obstacles.iter().filter(|(_, what)| is_here(what)).map(|(place, _)| *place).collect();
        skipped = here.len();
        let stay = newcomers.into_iter().zip(numbers).enumerate().filter(|(place, _)| !here.contains(place));
        (newcomers, numbers) = stay.map(|(_, kept)| kept).unzip();
        obstacles = accounts.db.read(|conn| import::obstacles(conn, &newcomers))?;
    }
    faults.extend(in_words(&obstacles, &newcomers, &numbers, &read.rows));
    if !faults.is_empty() {
        return Err(refused(faults, &read.rows));
    }
    say_what(&newcomers, skipped, &read.rows);
    if unknown == UnknownHashes::AreDropped {
        let dropped = read.rows.iter().filter(|row| row.has_unknown_hash(&hashes)).count();
        say_how_many("With a hash of a kind that is not taken over", dropped);
    }
    if arguments.dry_run {
        println!("Nothing was done: this was a dry run.");
        return Ok(());
    }
    if newcomers.is_empty() {
        println!("There is nobody left to add.");
        return Ok(());
    }
    let total = newcomers.len();
    let shows_progress = std::io::stderr().is_terminal();
    let copy = newcomers.clone();
    let imported = import::import(accounts, operator(), newcomers, move |done| {
        if shows_progress && (done.is_multiple_of(500) || done == total) {
            eprint!("\r{done} of {total}");
        }
    })
    .committed();
    if shows_progress {
        eprintln!();
    }
    match imported? {
        Imported::Refused(obstacles) => {
            Err(refused(in_words(&obstacles, &copy, &numbers, &read.rows).collect(), &read.rows))
        }
        Imported::Done { groups_added } => {
            wait_for_server(installation)?;
            if !groups_added.is_empty() {
                let names: Vec<_> = groups_added.iter().map(|name| name.as_str()).collect();
                println!("Added the groups {}.", names.join(", "));
            }
            println!("Added {total} {}. The users page says who has signed in since.", users(total));
            Ok(())
        }
    }
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(|error| format!("{} can't be read: {error}", path.display()).into())
}

fn is_here(what: &Obstacle) -> bool {
    matches!(what, Obstacle::NameTaken(Taken::InUse))
}

/// Each obstacle with the number of its row. `numbers`: the row of each newcomer.
fn in_words<'a>(
    obstacles: &'a [(usize, Obstacle)],
    newcomers: &'a [Newcomer],
    numbers: &'a [usize],
    rows: &'a [Row],
) -> impl Iterator<Item = (usize, String)> + 'a {
    let place = |newcomer: usize| &rows[numbers[newcomer]].place;
    obstacles.iter().map(move |(newcomer, what)| {
        let name = &newcomers[*newcomer].username;
        let why = match what {
            Obstacle::NameTaken(taken @ Taken::InUse) => {
                format!("{}; --skip-existing leaves out whoever is here", why_taken(name, taken))
            }
            Obstacle::NameTaken(taken) => why_taken(name, taken),
            Obstacle::SameNameAs(first) => format!("{name} is in {} already", place(*first)),
            Obstacle::LooksLike(other) => {
                format!("{name} could be mistaken for {} in {}", newcomers[*other].username, place(*other))
            }
            Obstacle::MailTaken(other) => format!("{other} has the mail address of {name}"),
            Obstacle::SameMailAs(first) => {
                format!("{name} has the mail address of {} in {}", newcomers[*first].username, place(*first))
            }
            Obstacle::TooManyGroups => format!("the names of all groups of {name} have more than 1,000 characters"),
        };
        (numbers[*newcomer], why)
    })
}

/// Lists what is wrong on standard error, in the order of the file.
fn refused(mut faults: Vec<(usize, String)>, rows: &[Row]) -> Failure {
    faults.sort_by_key(|(number, _)| *number);
    for (number, why) in faults.iter().take(MOST_LISTED) {
        eprintln!("{}: {why}", rows[*number].place);
    }
    if faults.len() > MOST_LISTED {
        eprintln!("and {} more", faults.len() - MOST_LISTED);
    }
    let count = faults.len();
    format!("nobody was added: {count} {}", if count == 1 { "fault" } else { "faults" }).into()
}

fn users(count: usize) -> &'static str {
    if count == 1 { "user" } else { "users" }
}

fn say_how_many(of: &str, count: usize) {
    if count > 0 {
        println!("{of}: {count}");
    }
}

fn say_what(newcomers: &[Newcomer], skipped: usize, rows: &[Row]) {
    println!("{} in the file; {} to add.", rows.len(), newcomers.len());
    say_how_many("Here already, left as they are", skipped);
    let admins: Vec<_> =
        newcomers.iter().filter(|one| one.role == Role::Admin).map(|one| one.username.as_str()).collect();
    if !admins.is_empty() {
        println!("Admins: {}", admins.join(", "));
    }
    say_how_many("Disabled", newcomers.iter().filter(|one| one.is_disabled).count());
    let without = newcomers.iter().filter(|one| one.hash.is_none()).count();
    say_how_many("Without a password, until they choose one by a link of `portero user reset-link`", without);
}
