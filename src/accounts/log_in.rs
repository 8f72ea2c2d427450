//! Signing in with name and password.

use std::sync::Arc;

use super::end_session::{End, Which, end};
use super::{Accounts, Client, Error, Pair, story};
use crate::domain::{Password, Reason, SessionId, Transport, UnixTime, UserId, Username};
use crate::password::Check;
use crate::store::audit::{self, What};
use crate::store::session_ends;
use crate::store::users::{self, User};

pub struct Credentials {
    /// As typed; it need not be a user name at all.
    pub username: String,
    pub password: Password,
}

/// What a sign-in asks for.
pub struct LogIn {
    pub credentials: Credentials,
    pub transport: Transport,
    /// "Keep me signed in".
    pub remembered: bool,
    /// The session this browser held until now: it ends with the sign-in.
    pub replaces: Option<SessionId>,
    pub client: Client,
}

pub enum LogInOutcome {
    /// `locale`: the language the person chose once, if any. `news`: what they should hear of.
    SignedIn {
        user: UserId,
        pair: Pair,
        locale: Option<String>,
        news: News,
    },
    BadCredentials,
    /// The password was right, so whoever asks may know.
    Disabled,
}

/// What has happened to an account since its person last signed in on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// A session was ended because a spent token was shown.
    pub reuse: bool,
    /// How often a wrong password was entered.
    pub failed_attempts: i64,
}

/// Hashes, so it belongs on the password lane.
pub fn log_in(at: &Arc<Accounts>, asked: LogIn, now: UnixTime) -> Result<LogInOutcome, Error> {
    let LogIn { credentials, transport, remembered, replaces, client } = asked;
    let found = match Username::parse(&credentials.username) {
        Ok(name) => at.db.read(|conn| users::find_by_name(conn, &name))?,
        Err(_) => None,
    };
    let known = found.and_then(|user| user.password_hash.clone().map(|hash| (user, hash)));
    let Some((user, hash)) = known else {
        at.passwords.check_decoy(&credentials.password)?;
        // The name is not told: people type passwords there.
        tracing::info!(event = "sign_in_failed", ip = client.ip, reason = "unknown_user");
        return Ok(LogInOutcome::BadCredentials);
    };
    let check = at.passwords.check(&credentials.password, &hash)?;
    if check == Check::Wrong {
        note_failure(at, &user, What::SignInFailed, None, client.ip, now);
        return Ok(LogInOutcome::BadCredentials);
    }
    if user.is_out(now) {
        tracing::info!(event = "sign_in_failed", user = %user.username, ip = client.ip, reason = "disabled");
        return Ok(LogInOutcome::Disabled);
    }
    let newer_hash = match check {
        Check::RightButOld => Some(at.passwords.hash_again(&credentials.password)?),
        Check::Right | Check::Wrong => None,
    };

    let (id, version) = (user.id, user.password_version);
    let session = at.new_session(user.id, transport, remembered, &client, now);
    let pair = at.pair(&at.standing(&user).subject, &session, at.rules.fresh_from(now))?;
    let acts = Arc::clone(at);
    let stored = at.db.write(move |tx| {
        let Some(user) = users::find_unchanged(tx.conn, user.id, version, now)? else { return Ok::<_, Error>(None) };
        if let Some(newer) = &newer_hash {
            users::upgrade_hash(tx.conn, user.id, &hash, newer)?;
        }
        if let Some(sid) = replaces {
            end(tx, &acts, Which::One(sid), End { at: now, reason: Reason::Replaced, by: Some(user.id) })?;
        }
        story::begin(tx, &session)?;
        if transport == Transport::Bearer {
            for oldest in session_ends::beyond_limit(tx.conn, user.id, acts.rules.bearer_limit, now)? {
                end(tx, &acts, Which::One(oldest), End { at: now, reason: Reason::Limit, by: None })?;
            }
        }
        users::note_login(tx.conn, user.id, now)?;
        let news = News { reuse: user.untold_reuse_at.is_some(), failed_attempts: user.failed_attempts };
        // A program reads no news: they wait for the person.
        if transport == Transport::Cookie {
            users::note_told(tx.conn, user.id)?;
        }
        let event = audit::Event {
            at: now,
            what: What::SignedIn,
            user: Some(user.id),
            by: Some(user.id),
            sid: Some(session.sid),
            ip: Some(&client.ip),
            details: Some(transport.as_str()),
        };
        audit::add(tx.conn, &event)?;
        let standing = acts.standing(&user);
        let (sid, ip) = (session.sid.short(), client.ip);
        tx.after_commit(move || {
            tracing::info!(event = "signed_in", user = %standing.username, session = sid, ip, transport = transport.as_str());
            acts.blocklist.remember(standing);
        });
        Ok(Some((user.locale, news)))
    })?;
    Ok(match stored {
        Some((locale, news)) => LogInOutcome::SignedIn { user: id, pair, locale, news },
        None => LogInOutcome::BadCredentials,
    })
}

/// Counts a wrong password of a user we know. Nobody waits for the note: the time a durable write takes would tell a name
/// that exists from one that does not.
pub(super) fn note_failure(at: &Accounts, user: &User, what: What, sid: Option<SessionId>, ip: String, now: UnixTime) {
    tracing::info!(event = what.as_str(), user = %user.username, ip, reason = "wrong_password");
    let user = user.id;
    drop(at.db.submit::<_, Error>(move |tx| {
        // Who is signed in and mistypes a confirmation is told so at once, and need not hear of it again.
        if what == What::SignInFailed {
            users::note_failure(tx.conn, user)?;
        }
        let event = audit::Event { at: now, what, user: Some(user), by: None, sid, ip: Some(&ip), details: None };
        Ok(audit::add(tx.conn, &event)?)
    }));
}
