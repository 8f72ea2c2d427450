//! Invitations and new passwords without mail: an admin or the operator hands a link over, and whoever holds it chooses the password.
//! Nobody else ever learns it.

use std::sync::Arc;

use super::end_session::{End, Which, end};
use super::{Accounts, By, Client, Error, Pair, bearer_secret, story};
use crate::domain::{NewPassword, Reason, Role, SessionId, Transport, UnixTime, UserId, Username};
use crate::store::audit::{self, What};
use crate::store::links::{self, Link, Purpose};
use crate::store::users::{self, NewUser, User};
use crate::store::{self, Conn, Tx};

/// How long an invitation is good: it may wait for somebody's first day.
const INVITATION_LIFE: i64 = 7 * 24 * 60 * 60;
/// And a link for a new password, whose account is in use.
const NEW_PASSWORD_LIFE: i64 = 24 * 60 * 60;

/// A link to hand over: its secret part, told this once, and until when it is good.
#[derive(Clone, Debug)]
pub struct MadeLink {
    pub token: String,
    pub expires_at: UnixTime,
}

pub enum Invited {
    Invited { user: UserId, link: MadeLink },
    NameTaken,
}

/// Adds a user who has no password yet, and makes the link by which they choose one.
pub fn invite(at: &Accounts, username: Username, role: Role, by: By, now: UnixTime) -> Result<Invited, Error> {
    let token = bearer_secret::random()?;
    at.db.write(move |tx| {
        let user = NewUser { username: &username, password_hash: None, role, now };
        let Some(id) = users::add(tx.conn, &user)? else { return Ok(Invited::NameTaken) };
        note(tx, What::UserAdded, id, by, role.as_str(), now)?;
        let link = make(tx, &token, id, Purpose::Invitation, by, now)?;
        tx.after_commit(move || tracing::info!(event = "user_invited", user = %username, role = role.as_str()));
        Ok(Invited::Invited { user: id, link })
    })
}

/// A link for another password, or, for somebody who never had one, a new invitation. Voids the earlier ones. `None`: there is no such
/// user, or they are disabled.
pub fn new_link(at: &Accounts, user: UserId, by: By, now: UnixTime) -> Result<Option<MadeLink>, Error> {
    let token = bearer_secret::random()?;
    at.db.write(move |tx| {
        let Some(user) = users::find(tx.conn, user)?.filter(|user| !user.is_out(now)) else { return Ok(None) };
        let purpose = if user.password_hash.is_some() { Purpose::NewPassword } else { Purpose::Invitation };
        let link = make(tx, &token, user.id, purpose, by, now)?;
        tx.after_commit(move || tracing::info!(event = "link_made", user = %user.username, purpose = purpose.as_str()));
        Ok(Some(link))
    })
}

fn make(
    tx: &mut Tx<'_>,
    token: &str,
    user: UserId,
    purpose: Purpose,
    by: By,
    now: UnixTime,
) -> Result<MadeLink, Error> {
    let life = match purpose {
        Purpose::NewPassword => NEW_PASSWORD_LIFE,
        Purpose::Invitation | Purpose::Setup => INVITATION_LIFE,
    };
    let link = Link { purpose, user: Some(user), expires_at: now.plus(life) };
    links::replace(tx.conn, &bearer_secret::hash_of(token), link, now)?;
    note(tx, What::LinkMade, user, by, purpose.as_str(), now)?;
    Ok(MadeLink { token: token.to_owned(), expires_at: link.expires_at })
}

/// Whose link this is and what for, if it could be used now. Uses nothing up.
pub fn find_link(conn: &mut Conn, token: &str, now: UnixTime) -> Result<Option<(Purpose, User)>, store::Error> {
    let link = links::find(conn, &bearer_secret::hash_of(token), now)?;
    let Some(Link { purpose, user: Some(user), .. }) = link else { return Ok(None) };
    Ok(users::find(conn, user)?.filter(|user| !user.is_out(now)).map(|user| (purpose, user)))
}

pub enum Used {
    /// The password is set, every session from before has ended, and this is a new one.
    Done { user: UserId, pair: Pair, sessions_ended: usize },
    /// The link was used, voided, or is too old.
    DeadLink,
}

/// Sets the password that was chosen. `replaces`: the session this browser held until now, whosesoever; it ends. Hashes.
pub fn use_link(
    at: &Arc<Accounts>,
    token: &str,
    password: &NewPassword,
    replaces: Option<SessionId>,
    client: Client,
    now: UnixTime,
) -> Result<Used, Error> {
    let link = bearer_secret::hash_of(token);
    let hash = at.passwords.hash(password)?;
    let acts = Arc::clone(at);
    let token = token.to_owned();
    let stored = at.db.write(move |tx| {
        let found = find_link(tx.conn, &token, now)?;
        let Some((purpose, user)) = found else { return Ok::<_, Error>(None) };
        if !links::consume(tx.conn, &link, now)? {
            return Ok(None);
        }
        if !users::set_password(tx.conn, user.id, user.password_version, &hash, now)? {
            return Err(store::Error::NotTaken.into());
        }
        let every = Which::OfUser { user: user.id, except: None };
        let by_self = Some(user.id);
        let ended = end(tx, &acts, every, End { at: now, reason: Reason::PasswordChange, by: by_self })?;
        let sessions_ended = ended.sessions.len();
        if let Some(sid) = replaces {
            end(tx, &acts, Which::One(sid), End { at: now, reason: Reason::Replaced, by: by_self })?;
        }
        note(tx, What::PasswordChanged, user.id, by_self, purpose.as_str(), now)?;
        users::note_login(tx.conn, user.id, now)?;
        // Read again: the cut-off for peers' tokens has moved.
        let Some(user) = users::find(tx.conn, user.id)? else { return Ok(None) };
        let session = acts.new_session(user.id, Transport::Cookie, false, &client, now);
        story::begin(tx, &session)?;
        let standing = acts.standing(&user);
        let subject = standing.subject.clone();
        let memory = Arc::clone(&acts);
        tx.after_commit(move || {
            tracing::info!(event = "link_used", user = %standing.username, purpose = purpose.as_str(), sessions_ended);
            memory.blocklist.remember(standing);
        });
        Ok(Some((user.id, session, subject, sessions_ended)))
    })?;
    let Some((user, session, subject, sessions_ended)) = stored else { return Ok(Used::DeadLink) };
    let pair = at.pair(&subject, &session, at.rules.fresh_from(now))?;
    Ok(Used::Done { user, pair, sessions_ended })
}

fn note(tx: &mut Tx<'_>, what: What, user: UserId, by: By, details: &str, now: UnixTime) -> Result<(), Error> {
    let event = audit::Event { at: now, what, user: Some(user), by, sid: None, ip: None, details: Some(details) };
    Ok(audit::add(tx.conn, &event)?)
}
