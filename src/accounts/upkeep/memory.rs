//! What memory holds of the database: the blocklist and the users with open sessions.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;

use super::prune::MARGIN;
use crate::accounts::context::{Accounts, Pending};
use crate::blocklist::change::Change;
use crate::blocklist::{BlockedToken, Contents, Standing};
use crate::config::Subject;
use crate::domain::{TokenId, UnixTime, UserId, Username};
use crate::store::{self, Conn, Upkeep, instance, sessions, token_blocklist, users};

/// How many users go to the other thread at a time.
const SOME: usize = 512;

/// Loads everything. Runs on the writer's thread, so that nothing changes meanwhile.
pub fn load(accounts: &Accounts, conn: &mut Conn, now: UnixTime) -> Result<(), store::Error> {
    let since = now.plus(-(accounts.engine.options().decode_leeway + MARGIN));
    let mut contents = load_users(accounts, conn, since)?;
    token_blocklist::each_in_force(conn, since, |jti, reason, until| {
        contents.token(BlockedToken::new(TokenId::from_jti(jti), until, reason.is_trap()));
    })?;
    sessions::each_ended_in_force(conn, since, |sid, until| contents.ended_session(sid, until))?;
    for (sid, generation) in sessions::unseen(conn)? {
        contents.expected_first_use(sid, generation);
    }
    accounts.restored.store(instance::restored(conn)?.0, Ordering::Relaxed);
    accounts.blocklist.load(contents);
    accounts.complete_since.store(since.0, Ordering::Relaxed);
    Ok(())
}

/// Reads users on this thread and stores them in memory on another: with a million of them, either takes a second.
fn load_users(accounts: &Accounts, conn: &mut Conn, since: UnixTime) -> Result<Contents, store::Error> {
    let mut contents = Contents::for_users(users::count_enabled(conn)?);
    let (sender, read) = sync_channel::<Vec<users::UserBasics>>(8);
    let keep = move || {
        read.into_iter().flatten().for_each(|user| contents.user(accounts.standing_from(user)));
        contents
    };
    // Whatever ends this early lets go of the sender, for which the other thread waits.
    std::thread::scope(move |scope| {
        let failed = |error: std::io::Error| store::Error::NotFollowed(error.to_string());
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
        keeping.join().map_err(|_| store::Error::Panicked)
    })
}

/// Whether the clock was set back so far that tokens could be shown again which memory has let go of, or never loaded.
pub fn has_gaps(accounts: &Accounts, now: UnixTime) -> bool {
    now.plus(-accounts.engine.options().decode_leeway).0 < accounts.complete_since.load(Ordering::Relaxed)
}

/// Looks up the user of a peer's token and keeps what its checks need. `None`: there is no such user, or they are disabled.
pub fn remember_user(accounts: &Arc<Accounts>, subject: String) -> Pending<Option<Standing>> {
    // On the writer's thread, so that it can't bring back what a change under way has just removed.
    accounts.write(Upkeep, move |tx, accounts, _| {
        let Ok(name) = Username::parse(&subject) else { return Ok(None) };
        let found = match accounts.config.subject {
            Subject::Username => users::find_by_name(tx.conn, &name)?,
            Subject::Id => match subject.parse() {
                Ok(id) => users::find(tx.conn, UserId(id))?,
                Err(_) => None,
            },
        };
        let standing = found.filter(|user| !user.is_shut_out(tx.now)).map(|user| accounts.standing(&user));
        // One spelling only, or a peer could fill the memory with variants of a name.
        let standing = standing.filter(|standing| standing.subject == subject);
        if let Some(standing) = standing.clone() {
            tx.change(Change::UserPresent(standing));
        }
        Ok(standing)
    })
}
