//! What can be wrong with an installation and shows on its own machine, without asking anybody: the data folder and its files, the disk, the
//! backup, the clock. What that means for people and what to change, the command and the page say, each in its own way.

mod look;

use std::fmt;
use std::path::PathBuf;

pub use self::look::{CLOCK_DIFFERENCE, NotLookedAt, backup, clock, disk, files, folder, key_files, mails};
use crate::domain::spelled;
use crate::store::outbox::Outcome;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    FolderIsPublic,
    FileIsPublic,
    Disk,
    Backup,
    Clock,
    NotReady,
    PlainHttp,
    UntrustedProxy,
    ClientAddress,
    Mail,
}

spelled!(Check {
    FolderIsPublic = "folder_is_public",
    FileIsPublic = "file_is_public",
    Disk = "disk",
    Backup = "backup",
    Clock = "clock",
    NotReady = "not_ready",
    PlainHttp = "plain_http",
    UntrustedProxy = "untrusted_proxy",
    ClientAddress = "client_address",
    Mail = "mail",
});

/// What was seen that is not as it should be. As text: in English, for the command and for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Folder {
        folder: PathBuf,
        mode: u32,
    },
    /// Each with its mode.
    Files(Vec<(PathBuf, u32)>),
    LittleRoom {
        free_mb: u64,
        whole_mb: u64,
        folder: PathBuf,
    },
    OldBackup {
        days: i64,
    },
    /// `days`: since the first start.
    NoBackup {
        days: i64,
    },
    ClockBehind {
        seconds: i64,
    },
    NotReady(&'static str),
    PlainHttp(String),
    ForwardedByStranger,
    NoClientAddress,
    /// The oldest has waited for so many minutes.
    MailsWait {
        count: i64,
        minutes: i64,
        outcome: Option<Outcome>,
    },
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { folder, mode } => write!(f, "{} has the mode {mode:o}", folder.display()),
            Self::Files(files) => {
                for (place, (path, mode)) in files.iter().enumerate() {
                    let before = if place == 0 { "" } else { "; " };
                    write!(f, "{before}{} has the mode {mode:o}", path.display())?;
                }
                Ok(())
            }
            Self::LittleRoom { free_mb, whole_mb, folder } => {
                write!(f, "{free_mb} MB of {whole_mb} MB are free where {} is", folder.display())
            }
            Self::OldBackup { days } => write!(f, "the last backup is {days} days old"),
            Self::NoBackup { days } => write!(f, "there is none, and the first start was {days} days ago"),
            Self::ClockBehind { seconds } => {
                write!(f, "the newest event of the audit log is {seconds} s ahead of the clock")
            }
            Self::NotReady(reason) => f.write_str(reason),
            Self::PlainHttp(url) => write!(f, "people come by {url}"),
            Self::ForwardedByStranger => {
                f.write_str("a forwarded header came from an address that is not in trusted_proxies")
            }
            Self::NoClientAddress => f.write_str("a trusted proxy told no address that can be read"),
            Self::MailsWait { count, minutes, outcome } => {
                write!(f, "{count} mails wait, the oldest for {minutes} minutes")?;
                outcome.map_or(Ok(()), |outcome| write!(f, "; the last try: {}", outcome.as_str()))
            }
        }
    }
}
