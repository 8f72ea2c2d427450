//! What a sign-in by passkey costs the processor besides the store: `cargo bench --bench passkeys`.
//!
//! As the server does it: what the page asks is made and sealed, the seal is opened again, and the answer is read and checked. What the
//! browser and its authenticator do is not in it. It is CPU time of the thread, which other load on the machine bends less, and the median of the rounds.

#[path = "../tests/support/authenticator.rs"]
#[allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "it is the tests' own, which use the rest")]
mod authenticator;
#[path = "support/mod.rs"]
mod support;

use authenticator::Authenticator;
use portero::passkeys::strict::Answer;
use portero::passkeys::{Passkeys, Person};
use portero::sealing::{KEY_BYTES, SealingKey};
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;
use support::Failure;
use url::Url;
use uuid::Uuid;

const ROUNDS: usize = 31;
const IN_A_ROUND: usize = 50;
/// In milliseconds.
const GOAL: f64 = 1.0;

fn main() -> Result<(), Failure> {
    let url = Url::parse("https://login.example")?;
    let here = Passkeys::at(&url, "Portero").map_err(|why| format!("{why:?}"))?;
    let handle = Uuid::from_u128(7);
    let mut authenticator = Authenticator::new("https://login.example");
    let begun = here.begin_registration(&Person { handle, name: "ana", display_name: "Ana" }, &[])?;
    let made = authenticator.create(&serde_json::from_str(&begun.options)?);
    let stored = here.finish_registration(&begun.state, &parsed(&made)?)?.stored;
    let key = SealingKey::new(&[7; KEY_BYTES]);
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut spent = 0.0;
        for _ in 0..IN_A_ROUND {
            let start = cpu_milliseconds();
            let begun = here.begin_use(&[])?;
            let sealed = key.seal(begun.state.as_bytes(), "sign-in")?;
            spent += cpu_milliseconds() - start;
            let options: Value = serde_json::from_str(&begun.options)?;
            let answer = authenticator.get(&options);
            let start = cpu_milliseconds();
            let state = String::from_utf8(key.open(&sealed, "sign-in").ok_or("the seal can't be opened")?)?;
            here.check_use(&state, &parsed(&answer)?, &stored, handle)?;
            spent += cpu_milliseconds() - start;
        }
        rounds.push(spent / IN_A_ROUND as f64);
    }
    rounds.sort_by(f64::total_cmp);
    let median = rounds[ROUNDS / 2];
    println!("a sign-in by passkey: {median:.3} ms ({:.3} to {:.3}), goal {GOAL}", rounds[0], rounds[ROUNDS - 1]);
    if median < GOAL { Ok(()) } else { Err("the goal is missed".into()) }
}

fn parsed(answer: &str) -> Result<Answer, Failure> {
    Answer::parse(answer).ok_or_else(|| "the answer can't be read".into())
}

/// Of this thread, so far.
fn cpu_milliseconds() -> f64 {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    spent.tv_sec as f64 * 1e3 + spent.tv_nsec as f64 / 1e6
}
