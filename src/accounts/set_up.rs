//! The first run: a one-time link, good while there is no user, to create the first admin.

use std::sync::Arc;

use super::{Accounts, Client, Error, Pair, bearer_secret, story};
use crate::domain::{NewPassword, Role, Transport, UnixTime, UserId, Username};
use crate::store::audit::{self, What};
use crate::store::links::{self, Link, Purpose};
use crate::store::users::{self, NewUser};
use crate::store::{self, Conn};

/// How long a link is good.
const SETUP_LINK_LIFE: i64 = 60 * 60;

/// A new token of 256 bits for the link, of which only the hash is stored; earlier ones are void. `None`: there is a user.
pub fn make_setup_link(at: &Accounts, now: UnixTime) -> Result<Option<String>, Error> {
    let token = bearer_secret::random()?;
    let hash = bearer_secret::hash_of(&token);
    let made = at.db.write(move |tx| {
        if users::any(tx.conn)? {
            return Ok::<_, Error>(false);
        }
        let link = Link { purpose: Purpose::Setup, user: None, expires_at: now.plus(SETUP_LINK_LIFE) };
        links::replace(tx.conn, &hash, link, now)?;
        Ok(true)
    })?;
    Ok(made.then_some(token))
}

pub fn setup_link_is_good(conn: &mut Conn, token: &str, now: UnixTime) -> Result<bool, store::Error> {
    let link = links::find(conn, &bearer_secret::hash_of(token), now)?;
    Ok(!users::any(conn)? && link.is_some_and(|link| link.purpose == Purpose::Setup))
}

pub enum SetUp {
    /// The admin's first session, by cookies.
    Done { user: UserId, pair: Pair },
    /// The link was used, voided, or is too old, or there is a user by now.
    DeadLink,
}

/// Creates the first admin and signs them in. Hashes.
pub fn set_up(
    at: &Arc<Accounts>,
    token: &str,
    username: Username,
    password: &NewPassword,
    client: Client,
    now: UnixTime,
) -> Result<SetUp, Error> {
    let link = bearer_secret::hash_of(token);
    let hash = at.passwords.hash(password)?;
    let acts = Arc::clone(at);
    let stored = at.db.write(move |tx| {
        let is_setup = links::find(tx.conn, &link, now)?.is_some_and(|found| found.purpose == Purpose::Setup);
        if users::any(tx.conn)? || !is_setup || !links::consume(tx.conn, &link, now)? {
            return Ok::<_, Error>(None);
        }
        let user = NewUser { username: &username, password_hash: Some(&hash), role: Role::Admin, now };
        let Some(id) = users::add(tx.conn, &user)? else { return Ok(None) };
        users::note_login(tx.conn, id, now)?;
        let Some(user) = users::find(tx.conn, id)? else { return Ok(None) };
        let session = acts.new_session(id, Transport::Cookie, false, &client, now);
        story::begin(tx, &session)?;
        for (what, details) in [(What::UserAdded, Role::Admin.as_str()), (What::SignedIn, Transport::Cookie.as_str())] {
            let event = audit::Event {
                at: now,
                what,
                user: Some(id),
                by: Some(id),
                sid: Some(session.sid),
                ip: Some(&client.ip),
                details: Some(details),
            };
            audit::add(tx.conn, &event)?;
        }
        let standing = acts.standing(&user);
        let memory = Arc::clone(&acts);
        tx.after_commit(move || {
            tracing::info!(event = "set_up", user = %standing.username, "the first admin was created");
            memory.blocklist.remember(standing);
        });
        Ok(Some((id, session, acts.standing(&user).subject)))
    })?;
    let Some((user, session, subject)) = stored else { return Ok(SetUp::DeadLink) };
    Ok(SetUp::Done { user, pair: at.pair(&subject, &session, at.rules.fresh_from(now))? })
}
