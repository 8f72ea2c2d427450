//! What the blocklist has to hold, read from the database.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;

use super::{Accounts, Error};
use crate::blocklist::{BlockedToken, Contents, Standing};
use crate::config::Subject;
use crate::domain::{Reason, TokenId, UnixTime, UserId, Username};
use crate::store::{Conn, Pending, sessions, token_blocklist, users};

use super::prune::MARGIN;

/// Users that go to the other thread at a time.
const SOME: usize = 512;

/// Loads everything, on the writer's side, so that nothing changes in between.
pub fn load_blocklist(at: &Accounts, conn: &mut Conn, now: UnixTime) -> Result<(), crate::store::Error> {
    let since = now.plus(-(at.engine.options().decode_leeway + MARGIN));
    let mut contents = load_users(at, conn, since)?;
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

/// Reads users here and keeps them on another thread: with a million of them either takes a second.
fn load_users(at: &Accounts, conn: &mut Conn, since: UnixTime) -> Result<Contents, crate::store::Error> {
    let mut contents = Contents::for_users(users::count_enabled(conn)?);
    let (sender, read) = sync_channel::<Vec<users::Standing>>(8);
    let keep = move || {
        read.into_iter().flatten().for_each(|user| contents.user(at.standing_of(user)));
        contents
    };
    // Whatever ends this early lets go of the sender, for which the other thread waits.
    std::thread::scope(move |scope| {
        let failed = |error: std::io::Error| crate::store::Error::NotFollowed(error.to_string());
        let keeping = std::thread::Builder::new().name("loader".into()).spawn_scoped(scope, keep).map_err(failed)?;
        let mut some = Vec::with_capacity(SOME);
        users::each_with_open_session(conn, since, |user| {
            some.push(user);
            if some.len() == SOME {
                // Fails only where the other thread panicked, which its end will tell.
                drop(sender.send(std::mem::replace(&mut some, Vec::with_capacity(SOME))));
            }
        })?;
        drop(sender.send(some));
        drop(sender);
        keeping.join().map_err(|_| crate::store::Error::Panicked)
    })
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
