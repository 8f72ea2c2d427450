//! Secrets that Portero makes and hands over once: of 256 bits, so that a plain hash of them can be kept.

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::accounts::context::Error;

/// 43 characters that fit into a link.
pub(in crate::accounts) fn random() -> Result<String, Error> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a secret: its SHA-256, in hexadecimal.
pub(in crate::accounts) fn hash(secret: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, secret.as_bytes()))
}
