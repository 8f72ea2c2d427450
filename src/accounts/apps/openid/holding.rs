//! Whether what an app was given still holds: asked each time one of its tokens is shown, of the rows as they are then.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::accounts::apps::check::{may_enter, session_has_proved_enough};
use crate::accounts::context::Accounts;
use crate::accounts::level::require_by_policy;
use crate::domain::{App, GroupName, Transport, UnixTime};
use crate::store::grants::{self, Grant, GrantId};
use crate::store::sessions::{self, Session};
use crate::store::users::{self, User};
use crate::store::{self, Conn, apps, groups};

/// A grant that holds, and all that it stands on.
pub struct Holding {
    pub grant: Grant,
    pub app: Arc<App>,
    pub session: Session,
    pub user: User,
    /// Those that the user is in.
    pub groups: Vec<GroupName>,
}

/// What the token of this grant stands for. `None`: nothing any more. For whoever only asks: the app is the one that memory knows.
pub fn find(accounts: &Accounts, conn: &mut Conn, id: GrantId, now: UnixTime) -> Result<Option<Holding>, store::Error> {
    let Some(grant) = redeemed(conn, id)? else { return Ok(None) };
    let app = match accounts.blocklist.is_in_doubt() {
        true => apps::find(conn, grant.app)?.map(Arc::new),
        false => accounts.blocklist.app(grant.app),
    };
    behind(accounts, conn, grant, app, now)
}

/// The same for an act, by the rows as they are in its transaction.
pub(super) fn find_in_act(
    accounts: &Accounts,
    conn: &mut Conn,
    id: GrantId,
    now: UnixTime,
) -> Result<Option<Holding>, store::Error> {
    let Some(grant) = redeemed(conn, id)? else { return Ok(None) };
    of_grant(accounts, conn, grant, now)
}

/// The same of a grant whose code may still have to be redeemed.
pub(super) fn of_grant(
    accounts: &Accounts,
    conn: &mut Conn,
    grant: Grant,
    now: UnixTime,
) -> Result<Option<Holding>, store::Error> {
    let app = apps::find(conn, grant.app)?.map(Arc::new);
    behind(accounts, conn, grant, app, now)
}

fn redeemed(conn: &mut Conn, id: GrantId) -> Result<Option<Grant>, store::Error> {
    Ok(grants::find(conn, id)?.filter(|grant| grant.redeemed_at.is_some()))
}

fn behind(
    accounts: &Accounts,
    conn: &mut Conn,
    grant: Grant,
    app: Option<Arc<App>>,
    now: UnixTime,
) -> Result<Option<Holding>, store::Error> {
    // Who was signed out after the backup was made would be signed in again.
    let restored = accounts.restored.load(Ordering::Relaxed);
    if grant.ended_at.is_some() || (restored > 0 && grant.made_at.0 <= restored) {
        return Ok(None);
    }
    let Some(app) = app.filter(|app| app.rules.openid.is_used()) else { return Ok(None) };
    let found = sessions::find(conn, grant.sid)?.filter(|session| goes_on(accounts, session, now));
    let Some(session) = found else { return Ok(None) };
    let found = users::find(conn, session.user)?.filter(|user| !user.is_shut_out(now));
    let Some(user) = found else { return Ok(None) };
    let groups = groups::names_of(conn, user.id)?;
    let is_let_in = lets_in(accounts, &app, &session, (&user, &groups), now);
    Ok(is_let_in.then_some(Holding { grant, app, session, user, groups }))
}

/// Tokens of apps are no use of the session: who is idle here is signed out there, too.
fn goes_on(accounts: &Accounts, session: &Session, now: UnixTime) -> bool {
    let idle = now.since(accounts.last_seen.newest(session));
    session.end.is_none()
        && session.expires_at > now
        && idle <= accounts.config.session.idle
        && session.transport == Transport::Cookie
}

fn lets_in(
    accounts: &Accounts,
    app: &App,
    session: &Session,
    (user, groups): (&User, &[GroupName]),
    now: UnixTime,
) -> bool {
    let for_policy = session.methods.level_for_policy();
    let policy = accounts.config.second_factor;
    require_by_policy(policy, user.role, user.factors > 0, for_policy, now).is_ok()
        && session_has_proved_enough(app, session, now)
        && may_enter(app, user.id, user.role, groups)
}
