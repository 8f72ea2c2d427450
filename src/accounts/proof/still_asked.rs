//! What somebody who is signed in still has to prove: nobody is asked twice for the password that they have just given.

use crate::accounts::context::Visitor;
use crate::accounts::same_place::is_same_place;
use crate::domain::{StepKind, UnixTime};
use crate::store::steps::{self, Step};
use crate::store::{self, Conn, sessions, users};
use crate::tokens::Claims;

/// For how many seconds a password vouches for whoever gave it.
pub const VOUCHES_FOR: i64 = 2 * 60;

/// What an act still asks of somebody who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StillAsked {
    Nothing,
    /// The current password.
    Password,
}

/// What changing the password still asks of whoever shows this token. By the token's `auth_time`, which must be that of the session's
/// last proof, by what was proved then, and by the session's last step: if anything came after that proof, or the request comes from
/// another place, it may be somebody else by now.
pub fn still_asked(
    conn: &mut Conn,
    claims: &Claims,
    visitor: &Visitor,
    now: UnixTime,
) -> Result<StillAsked, store::Error> {
    let Some(shown) = claims.session else { return Ok(StillAsked::Password) };
    let Some(session) = sessions::find(conn, shown.sid)? else { return Ok(StillAsked::Password) };
    let Some(user) = users::find(conn, session.user)? else { return Ok(StillAsked::Password) };
    let Some(last) = steps::last(conn, shown.sid)? else { return Ok(StillAsked::Password) };
    let was_just_given = claims.require_fresh(VOUCHES_FOR, now).is_ok()
        && session.end.is_none()
        && session.auth_time == shown.auth_time
        && session.proved_password == Some(user.password_version);
    Ok(if was_just_given && is_proof_here(&last, visitor) { StillAsked::Nothing } else { StillAsked::Password })
}

/// Whether the step was a sign-in or a confirmation by this visitor.
fn is_proof_here(step: &Step, visitor: &Visitor) -> bool {
    let is_proof = match step.kind {
        StepKind::SignedIn | StepKind::Confirmed => true,
        StepKind::Renewed | StepKind::Repeated | StepKind::Retried | StepKind::Recovered | StepKind::Reused => false,
    };
    is_proof && !step.odd && is_same_place(&step.ip, &step.user_agent, visitor)
}
