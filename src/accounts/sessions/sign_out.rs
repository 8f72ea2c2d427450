//! Signing out: ends the session that a token belongs to. Works with an expired token, and twice.

use std::sync::Arc;

use super::end::end;
use super::single_token;
use crate::accounts::authority::OwnToken;
use crate::accounts::context::{Accounts, Pending};
use crate::domain::{AppName, By, Reason, UserId};
use crate::store::session_ends::Which;
use crate::store::sessions;

/// Of a peer's token, which has no session, the token itself is revoked. `peers_user`: whose that is.
pub fn sign_out(accounts: &Arc<Accounts>, token: OwnToken, peers_user: Option<UserId>) -> Pending<()> {
    accounts.write(token, move |tx, _, claims| {
        if let Some(shown) = claims.session {
            let by = sessions::find(tx.conn, shown.sid)?.map_or(By::Portero, |session| By::User(session.user));
            end(tx, Which::One(shown.sid), Reason::Logout, &by)?;
            return Ok(());
        }
        match peers_user {
            Some(user) => single_token::revoke(tx, &claims, user, Reason::Logout, &By::User(user)),
            None => Ok(()),
        }
    })
}

/// The same because the person signed out at an app, which has shown an ID token of this session. `app`: its name.
pub fn sign_out_at_app(accounts: &Arc<Accounts>, token: OwnToken, app: AppName) -> Pending<()> {
    accounts.write(token, move |tx, _, claims| {
        let Some(shown) = claims.session else { return Ok(()) };
        let Some(session) = sessions::find(tx.conn, shown.sid)? else { return Ok(()) };
        let by = By::User(session.user);
        let ended = end(tx, Which::One(shown.sid), Reason::LogoutAtApp, &by)?;
        if !ended.sessions.is_empty() {
            let session = shown.sid.short();
            tx.after_commit(move || tracing::info!(event = "app_signed_out", app = %app, session));
        }
        Ok(())
    })
}
