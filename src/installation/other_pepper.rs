//! The pepper of another installation, from which people move here.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::error::OpenError;
use super::files;
use crate::passwords::{MovedPepper, Passwords};
use crate::tokens::fingerprint;

/// Reads the pepper in a file in both ways in which it can be written there: as in a data folder, and as the setting's file. Hashes name
/// the right one. The file stays as it is.
pub fn other_peppers(path: &Path, passwords: &Passwords) -> Result<Vec<MovedPepper>, OpenError> {
    let failed = |source| OpenError::KeyFile { path: path.to_owned(), source };
    let bytes = fs::read(path).map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(|_| failed(io::Error::from(ErrorKind::InvalidData)))?;
    let in_folder = files::decode(&text, path).ok().map(|secret| secret.as_bytes().to_vec());
    let as_setting = text.trim_end().as_bytes().to_vec();
    let all = in_folder.into_iter().chain([as_setting]);
    let sealed = all.map(|pepper| passwords.seal_pepper(&pepper, fingerprint(&pepper)));
    sealed.collect::<Result<_, _>>().map_err(|_| OpenError::Random)
}
