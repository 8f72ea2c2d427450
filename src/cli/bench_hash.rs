//! `portero bench-hash`: how long a password hash takes on this machine, for each cost of bcrypt.

use std::num::NonZero;
use std::time::Duration;

use super::output::{Failure, warn};
use crate::config::Loaded;
use crate::passwords::time_of_hash;

/// Nobody should wait longer than this for one hash, so costs beyond that are not tried.
const LONGEST: Duration = Duration::from_secs(1);
/// How many hashes are timed for each cost. The fastest counts: it was disturbed least by whatever else the machine does.
const TRIES: usize = 3;

pub(super) fn run(loaded: &Loaded) -> Result<(), Failure> {
    warn(loaded);
    let in_force = loaded.config.password.bcrypt_cost;
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    println!("cost  ms a sign-in  sign-ins a second, on {cores} cores");
    for cost in 10..=16 {
        let mut times = (0..TRIES).map(|_| time_of_hash(cost)).collect::<Result<Vec<_>, _>>()?;
        times.sort();
        let seconds = times[0].as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let rate = cores as f64 / seconds;
        let note = if cost == in_force { "  in force (password.bcrypt_cost)" } else { "" };
        println!("{cost:4}  {:12.0}  {rate:17.1}{note}", seconds * 1000.0);
        if times[0] > LONGEST {
            break;
        }
    }
    println!(
        "\nEach step doubles what a thief of the database has to spend on every guess, and what a sign-in costs here."
    );
    Ok(())
}
