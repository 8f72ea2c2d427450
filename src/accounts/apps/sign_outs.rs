//! What an app is told of a session that has ended: the token that says so, and what is noted of each try. (OpenID Connect Back-Channel
//! Logout 1.0) Who sends it and when is decided in `telling.rs`.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Error, Pending};
use crate::accounts::tries::Backoff;
use crate::domain::{App, AppId, UnixTime};
use crate::store::audit::event::{Details, Event, What};
use crate::store::logout_deliveries::{self, Due, Outcome, Tried};
use crate::store::{Upkeep, apps};
use crate::tokens::sign_for_apps;

/// In the header of a logout token, so that nothing else is taken for one. (§2.4)
const TYP: &str = "logout+jwt";
/// How long a logout token is good, in seconds. Each try makes another one: a token that an app has seen and not acted upon would be
/// refused as seen.
const LIFE: i64 = 120;
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The waits after a failed try.
pub const BACKOFF: Backoff = Backoff { first: 1, longest: 10 * 60 };
/// For how long it is tried at least, in seconds. Longer, if the app could accept a token for longer.
const TRIED_FOR: i64 = 24 * 60 * 60;

/// The token that tells the app what is due. `None`: there are no keys yet.
pub fn logout_token(
    accounts: &Accounts,
    issuer: &str,
    app: &App,
    due: &Due,
    now: UnixTime,
) -> Result<Option<String>, Error> {
    // As its ID tokens are.
    let algorithm = app.rules.openid.algorithm;
    let Some(keys) = accounts.app_keys.get(algorithm) else {
        accounts.app_keys.want(algorithm);
        return Ok(None);
    };
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    put("iss", issuer.into());
    put("aud", app.client_id.as_str().into());
    put("iat", now.0.into());
    put("exp", now.plus(LIFE).0.into());
    put("jti", Uuid::new_v4().to_string().into());
    put("events", json!({ EVENT: {} }));
    let sid = match &due.ended {
        Some(ended) => {
            put("sub", ended.uid.as_str().into());
            accounts.keyed_ids.session_for_app(app.name.as_str(), ended.sid)
        }
        // A test ends nothing: nobody has this session.
        None => Uuid::new_v4(),
    };
    put("sid", sid.to_string().into());
    Ok(Some(sign_for_apps(&keys, TYP, claims)?))
}

/// Notes what a claimed try came to, and returns it with when it is tried next. `None`: its claim has lapsed, and another process has it.
pub fn note(
    accounts: &Arc<Accounts>,
    due: &Due,
    claimed_until: UnixTime,
    outcome: Outcome,
    status: Option<u16>,
) -> Pending<Option<Tried>> {
    let (id, tries, first, until) = (due.id, due.tries, due.made_at, due.accepted_until);
    let is_test = due.ended.is_none();
    accounts.write(Upkeep, move |tx, accounts, _| {
        let next = tx.now.plus(BACKOFF.wait_after(tries));
        let accepted_until = until.plus(accounts.engine.options().decode_leeway);
        let last = first.plus(TRIED_FOR).max(accepted_until);
        // Whoever tries something out looks at what came of it and tries again.
        let next_try_at = (!outcome.is_final() && !is_test && next <= last).then_some(next);
        let tried = Tried { outcome, status, at: tx.now, next_try_at };
        Ok(logout_deliveries::note(tx.conn, id, claimed_until, tried)?)
    })
}

/// Sends the app a sign-out of a session that nobody has, so that an admin sees whether it can be told. `false`: there is no such app, or
/// it has no address.
pub fn send_test(accounts: &Arc<Accounts>, mandate: Mandate, app: AppId) -> Pending<bool> {
    accounts.write(mandate, move |tx, accounts, acting| {
        let found = apps::find(tx.conn, app)?.filter(|app| app.rules.backchannel_logout.is_some());
        let Some(app) = found else { return Ok(false) };
        logout_deliveries::add_test(tx.conn, app.id, app.name.as_str(), tx.now)?;
        let name = app.name.to_string();
        Event::new(What::SignOutTested, &acting.by()).details(Details::App(name.clone())).record(tx)?;
        let bell = Arc::clone(&accounts.apps_to_tell);
        let by = acting.user.username.to_string();
        let ip = tx.from.clone();
        tx.after_commit(move || {
            tracing::info!(event = "sign_out_tested", app = name, by, ip);
            bell.ring();
        });
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_between_tries_double_up_to_ten_minutes() {
        for (tries, least) in [(0, 1), (1, 2), (2, 4), (5, 32), (9, 512), (10, 600), (63, 600), (i64::MAX, 600)] {
            let wait = BACKOFF.wait_after(tries);
            assert!((least..=least + least / 4).contains(&wait), "{tries}: {wait}");
        }
    }
}
