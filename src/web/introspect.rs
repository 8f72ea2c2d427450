//! `POST /introspect`: whether a token may act at this moment, for apps that keep no list of their own. (RFC 7662)

use std::sync::Arc;

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::client_request::token_asked_about;
use super::error::Error;
use super::input::Input;
use super::{App, trust};
use crate::accounts::{self, NotAdmitted};
use crate::domain::TokenType;
use crate::store::chain;
use crate::tokens::Fresh;

/// What is told of an active token: the RFC's members, and what our own tokens have besides. Not `csrf`: who asks needs none.
const TOLD: [&str; 11] = ["iss", "aud", "sub", "exp", "iat", "nbf", "jti", "type", "fresh", "sid", "auth_time"];

pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    input: Input,
) -> Result<HttpResponse, Error> {
    let token = match token_asked_about(&app, &req, input).await? {
        Ok(token) => token,
        Err(refused) => return Ok(refused),
    };
    let active = about(&app, &req, &token).await?;
    Ok(HttpResponse::Ok().json(active.map_or_else(|| json!({ "active": false }), Value::Object)))
}

/// `None`: not active, whatever is wrong with it.
async fn about(app: &App, req: &HttpRequest, token: &str) -> Result<Option<Map<String, Value>>, Error> {
    let now = app.now();
    let Ok(mut claims) = app.accounts.engine.decode(token, None, now) else { return Ok(None) };
    // Whoever shows it to an app uses it: that counts for its session, and betrays a thief, as it would here.
    let standing = match accounts::admit(&app.accounts, &mut claims, || trust::client(app, req), now).await {
        Ok(standing) => standing,
        Err(NotAdmitted::Fault(_)) => return Ok(None),
        Err(NotAdmitted::Unknown(cause)) => {
            let cause = cause.map_or_else(|| "memory is behind the database".to_owned(), |error| chain(&error));
            return Err(Error::Unavailable(cause));
        }
    };
    if claims.token_type == TokenType::Refresh && claims.session.is_some() {
        let (accounts, shown) = (Arc::clone(&app.accounts), claims.clone());
        if !app.read(move |conn| accounts::would_renew(&accounts, conn, &shown, now)).await? {
            return Ok(None);
        }
    }
    let told = claims.all.iter().filter(|(name, _)| TOLD.contains(&name.as_str()));
    let mut told: Map<String, Value> = told.map(|(name, value)| (name.clone(), value.clone())).collect();
    // A peer's token may be worth less here than it says.
    if claims.fresh == Fresh::No {
        told.insert("fresh".into(), false.into());
    }
    told.insert("active".into(), true.into());
    told.insert("token_type".into(), "Bearer".into());
    told.insert("username".into(), standing.username.as_str().into());
    Ok(Some(told))
}
