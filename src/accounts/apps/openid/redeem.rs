//! Redeems a code: the app gets its tokens. A code is good once; shown again by its own app, it ends what it gave.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::caller::AppCaller;
use super::holding::{self, Holding};
use super::tokens::{ACCESS_LIFE, AccessToken, RefreshToken};
use crate::accounts::context::{Accounts, Error, Pending};
use crate::accounts::proof::secrets;
use crate::accounts::sessions::status::give_place;
use crate::domain::{Scopes, UnixTime};
use crate::store::grants::{self, Grant};
use crate::store::passes;

/// For how many seconds a code can be redeemed.
const CODE_LIFE: i64 = 60;

/// What an app shows for its tokens.
pub struct CodeShown {
    pub code: String,
    pub redirect_uri: String,
    pub verifier: Option<String>,
}

/// What an app is given. The ID token is still to be signed.
pub struct Given {
    pub access: String,
    /// For how many seconds.
    pub life: i64,
    /// `None`: the app has not asked for one.
    pub refresh: Option<String>,
    pub scopes: Scopes,
    pub holding: Holding,
    pub now: UnixTime,
}

/// `None`: the code is not good; why, the app is not told.
pub fn redeem(accounts: &Arc<Accounts>, caller: AppCaller, shown: CodeShown) -> Pending<Option<Given>> {
    accounts.write(caller, move |tx, accounts, app| {
        let found = grants::find_by_code(tx.conn, &secrets::hash(&shown.code))?;
        // Whoever shows another app's code has stolen it, or was given it by mistake: the one whose it is loses nothing.
        let Some(grant) = found.filter(|grant| grant.app == app.id && fits(grant, &shown)) else { return Ok(None) };
        if grant.redeemed_at.is_some() {
            if grants::end(tx.conn, grant.id, tx.now)? {
                let (app, session) = (app.name.to_string(), grant.sid.short());
                tx.after_commit(move || tracing::warn!(event = "app_code_reused", app, session));
            }
            return Ok(None);
        }
        if grant.made_at.plus(CODE_LIFE) <= tx.now {
            return Ok(None);
        }
        let Some(mut holding) = holding::of_grant(accounts, tx.conn, grant, tx.now)? else { return Ok(None) };
        if !grants::redeem(tx.conn, holding.grant.id, tx.now)? {
            return Ok(None);
        }
        passes::note_entry(tx.conn, holding.session.sid, &app, tx.now)?;
        let (name, user, sid) = (app.name.to_string(), holding.user.username.clone(), holding.session.sid.short());
        tx.after_commit(move || tracing::info!(event = "app_entered", app = name, user = %user, session = sid));
        let scopes = holding.grant.scopes;
        if holding.app.rules.openid.reads_status_list {
            give_place(tx, accounts, &mut holding.session)?;
        }
        given(accounts, holding, 0, scopes, tx.now).map(Some)
    })
}

/// Whether the code was sent there, and the verifier is the one that its challenge was made of. One where there was no challenge is none:
/// somebody has left that out on the way. (RFC 9700 §2.1.1)
fn fits(grant: &Grant, shown: &CodeShown) -> bool {
    let is_verified = match (&grant.challenge, &shown.verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            let made = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
            verify_slices_are_equal(made.as_bytes(), challenge.as_bytes()).is_ok()
        }
        (None, Some(_)) | (Some(_), None) => false,
    };
    is_verified && grant.redirect_uri == shown.redirect_uri
}

/// `number`: of the refresh token.
pub(super) fn given(
    accounts: &Accounts,
    holding: Holding,
    number: i64,
    scopes: Scopes,
    now: UnixTime,
) -> Result<Given, Error> {
    let grant = holding.grant.id;
    let expires_at = now.plus(ACCESS_LIFE).min(holding.session.expires_at);
    let access = AccessToken { grant, issued_at: now, expires_at, scopes }.seal(accounts)?;
    let refresh = match holding.grant.scopes.include(Scopes::OFFLINE) {
        true => Some(RefreshToken { grant, number }.seal(accounts)?),
        false => None,
    };
    Ok(Given { access, life: expires_at.since(now), refresh, scopes, holding, now })
}
