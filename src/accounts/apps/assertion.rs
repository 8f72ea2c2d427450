//! What an app is told of who asks, signed (`X-Portero-Assertion`): so that a hole in the proxy before the app is not a hole in the app. It
//! opens nothing in Portero.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::kept_assertions::{Kept, Subject};
use crate::accounts::context::Accounts;
use crate::domain::{AppAlgorithm, UnixTime};
use crate::tokens::sign_for_apps;

/// In the header of an assertion, so that no other token of the same keys is taken for one.
pub const TYP: &str = "portero-assertion+jwt";
/// How long an assertion is good, in seconds.
pub const LIFE: i64 = 60;

/// The assertion for whoever shows this pass. `None`: there are no keys yet, or signing failed, which the log tells.
pub fn assertion(accounts: &Accounts, subject: &Subject<'_>, now: UnixTime) -> Option<Arc<str>> {
    let assertions = &accounts.assertions;
    if let Some(text) = assertions.recall(subject, now) {
        return Some(text);
    }
    let Some(keys) = accounts.app_keys.get(AppAlgorithm::ES256) else {
        accounts.app_keys.want(AppAlgorithm::ES256);
        return None;
    };
    let text: Arc<str> = match sign_for_apps(&keys, TYP, claims(accounts, subject, now)) {
        Ok(text) => text.into(),
        Err(error) => {
            tracing::error!(event = "assertion_not_signed", error = %error);
            return None;
        }
    };
    let kept = Kept {
        made_at: now,
        app: subject.app.into(),
        sid: subject.sid,
        user: Arc::clone(subject.user),
        groups: Arc::clone(subject.groups),
        text: Arc::clone(&text),
    };
    assertions.keep(subject.pass, kept);
    Some(text)
}

fn claims(accounts: &Accounts, subject: &Subject<'_>, now: UnixTime) -> Map<String, Value> {
    let user = subject.user;
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    if let Some(url) = &accounts.config.public_url {
        put("iss", url.origin().ascii_serialization().into());
    }
    put("aud", subject.app.into());
    put("sub", user.uid.to_string().into());
    put("preferred_username", user.username.as_str().into());
    put("groups", json!(&**subject.groups));
    put("sid", accounts.keyed_ids.session_for_app(subject.app, subject.sid).to_string().into());
    put("iat", now.0.into());
    put("exp", now.plus(LIFE).0.into());
    claims
}
