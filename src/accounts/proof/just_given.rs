//! Proof by the password that was given a moment ago, at the sign-in or a confirmation.

use std::sync::Arc;

use super::still_asked::{StillAsked, still_asked};
use super::{Evidence, Method, Proof};
use crate::accounts::context::Visitor;
use crate::domain::UnixTime;
use crate::store::users::User;
use crate::store::{self, Conn};
use crate::tokens::Claims;

/// The proof by the password that this user gave a moment ago. `None`: it has to be given again.
pub(in crate::accounts) fn prove(
    conn: &mut Conn,
    user: &User,
    claims: &Arc<Claims>,
    visitor: &Visitor,
    now: UnixTime,
) -> Result<Option<Proof>, store::Error> {
    let Some(shown) = claims.session else { return Ok(None) };
    Ok(match still_asked(conn, claims, visitor, now)? {
        StillAsked::Password => None,
        StillAsked::Nothing => Some(Proof {
            user: user.id,
            password_version: user.password_version,
            method: Method::Password,
            // Not this moment: what was proved once does not get fresher by being referred to.
            at: shown.auth_time,
            evidence: Evidence::JustGiven { claims: Arc::clone(claims), visitor: visitor.clone() },
        }),
    })
}
