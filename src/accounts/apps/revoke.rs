//! What an app has revoked: a refresh token takes its session with it, an access token goes alone. (RFC 7009)

use std::sync::Arc;

use super::credentials::AppCredentials;
use crate::accounts::context::{Accounts, Pending};
use crate::accounts::sessions::end::end;
use crate::accounts::sessions::single_token;
use crate::domain::{Reason, TokenType, UserId};
use crate::store::session_ends::Which;
use crate::store::sessions;
use crate::tokens::Claims;

/// `peers_user`: whose a peer's token is.
pub fn revoke(
    accounts: &Arc<Accounts>,
    app: AppCredentials,
    claims: Arc<Claims>,
    peers_user: Option<UserId>,
) -> Pending<()> {
    accounts.write(app, move |tx, _, by| {
        let user = match claims.sid() {
            Some(sid) if claims.token_type == TokenType::Refresh => {
                end(tx, Which::One(sid), Reason::RevokedByApp, &by)?;
                return Ok(());
            }
            Some(sid) => sessions::find(tx.conn, sid)?.map(|session| session.user),
            None => peers_user,
        };
        match user {
            Some(user) => single_token::revoke(tx, &claims, user, Reason::RevokedByApp, &by),
            None => Ok(()),
        }
    })
}
