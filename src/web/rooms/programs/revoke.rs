//! `POST /revoke`: an app has a token refused from now on; a refresh token takes its session with it, and a token by OpenID Connect
//! what the app was given with it. (RFC 7009)

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts;
use crate::accounts::apps::openid;
use crate::accounts::apps::openid::caller::AppCaller;
use crate::accounts::apps::openid::tokens::{AccessToken, RefreshToken};
use crate::accounts::apps::revoke::revoke;
use crate::accounts::upkeep::memory::remember_user;
use crate::store::apps;
use crate::web::app::App;
use crate::web::http::app_request::{Question, question};
use crate::web::http::error::Error;
use crate::web::http::input::Input;

/// Answers 200 also for a text that is no token of Portero's, or no longer one: the app can do nothing about it. (RFC 7009 §2.2)
pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    input: Result<Input, Error>,
) -> Result<HttpResponse, Error> {
    let Question { caller, token } = question(&app, &req, input).await?;
    let grant = AccessToken::open(&app.accounts, &token).map(|token| token.grant);
    if let Some(grant) = grant.or_else(|| RefreshToken::open(&app.accounts, &token).map(|token| token.grant)) {
        return match openid::revoke::revoke(&app.accounts, caller, grant).everywhere().await {
            // An app that speaks no OpenID Connect was given none.
            Ok(_) | Err(accounts::Error::UnknownApp) => Ok(HttpResponse::Ok().finish()),
            Err(error) => Err(error.into()),
        };
    }
    let AppCaller::WithSecret(caller) = caller else { return Ok(HttpResponse::Ok().finish()) };
    let client_id = caller.id.clone();
    if !app.read(move |conn| apps::introspects(conn, &client_id)).await? {
        return Ok(HttpResponse::Ok().finish());
    }
    let read = app.accounts.read_token(|engine| engine.decode_allow_expired(&token, None, app.now()));
    if let Ok(checked) = read.ok_or_else(|| Error::Unavailable("memory is behind the database".into()))? {
        let peers_user = match checked.claims.session {
            Some(_) => None,
            None => {
                let found = remember_user(&app.accounts, checked.claims.identity.clone()).everywhere().await?;
                found.map(|found| found.user)
            }
        };
        revoke(&app.accounts, caller, checked.claims, peers_user).everywhere().await?;
    }
    Ok(HttpResponse::Ok().finish())
}
