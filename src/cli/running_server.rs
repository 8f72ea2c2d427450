//! Lets a command wait for the server that runs beside it: the command is done when that server enforces the change.

use std::time::{Duration, Instant};

use super::operator::operator;
use super::output::Failure;
use crate::installation::Installation;
use crate::store::instance;

/// How long the server may take before the command reports its change as pending.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Returns once the server, if there is one, enforces every change made so far.
pub(super) fn wait_for_server(installation: &Installation) -> Result<(), Failure> {
    let accounts = &installation.accounts;
    if !installation.is_served()? {
        return Ok(());
    }
    if accounts.db.wait_for_nodes()? {
        return Ok(());
    }
    let noted = accounts.db.write(operator(), accounts.now(), |tx, _| instance::note_change(tx.conn));
    let change = noted.committed()?;
    let begin = Instant::now();
    while accounts.db.read(instance::taken_up)? < change {
        if begin.elapsed() > LONGEST_WAIT {
            return Err("the change is stored, but the running server has not taken it up yet: it is pending".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
