//! Giving a user another name. The old one stays theirs, for nobody else may be mistaken for them. Every session ends, because its tokens
//! name the user; one-time links go on, because they belong to the account and not to its name.

use std::sync::Arc;

use crate::accounts::authority::Administrator;
use crate::accounts::context::{Accounts, Pending};
use crate::accounts::sessions::end::end;
use crate::blocklist::change::Change;
use crate::domain::{Reason, UserId, Username};
use crate::store::audit::event::{Details, Event, What};
use crate::store::names::{self, Taken};
use crate::store::session_ends::Which;
use crate::store::users;

#[derive(Debug, PartialEq, Eq)]
pub enum Renamed {
    /// `sessions_ended`: how many the change ended; `receipt`: of that act, if it ended any.
    Done {
        sessions_ended: usize,
        receipt: Option<String>,
    },
    /// That is the name already.
    NoChange,
    /// There is none, or they were deleted.
    NoSuchUser,
    Taken(Taken),
}

pub fn rename(accounts: &Arc<Accounts>, by: impl Into<Administrator>, user: UserId, to: Username) -> Pending<Renamed> {
    accounts.write(by.into(), move |tx, accounts, actor| {
        let found = users::find(tx.conn, user)?.filter(|user| user.deleted_at.is_none());
        let Some(user) = found else { return Ok(Renamed::NoSuchUser) };
        if user.username == to {
            return Ok(Renamed::NoChange);
        }
        if let Some(taken) = names::taken(tx.conn, &to, Some(user.id))? {
            return Ok(Renamed::Taken(taken));
        }
        let every = Which::OfUser { user: user.id, except: None };
        let ended = end(tx, every, Reason::Renamed, &actor.by)?;
        let sessions_ended = ended.sessions.len();
        names::rename(tx.conn, user.id, &user.username, &to, tx.now)?;
        let details = Details::Renamed { from: user.username.clone(), to: to.clone() };
        Event::new(What::UserRenamed, &actor.by).user(user.id).details(details).record(tx)?;
        let (by, ip) = actor.for_log();
        // A peer's token that names the old name is nobody's from now on.
        tx.change(Change::UserGone(accounts.standing(&user).subject().to_owned()));
        tx.after_commit(move || {
            tracing::info!(event = "user_renamed", user = %to, before = %user.username, sessions_ended, by, ip);
        });
        Ok(Renamed::Done { sessions_ended, receipt: ended.proof() })
    })
}
