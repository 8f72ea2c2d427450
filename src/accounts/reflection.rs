//! Tickets of `portero doctor`, by which the operator's command is told what reached the server through its proxy. Only who has the
//! installation's keys can make one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::context::Accounts;
use crate::domain::UnixTime;
use crate::sealing::NoRandomNumbers;

/// How far the clocks of the command and the server may be apart, and how long a ticket is good, in seconds. What it shows is only what its
/// bearer sent.
const GOOD_FOR: i64 = 60 * 60;
const PLACE: &str = "reflection";

pub fn ticket(accounts: &Accounts, now: UnixTime) -> Result<String, NoRandomNumbers> {
    let sealed = accounts.doctor_key.seal(&now.0.to_be_bytes(), PLACE)?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// Whether a ticket of this installation was shown, made not long ago.
pub fn is_good(accounts: &Accounts, ticket: &[u8], now: UnixTime) -> bool {
    let made = URL_SAFE_NO_PAD.decode(ticket).ok().and_then(|sealed| accounts.doctor_key.open(&sealed, PLACE));
    let made = made.and_then(|made| Some(UnixTime(i64::from_be_bytes(made.try_into().ok()?))));
    made.is_some_and(|made| now.since(made).abs() <= GOOD_FOR)
}
