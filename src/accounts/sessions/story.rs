//! A session's story, told while it happens: in the same transaction as the step itself, and compact.

use crate::accounts::context::{Error, Visitor};
use crate::domain::StepKind;
use crate::store::Tx;
use crate::store::sessions::Session;
use crate::store::steps::{self, Step};
use crate::user_agent;

/// Rows of one story; what comes after them is counted in the last one.
const MOST_STEPS: i64 = 500;

/// The first step of a session that begins.
pub(in crate::accounts) fn begin(tx: &mut Tx<'_>, session: &Session) -> Result<(), Error> {
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

/// Adds a step to the story and tells `session` where it was seen; the caller stores the session.
pub(in crate::accounts) fn note(
    tx: &mut Tx<'_>,
    session: &mut Session,
    kind: StepKind,
    visitor: &Visitor,
) -> Result<(), Error> {
    let now = tx.now;
    // An address changes when people travel. Another browser in the same session is what a copied cookie looks like.
    let odd = kind == StepKind::Reused || user_agent::differ(&session.user_agent, &visitor.user_agent);
    session.ip.clone_from(&visitor.ip);
    session.user_agent.clone_from(&visitor.user_agent);
    session.last_seen_at = session.last_seen_at.max(now);
    session.odd |= odd;
    if odd && matches!(kind, StepKind::Renewed | StepKind::Repeated | StepKind::Retried) {
        let (sid, ip) = (session.sid.short(), visitor.ip.clone());
        tx.after_commit(move || tracing::warn!(event = "odd_renewal", session = sid, ip));
    }
    let step = Step {
        kind,
        at: now,
        until: now,
        times: 1,
        ip: visitor.ip.clone(),
        user_agent: visitor.user_agent.clone(),
        odd,
    };
    if session.steps >= MOST_STEPS && kind != StepKind::Reused {
        // Nobody reads on that far, and nobody may fill the database.
        steps::merge(tx.conn, session.sid, session.steps - 1, &step)?;
        return Ok(());
    }
    // One statement if the step is like the one before, as it mostly is: renewals are what a session does.
    if odd || !steps::repeat(tx.conn, session.sid, session.steps - 1, &step)? {
        steps::add(tx.conn, session.sid, session.steps, &step)?;
        session.steps += 1;
    }
    Ok(())
}
