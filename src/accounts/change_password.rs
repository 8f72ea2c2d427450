//! Changing one's own password: a new session for whoever did it, the end for the others.

use std::sync::Arc;

use super::end_session::{End, Which, end};
use super::log_in::note_failure;
use super::{Accounts, Client, Error, Pair, story};
use crate::domain::{NewPassword, Password, Reason, Transport, UnixTime, UserId};
use crate::password::Check;
use crate::store::audit::{self, What};
use crate::store::{links, users};
use crate::tokens::Claims;

/// What a change of password asks for.
pub struct ChangePassword {
    pub user: UserId,
    /// Of the token that asks: its session is the one that goes on as a new one.
    pub claims: Claims,
    pub current: Password,
    pub new: NewPassword,
    pub end_others: bool,
    pub client: Client,
}

pub enum Changed {
    /// `others_ended`: how many sessions besides the one that asked.
    Done {
        pair: Pair,
        others_ended: usize,
    },
    WrongPassword,
    /// The session or the user is no longer what it was.
    Over,
}

/// Hashes twice, so it belongs on the password lane.
pub fn change_password(at: &Arc<Accounts>, asked: ChangePassword, now: UnixTime) -> Result<Changed, Error> {
    let ChangePassword { user, claims, current, new, end_others, client } = asked;
    let found = at.db.read(|conn| users::find(conn, user))?;
    let known = found.and_then(|user| user.password_hash.clone().map(|hash| (user, hash)));
    let Some((user, old_hash)) = known else { return Ok(Changed::Over) };
    let (own, version) = (claims.session, user.password_version);
    if at.passwords.check(&current, &old_hash)? == Check::Wrong {
        note_failure(at, &user, What::ConfirmFailed, own.map(|session| session.sid), client.ip, now);
        return Ok(Changed::WrongPassword);
    }
    let new_hash = at.passwords.hash(&new)?;

    let acts = Arc::clone(at);
    let stored = at.db.write(move |tx| {
        // Hashing took its time. Whatever was changed meanwhile wins.
        let Some(user) = users::find(tx.conn, user.id)?.filter(|user| !user.is_out(now)) else {
            return Ok::<_, Error>(None);
        };
        let this_end = End { at: now, reason: Reason::PasswordChange, by: Some(user.id) };
        let which = match own {
            Some(own) if !end_others => Which::One(own.sid),
            Some(_) | None => Which::OfUser { user: user.id, except: None },
        };
        let ended = if own.is_some() || end_others { end(tx, &acts, which, this_end)?.sessions } else { Vec::new() };
        let own = own.map(|own| ended.iter().find(|one| one.sid == own.sid));
        let (transport, remembered) = match own {
            None => (Transport::Bearer, false),
            Some(Some(own)) => (own.transport, own.remembered),
            // It ended meanwhile. Whatever was ended above is undone with the rest.
            Some(None) => return Err(Error::SessionOver),
        };
        if !users::set_password(tx.conn, user.id, version, &new_hash, now)? {
            // The own session was ended above: undone with the rest, as this is an error to the transaction.
            return Err(crate::store::Error::NotTaken.into());
        }
        // A link that somebody else may have is worth nothing any more.
        links::void(tx.conn, Some(user.id))?;
        let others_ended = ended.len() - usize::from(own.is_some());
        let session = acts.new_session(user.id, transport, remembered, &client, now);
        story::begin(tx, &session)?;
        let event = audit::Event {
            at: now,
            what: What::PasswordChanged,
            user: Some(user.id),
            by: Some(user.id),
            sid: Some(session.sid),
            ip: Some(&client.ip),
            details: None,
        };
        audit::add(tx.conn, &event)?;
        // Read again: the cut-off for peers' tokens has moved.
        let Some(user) = users::find(tx.conn, user.id)? else { return Ok(None) };
        let standing = acts.standing(&user);
        let subject = standing.subject.clone();
        let ip = client.ip;
        let memory = Arc::clone(&acts);
        tx.after_commit(move || {
            tracing::info!(event = "password_changed", user = %standing.username, ip, others_ended);
            memory.blocklist.remember(standing);
        });
        Ok(Some((session, subject, others_ended)))
    });
    let (session, subject, others_ended) = match stored {
        Ok(Some(stored)) => stored,
        Ok(None) | Err(Error::SessionOver) => return Ok(Changed::Over),
        Err(error) => return Err(error),
    };
    let pair = at.pair(&subject, &session, at.rules.fresh_from(now))?;
    Ok(Changed::Done { pair, others_ended })
}
