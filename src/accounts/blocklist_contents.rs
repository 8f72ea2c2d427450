//! What the blocklist has to hold, read from the database.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Accounts, Error};
use crate::blocklist::{BlockedToken, Contents, Standing};
use crate::config::Subject;
use crate::domain::{Reason, TokenId, UnixTime, UserId, Username};
use crate::store::{Conn, Pending, sessions, token_blocklist, users};

use super::prune::MARGIN;

/// Loads everything, on the writer's side, so that nothing changes in between.
pub fn load_blocklist(at: &Accounts, conn: &mut Conn, now: UnixTime) -> Result<(), crate::store::Error> {
    let since = now.plus(-(at.engine.options().decode_leeway + MARGIN));
    let mut contents = Contents::for_users(users::count_enabled(conn)?);
    users::each_with_open_session(conn, since, |user| contents.user(at.standing_of(user)))?;
    token_blocklist::each_in_force(conn, since, |jti, reason, until| {
        contents.token(BlockedToken::new(TokenId::of(jti), until, reason == Reason::Lost));
    })?;
    sessions::each_ended_in_force(conn, since, |sid, until| contents.ended_session(sid, until))?;
    for (sid, generation) in sessions::unseen(conn)? {
        contents.unseen(sid, generation);
    }
    at.blocklist.load(contents);
    at.complete_since.store(since.0, Ordering::Relaxed);
    Ok(())
}

/// Whether the clock was set back so far that memory has let go of, or never loaded, what could be shown again.
pub fn memory_has_gaps(at: &Accounts, now: UnixTime) -> bool {
    now.plus(-at.engine.options().decode_leeway).0 < at.complete_since.load(Ordering::Relaxed)
}

/// Looks up the user of a peer's token and keeps what its checks need. `None`: no such user, or disabled.
pub fn remember_user(at: &Arc<Accounts>, subject: String, now: UnixTime) -> Pending<Option<Standing>, Error> {
    let acts = Arc::clone(at);
    // By the writer, so that it can't bring back what a change that is under way has just removed.
    at.db.submit(move |tx| {
        let Ok(name) = Username::parse(&subject) else { return Ok(None) };
        let found = match acts.rules.subject {
            Subject::Username => users::find_by_name(tx.conn, &name)?,
            Subject::Id => match subject.parse() {
                Ok(id) => users::find(tx.conn, UserId(id))?,
                Err(_) => None,
            },
        };
        let standing = found.filter(|user| !user.is_out(now)).map(|user| acts.standing(&user));
        // One spelling only, or a peer could fill the memory with variants of a name.
        let standing = standing.filter(|standing| standing.subject == subject);
        if let Some(standing) = standing.clone() {
            tx.after_commit(move || acts.blocklist.remember(standing));
        }
        Ok(standing)
    })
}
