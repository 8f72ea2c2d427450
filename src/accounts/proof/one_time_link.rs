//! Proof by a one-time link: an invitation, or a new password for whoever forgot theirs. One to set up a second factor or to change one's
//! address is no proof.

use super::{Evidence, Method, Proof, secrets};
use crate::domain::UnixTime;
use crate::store::links::{self, Link, Purpose};
use crate::store::outbox::{self, Progress};
use crate::store::users::{self, User};
use crate::store::{Conn, Error};

/// Whose link this is and what it is for, if it could be used now. Spends nothing.
pub fn find(conn: &mut Conn, token: &str, now: UnixTime) -> Result<Option<(Purpose, User)>, Error> {
    let link = links::find(conn, &secrets::hash(token), now)?;
    let Some(Link { purpose, user: Some(user), .. }) = link else { return Ok(None) };
    if purpose == Purpose::ConfirmAddress {
        return Ok(None);
    }
    Ok(users::find(conn, user)?.filter(|user| !user.is_shut_out(now)).map(|user| (purpose, user)))
}

/// How far the mail with this link is. `None`: there is none.
pub fn mail_progress(conn: &mut Conn, token: &str) -> Result<Option<Progress>, Error> {
    outbox::progress_of_link(conn, &secrets::hash(token))
}

/// The proof of whoever holds this link, with what it is for. `None`: the link was used, voided, is too old, or proves nothing.
pub(in crate::accounts) fn prove(
    conn: &mut Conn,
    token: &str,
    now: UnixTime,
) -> Result<Option<(Proof, Purpose)>, Error> {
    let found = find(conn, token, now)?.filter(|(purpose, _)| *purpose != Purpose::Enrolment);
    Ok(found.map(|(purpose, user)| {
        let proof = Proof {
            user: user.id,
            password_version: user.password_version,
            method: Method::Link,
            at: now,
            evidence: Evidence::Link { hash: secrets::hash(token) },
        };
        (proof, purpose)
    }))
}
