//! Gives an app new tokens for its refresh token, which is good once. Shown again, it ends what the app was given, and nothing else: the
//! person stays signed in here.

use std::sync::Arc;

use super::caller::AppCaller;
use super::holding;
use super::redeem::{Given, given};
use super::tokens::RefreshToken;
use crate::accounts::context::{Accounts, Pending};
use crate::accounts::sessions::status::give_place;
use crate::domain::Scopes;
use crate::store::grants;

pub enum Refreshed {
    Given(Box<Given>),
    /// The token is not good (any more).
    NotGood,
    /// More is asked for than was given. (RFC 6749 §6)
    TooMuch,
}

/// `scopes`: what the new access token is for; `None`: the same as before.
pub fn refresh(
    accounts: &Arc<Accounts>,
    caller: AppCaller,
    shown: RefreshToken,
    scopes: Option<Scopes>,
) -> Pending<Refreshed> {
    accounts.write(caller, move |tx, accounts, app| {
        let found = grants::find(tx.conn, shown.grant)?.filter(|grant| grant.app == app.id);
        let Some(grant) = found else { return Ok(Refreshed::NotGood) };
        if shown.number != grant.refreshes {
            if grants::end(tx.conn, grant.id, tx.now)? {
                let (app, session) = (app.name.to_string(), grant.sid.short());
                tx.after_commit(move || tracing::warn!(event = "app_refresh_reused", app, session));
            }
            return Ok(Refreshed::NotGood);
        }
        let found = holding::find_in_act(accounts, tx.conn, grant.id, tx.now)?;
        let Some(mut holding) = found else { return Ok(Refreshed::NotGood) };
        let wanted = scopes.unwrap_or(holding.grant.scopes);
        if !holding.grant.scopes.include(wanted) {
            return Ok(Refreshed::TooMuch);
        }
        if !grants::refresh(tx.conn, holding.grant.id, shown.number)? {
            return Ok(Refreshed::NotGood);
        }
        if holding.app.rules.openid.reads_status_list {
            // The app may not have when it was given its first token.
            give_place(tx, accounts, &mut holding.session)?;
        }
        let given = given(accounts, holding, shown.number + 1, wanted, tx.now)?;
        Ok(Refreshed::Given(Box::new(given)))
    })
}
