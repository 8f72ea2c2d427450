//! `POST /introspect`: whether a token may act at this moment, for apps that keep no blocklist of their own. (RFC 7662)

use std::sync::Arc;

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use crate::accounts::accept_token::{NotAccepted, accept};
use crate::accounts::apps::openid::caller::AppCaller;
use crate::accounts::apps::openid::claims;
use crate::accounts::apps::openid::holding::{self, Holding};
use crate::accounts::apps::openid::tokens::{AccessToken, RefreshToken};
use crate::accounts::sessions::renew::would_renew;
use crate::domain::{Scopes, TokenType, UnixTime};
use crate::error_chain::chain;
use crate::store::apps;
use crate::store::grants::GrantId;
use crate::tokens::Fresh;
use crate::web::app::App;
use crate::web::http::app_request::{Question, question};
use crate::web::http::client_address;
use crate::web::http::error::{AppFault, Error};
use crate::web::http::foreign_tokens::tell_of_observed;
use crate::web::http::input::Input;
use crate::web::http::openid::issuer::issuer;

/// The claims of an active token that the answer repeats: the RFC's members, and what Portero's tokens have besides. Not `csrf`:
/// the app that asks needs none.
const TOLD: [&str; 13] =
    ["iss", "aud", "sub", "exp", "iat", "nbf", "jti", "type", "fresh", "sid", "auth_time", "amr", "acr"];

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    input: Result<Input, Error>,
) -> Result<HttpResponse, Error> {
    let Question { caller, token } = question(&app, &req, input).await?;
    // Whoever shows no secret is told nothing.
    let AppCaller::WithSecret(credentials) = caller else { return Err(Error::App(AppFault::InvalidClient)) };
    let active = match openid_token(&app, &token) {
        Some(shown) => about_own(&app, credentials.id, shown).await?,
        None if app.read(move |conn| apps::introspects(conn, &credentials.id)).await? => {
            about(&app, &req, &token).await?
        }
        None => None,
    };
    Ok(HttpResponse::Ok().json(active.map_or_else(|| json!({ "active": false }), Value::Object)))
}

/// A token of an app that speaks OpenID Connect.
struct OpenIdToken {
    grant: GrantId,
    /// `None`: those of its grant.
    scopes: Option<Scopes>,
    /// From when to when an access token is good.
    times: Option<(UnixTime, UnixTime)>,
    /// Which of its grant's refresh tokens it is. `None`: it is none.
    number: Option<i64>,
}

fn openid_token(app: &App, shown: &str) -> Option<OpenIdToken> {
    let accounts = &app.accounts;
    if let Some(AccessToken { grant, issued_at, expires_at, scopes }) = AccessToken::open(accounts, shown) {
        let times = Some((issued_at, expires_at));
        return Some(OpenIdToken { grant, scopes: Some(scopes), times, number: None });
    }
    let RefreshToken { grant, number } = RefreshToken::open(accounts, shown)?;
    Some(OpenIdToken { grant, scopes: None, times: None, number: Some(number) })
}

/// What an app is told of a token that it was given itself.
async fn about_own(app: &App, client_id: String, shown: OpenIdToken) -> Result<Option<Map<String, Value>>, Error> {
    let now = app.now();
    if shown.times.is_some_and(|(_, expires_at)| expires_at <= now) {
        return Ok(None);
    }
    let issuer = issuer(app)?;
    let accounts = Arc::clone(&app.accounts);
    let found = app.read(move |conn| holding::find(&accounts, conn, shown.grant, now)).await?;
    let is_current = |held: &Holding| shown.number.is_none_or(|number| number == held.grant.refreshes);
    let held = found.filter(|held| held.app.client_id == client_id && is_current(held));
    Ok(held.map(|held| {
        let scopes = shown.scopes.unwrap_or(held.grant.scopes);
        claims::introspection(&app.accounts, &issuer, &held, scopes, shown.times)
    }))
}

/// What is told of a session's token. `None`: it is not active, whatever is wrong with it.
async fn about(app: &App, req: &HttpRequest, token: &str) -> Result<Option<Map<String, Value>>, Error> {
    let now = app.now();
    let read = app.accounts.read_token(|engine| engine.decode(token, None, now));
    let Ok(mut claims) = read.ok_or_else(behind)? else { return Ok(None) };
    // Showing the token to an app is using it: that counts for its session, and exposes a thief, as it would here.
    let standing = match accept(&app.accounts, &mut claims, || false, || client_address::visitor(app, req), now).await {
        Ok(standing) => standing,
        Err(NotAccepted::Fault(_)) => return Ok(None),
        Err(NotAccepted::Unknown(cause)) => {
            return Err(cause.map_or_else(behind, |error| Error::Unavailable(chain(&error))));
        }
    };
    if claims.token_type == TokenType::Refresh && claims.session.is_some() {
        let (accounts, shown) = (Arc::clone(&app.accounts), claims.clone());
        if !app.read(move |conn| would_renew(&accounts, conn, &shown, now)).await? {
            return Ok(None);
        }
    }
    tell_of_observed(app, req, &claims, &standing);
    let told = claims.all.iter().filter(|(name, _)| TOLD.contains(&name.as_str()));
    let mut told: Map<String, Value> = told.map(|(name, value)| (name.clone(), value.clone())).collect();
    // A peer's token may be worth less here than it claims.
    if claims.fresh == Fresh::No {
        told.insert("fresh".into(), false.into());
    }
    told.insert("active".into(), true.into());
    told.insert("token_type".into(), "Bearer".into());
    told.insert("username".into(), standing.username.as_str().into());
    Ok(Some(told))
}

fn behind() -> Error {
    Error::Unavailable("memory is behind the database".into())
}
