//! What the sections of a benchmark work with, and which of them a run has.

use std::num::NonZero;
use std::path::PathBuf;

use super::Failure;
use super::cluster::Cluster;

/// What every section works with.
pub(crate) struct Bench {
    /// For data folders and files of requests. On the disk that holds `target`; deleted at the end.
    pub(crate) folder: tempfile::TempDir,
    pub(crate) with_peers: bool,
    /// Where Portero's rows are, if not in its data folder.
    pub(crate) cluster: Option<Cluster>,
    /// The number of cores. Each server has as many workers, and Portero as many password workers.
    pub(crate) cores: usize,
}

impl Bench {
    /// Without peers, and with rows in the data folder.
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self {
            folder: tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?,
            with_peers: false,
            cluster: None,
            cores: std::thread::available_parallelism().map_or(1, NonZero::get),
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The words on the command line after `--`.
pub(crate) fn arguments() -> Vec<String> {
    // Cargo itself adds `--bench`.
    std::env::args().skip(1).filter(|argument| argument != "--bench").collect()
}

/// The sections that these words choose, in their own order: all of them, if there are no words.
pub(crate) fn chosen<R: Copy>(
    sections: &[(&'static str, R)],
    words: &[&str],
) -> Result<Vec<(&'static str, R)>, Failure> {
    if let Some(unknown) = words.iter().find(|word| sections.iter().all(|(name, _)| name != *word)) {
        return Err(format!("{unknown} is no section").into());
    }
    Ok(sections.iter().filter(|(name, _)| words.is_empty() || words.contains(name)).copied().collect())
}
