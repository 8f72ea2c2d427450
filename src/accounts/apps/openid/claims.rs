//! What an app is told of somebody: in the ID token, and at `/userinfo`.

use serde_json::{Map, Value, json};

use super::holding::Holding;
use super::redeem::Given;
use crate::accounts::apps::keys::LONGEST_LIFE;
use crate::accounts::context::Accounts;
use crate::domain::{App, Scopes, SessionId, UnixTime};

/// In the header of an ID token.
pub const ID_TOKEN_TYP: &str = "JWT";

/// The claims of an ID token. `issuer`: Portero's address. `at_hash`: of the access token that goes with it. `is_first`: whether it is for the
/// request itself, not for a later refresh.
pub fn id_token(
    accounts: &Accounts,
    issuer: &str,
    given: &Given,
    at_hash: String,
    is_first: bool,
) -> Map<String, Value> {
    let Given { holding, scopes, now, .. } = given;
    let Holding { grant, app, .. } = holding;
    let mut claims = if app.rules.openid.tells_in_id_token { about(holding, *scopes) } else { Map::new() };
    let mut put = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    put("iss", issuer.into());
    put("sub", holding.user.uid.clone().into());
    put("aud", app.client_id.clone().into());
    put("iat", now.0.into());
    let mut expires_at = now.plus(LONGEST_LIFE);
    if let (true, Some(place)) = (app.rules.openid.reads_status_list, holding.session.status) {
        // The app takes the token for the session itself, and a session that runs out is in no list at once.
        expires_at = expires_at.min(holding.session.expires_at);
        put("status", accounts.status_claim(issuer, place));
    }
    put("exp", expires_at.0.into());
    put("auth_time", grant.auth_time.0.into());
    if let (Some(nonce), true) = (&grant.nonce, is_first) {
        put("nonce", nonce.clone().into());
    }
    put("acr", grant.methods.level().acr().into());
    put("amr", json!(grant.methods.words().collect::<Vec<_>>()));
    put("sid", session(accounts, holding).into());
    put("at_hash", at_hash.into());
    claims
}

/// The session as this app knows it.
pub fn session(accounts: &Accounts, holding: &Holding) -> String {
    session_at(accounts, &holding.app, holding.session.sid)
}

/// A session as an app knows it.
pub fn session_at(accounts: &Accounts, app: &App, session: SessionId) -> String {
    accounts.keyed_ids.session_for_app(app.name.as_str(), session).to_string()
}

/// What `/userinfo` answers.
pub fn userinfo(holding: &Holding, scopes: Scopes) -> Map<String, Value> {
    let mut claims = about(holding, scopes);
    claims.insert("sub".into(), holding.user.uid.clone().into());
    claims
}

/// What `/introspect` answers of an active token. (RFC 7662)
pub fn introspection(
    accounts: &Accounts,
    issuer: &str,
    holding: &Holding,
    scopes: Scopes,
    times: Option<(UnixTime, UnixTime)>,
) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    put("active", true.into());
    put("iss", issuer.into());
    put("sub", holding.user.uid.clone().into());
    put("aud", holding.app.client_id.clone().into());
    put("client_id", holding.app.client_id.clone().into());
    put("username", holding.user.username.as_str().into());
    put("scope", scopes.to_string().into());
    put("sid", session(accounts, holding).into());
    put("auth_time", holding.grant.auth_time.0.into());
    put("acr", holding.grant.methods.level().acr().into());
    put("amr", json!(holding.grant.methods.words().collect::<Vec<_>>()));
    if let Some((issued_at, expires_at)) = times {
        put("token_type", "Bearer".into());
        put("iat", issued_at.0.into());
        put("exp", expires_at.0.into());
    }
    claims
}

/// What is not known is left out.
fn about(holding: &Holding, scopes: Scopes) -> Map<String, Value> {
    let user = &holding.user;
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    if scopes.include(Scopes::PROFILE) {
        put("preferred_username", user.username.as_str().into());
        if let Some(name) = &user.display_name {
            put("name", name.as_str().into());
        }
        if let Some(locale) = &user.locale {
            put("locale", locale.as_str().into());
        }
    }
    if let (true, Some(mail)) = (scopes.include(Scopes::EMAIL), &user.mail) {
        put("email", mail.as_str().into());
        put("email_verified", user.mail_verified_at.is_some().into());
    }
    if scopes.include(Scopes::GROUPS) {
        put("groups", json!(holding.groups));
    }
    claims
}
