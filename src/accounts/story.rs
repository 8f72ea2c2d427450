//! A session's story, told while it happens: in the same transaction as the step itself, and compact.

use super::{Client, Error};
use crate::domain::{StepKind, UnixTime};
use crate::store::Tx;
use crate::store::sessions::{self, Session};
use crate::store::steps::{self, Step};
use crate::user_agent;

/// Rows of one story; what comes then is counted in the last of them.
const MOST_STEPS: i64 = 500;

/// Stores a session that begins now, with the first step of its story.
pub(super) fn begin(tx: &mut Tx<'_>, session: &Session) -> Result<(), Error> {
    sessions::add(tx.conn, session)?;
    let step = Step {
        kind: StepKind::SignedIn,
        at: session.created_at,
        until: session.created_at,
        times: 1,
        ip: session.ip.clone(),
        user_agent: session.user_agent.clone(),
        odd: false,
    };
    steps::add(tx.conn, session.sid, 0, &step)?;
    Ok(())
}

/// Adds a step to the story and tells the session where it was seen; the caller stores the session.
pub(super) fn note(
    tx: &mut Tx<'_>,
    session: &mut Session,
    kind: StepKind,
    client: &Client,
    now: UnixTime,
) -> Result<(), Error> {
    // An address changes when people travel. Another browser in the same session is what a copied cookie looks like.
    let odd = kind == StepKind::Reused || user_agent::differ(&session.user_agent, &client.user_agent);
    session.ip.clone_from(&client.ip);
    session.user_agent.clone_from(&client.user_agent);
    session.last_seen_at = session.last_seen_at.max(now);
    session.odd |= odd;
    let step =
        Step { kind, at: now, until: now, times: 1, ip: client.ip.clone(), user_agent: client.user_agent.clone(), odd };
    if session.steps >= MOST_STEPS && kind != StepKind::Reused {
        // Nobody reads on that far, and nobody may fill the database.
        steps::merge(tx.conn, session.sid, session.steps - 1, &step)?;
        return Ok(());
    }
    // One statement where the step is like the one before, as it mostly is: renewals are what a session does.
    if odd || !steps::repeat(tx.conn, session.sid, session.steps - 1, &step)? {
        steps::add(tx.conn, session.sid, session.steps, &step)?;
        session.steps += 1;
    }
    Ok(())
}
