//! The master keys that each node of a cluster is given.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::reader::{Reader, UNSET, weakness};
use super::settings::MasterKey;
use crate::tokens::options::Secret;

/// Length of the shortest key, in bytes.
const LEAST_BYTES: usize = 32;
const LONGEST_ID: usize = 64;
const GOOD_LINE: &str = "this makes a good line: echo \"2026-11 $(openssl rand -base64 32)\"";

/// The keys in `cluster.master_keys` or in the file that `cluster.master_keys_file` names. The first one seals. Empty: none are given.
pub(super) fn master_keys(r: &mut Reader) -> Vec<MasterKey> {
    let Some((named, text)) = r.given("cluster.master_keys", "cluster.master_keys_file", UNSET) else {
        return Vec::new();
    };
    read(text.as_bytes()).unwrap_or_else(|text| {
        r.fault(&[named], &text);
        Vec::new()
    })
}

/// A key a line: its id, a space and the key in base64. Empty lines and those that begin with `#` count for nothing. The error repeats no key.
fn read(text: &[u8]) -> Result<Vec<MasterKey>, String> {
    let text = str::from_utf8(text).map_err(|_| "is not valid UTF-8".to_owned())?;
    let mut keys: Vec<MasterKey> = Vec::new();
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    for (number, line) in lines {
        let wrong = |what: &str| format!("line {} {what}", number + 1);
        let (id, key) = line
            .split_once(char::is_whitespace)
            .ok_or_else(|| wrong(&format!("is not an id, a space and a key in base64; {GOOD_LINE}")))?;
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if id.len() > LONGEST_ID || !id.chars().all(is_fit) {
            return Err(wrong(&format!(
                "has an id that is longer than {LONGEST_ID} characters, or not made of letters, digits, '.', '_' and '-' alone"
            )));
        }
        let key = STANDARD_NO_PAD
            .decode(key.trim().trim_end_matches('='))
            .map_err(|_| wrong(&format!("has a key that is not base64; {GOOD_LINE}")))?;
        if let Some(weakness) = weakness(&key, LEAST_BYTES) {
            return Err(wrong(&format!("has a key that {weakness}; {GOOD_LINE}")));
        }
        let key = Secret::new(key);
        if keys.iter().any(|other| other.id == id) {
            return Err(wrong("has an id that another line has"));
        }
        if keys.iter().any(|other| other.key.as_bytes() == key.as_bytes()) {
            return Err(wrong("has a key that another line has"));
        }
        keys.push(MasterKey { id: id.to_owned(), key });
    }
    if keys.is_empty() { Err(format!("holds no key; {GOOD_LINE}")) } else { Ok(keys) }
}
