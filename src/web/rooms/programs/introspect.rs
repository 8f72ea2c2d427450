//! `POST /introspect`: whether a token may act at this moment, for apps that keep no blocklist of their own. (RFC 7662)

use std::sync::Arc;

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use crate::accounts::accept_token::{NotAccepted, accept};
use crate::accounts::sessions::renew::would_renew;
use crate::domain::TokenType;
use crate::error_chain::chain;
use crate::tokens::Fresh;
use crate::web::app::App;
use crate::web::http::app_request::{Question, question};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::input::Input;

/// The claims of an active token that the answer repeats: the RFC's members, and what Portero's tokens have besides. Not `csrf`:
/// the app that asks needs none.
const TOLD: [&str; 13] =
    ["iss", "aud", "sub", "exp", "iat", "nbf", "jti", "type", "fresh", "sid", "auth_time", "amr", "acr"];

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    input: Input,
) -> Result<HttpResponse, Error> {
    let Question { token, .. } = question(&app, &req, input).await?;
    let active = about(&app, &req, &token).await?;
    Ok(HttpResponse::Ok().json(active.map_or_else(|| json!({ "active": false }), Value::Object)))
}

/// What is told of the token. `None`: it is not active, whatever is wrong with it.
async fn about(app: &App, req: &HttpRequest, token: &str) -> Result<Option<Map<String, Value>>, Error> {
    let now = app.now();
    let Ok(mut claims) = app.accounts.engine.decode(token, None, now) else { return Ok(None) };
    // Showing the token to an app is using it: that counts for its session, and exposes a thief, as it would here.
    let standing = match accept(&app.accounts, &mut claims, || false, || client_address::visitor(app, req), now).await {
        Ok(standing) => standing,
        Err(NotAccepted::Fault(_)) => return Ok(None),
        Err(NotAccepted::Unknown(cause)) => {
            let cause = cause.map_or_else(|| "memory is behind the database".to_owned(), |error| chain(&error));
            return Err(Error::Unavailable(cause));
        }
    };
    if claims.token_type == TokenType::Refresh && claims.session.is_some() {
        let (accounts, shown) = (Arc::clone(&app.accounts), claims.clone());
        if !app.read(move |conn| would_renew(&accounts, conn, &shown, now)).await? {
            return Ok(None);
        }
    }
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
