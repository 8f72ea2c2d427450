//! "Confirm it's you": the password once more, for a fresh token in the same session.

use std::sync::Arc;

use super::end_session::block_token;
use super::log_in::note_failure;
use super::{Accounts, Client, Error, SignedToken, story};
use crate::domain::{Password, Reason, StepKind, TokenType, UnixTime, UserId};
use crate::password::Check;
use crate::store::audit::{self, What};
use crate::store::sessions::{self, Session};
use crate::store::token_blocklist::Entry;
use crate::store::users;
use crate::tokens::Claims;

pub enum Confirmed {
    /// `csrf` and `remembered` are the session's, for its cookies.
    Fresh {
        access: SignedToken,
        csrf: String,
        remembered: bool,
    },
    WrongPassword,
    /// The session or the user is no longer what it was.
    Over,
}

/// Hashes, so it belongs on the password lane. The presented access token is revoked, the refresh token left alone.
pub fn confirm(
    at: &Arc<Accounts>,
    user: UserId,
    claims: Claims,
    password: &Password,
    client: Client,
    now: UnixTime,
) -> Result<Confirmed, Error> {
    let Some(shown) = claims.session else { return Ok(Confirmed::Over) };
    let found = at.db.read(|conn| users::find(conn, user))?;
    let known = found.and_then(|user| user.password_hash.clone().map(|hash| (user, hash)));
    let Some((user, hash)) = known else { return Ok(Confirmed::Over) };
    if at.passwords.check(password, &hash)? == Check::Wrong {
        note_failure(at, &user, What::ConfirmFailed, Some(shown.sid), client.ip, now);
        return Ok(Confirmed::WrongPassword);
    }
    let version = user.password_version;
    let acts = Arc::clone(at);
    let stored = at.db.write(move |tx| {
        let unchanged = users::find_unchanged(tx.conn, user.id, version, now)?;
        let session = sessions::find(tx.conn, shown.sid)?.filter(|session| session.expires_at > now);
        let (Some(user), Some(session)) = (unchanged, session) else { return Ok::<_, Error>(None) };
        let mut confirmed = Session { auth_time: now, ..session.clone() };
        acts.note_access(&mut confirmed, now);
        story::note(tx, &mut confirmed, StepKind::Confirmed, &client, now)?;
        if !sessions::note_use(tx.conn, &session, &confirmed)? {
            return Ok(None);
        }
        if let (Some(jti), TokenType::Access) = (claims.jti, claims.token_type) {
            let entry = Entry {
                jti,
                token_type: TokenType::Access,
                user: user.id,
                sid: Some(confirmed.sid),
                revoked_at: now,
                expires_at: claims.expires_at,
                reason: Reason::Superseded,
                by: Some(user.id),
            };
            block_token(tx, &acts, &entry)?;
        }
        let event = audit::Event {
            at: now,
            what: What::Confirmed,
            user: Some(user.id),
            by: Some(user.id),
            sid: Some(confirmed.sid),
            ip: Some(&client.ip),
            details: None,
        };
        audit::add(tx.conn, &event)?;
        let subject = acts.standing(&user).subject;
        let sid = confirmed.sid.short();
        tx.after_commit(move || {
            tracing::info!(event = "confirmed", user = %user.username, session = sid, ip = client.ip);
        });
        Ok(Some((confirmed, subject)))
    })?;
    let Some((session, subject)) = stored else { return Ok(Confirmed::Over) };
    // Of the generation that was shown: the row may be ahead by an answer that was lost, and a token of its generation would
    // count as a sight of what never arrived.
    let session = Session { generation: shown.generation, ..session };
    Ok(Confirmed::Fresh {
        access: at.extra_access(&subject, &session, at.rules.fresh_from(now), now)?,
        csrf: at.mint_keys.csrf(&session),
        remembered: session.remembered,
    })
}
