//! An app gives back what it was given: all tokens of the grant are refused from now on. (RFC 7009)

use std::sync::Arc;

use super::caller::AppCaller;
use crate::accounts::context::{Accounts, Pending};
use crate::store::grants::{self, GrantId};

/// `false`: it was not given to this app, or has ended before.
pub fn revoke(accounts: &Arc<Accounts>, caller: AppCaller, grant: GrantId) -> Pending<bool> {
    accounts.write(caller, move |tx, _, app| {
        let Some(grant) = grants::find(tx.conn, grant)?.filter(|grant| grant.app == app.id) else { return Ok(false) };
        let has_ended = grants::end(tx.conn, grant.id, tx.now)?;
        if has_ended {
            let (app, session) = (app.name.to_string(), grant.sid.short());
            tx.after_commit(move || tracing::info!(event = "app_grant_revoked", app, session));
        }
        Ok(has_ended)
    })
}
