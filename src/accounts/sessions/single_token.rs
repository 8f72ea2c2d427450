//! Revoking a single token, in the transaction of whatever revokes it.

use crate::accounts::context::Error;
use crate::blocklist::BlockedToken;
use crate::blocklist::change::{Change, Decision, RevokedToken};
use crate::domain::{By, Reason, TokenId, UserId};
use crate::store::Tx;
use crate::store::audit::event::{Details, Event, What};
use crate::store::token_blocklist::{self, Entry};
use crate::tokens::Claims;

/// `false`: it was revoked already.
pub(in crate::accounts) fn block(tx: &mut Tx<'_>, entry: &Entry) -> Result<bool, Error> {
    if !token_blocklist::add(tx.conn, entry)? {
        return Ok(false);
    }
    let blocked = BlockedToken::new(TokenId::from_jti(&entry.jti), entry.expires_at, entry.reason.is_trap());
    tx.change(Change::TokenBlocked(blocked));
    tx.change(Change::Decided(Decision::TokenRevoked(RevokedToken {
        jti: entry.jti.clone(),
        token_type: entry.token_type.as_str().to_owned(),
        user: entry.user.0,
        sid: entry.sid,
        revoked_at: entry.revoked_at.0,
        expires_at: entry.expires_at.map(|moment| moment.0),
        reason: entry.reason.as_str().to_owned(),
        by: entry.by.map(|user| user.0),
    })));
    Ok(true)
}

/// Revokes a token and nothing else, with a record of it. `user`: whose it is. A token without an id can't be revoked.
pub(in crate::accounts) fn revoke(
    tx: &mut Tx<'_>,
    claims: &Claims,
    user: UserId,
    reason: Reason,
    by: &By,
) -> Result<(), Error> {
    let Some(jti) = claims.jti.clone() else { return Ok(()) };
    let entry = Entry {
        jti,
        token_type: claims.token_type,
        user,
        sid: claims.sid(),
        revoked_at: tx.now,
        expires_at: claims.expires_at,
        reason,
        by: by.user(),
    };
    if block(tx, &entry)? {
        let mut event = Event::new(What::TokenRevoked, by).user(user).details(Details::Revoked(reason));
        if let Some(sid) = claims.sid() {
            event = event.session(sid);
        }
        event.record(tx)?;
    }
    Ok(())
}
