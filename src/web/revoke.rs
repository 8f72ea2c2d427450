//! `POST /revoke`: an app has a token refused from now on; a refresh token takes its session with it. (RFC 7009)

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};

use super::App;
use super::client_request::token_asked_about;
use super::error::Error;
use super::input::Input;
use crate::accounts::{remember_user, revoke_for_app};

/// 200 also for what is no token of ours, or not any more: the app can do nothing about it. (RFC 7009 §2.2)
pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    input: Input,
) -> Result<HttpResponse, Error> {
    let token = match token_asked_about(&app, &req, input).await? {
        Ok(token) => token,
        Err(refused) => return Ok(refused),
    };
    let now = app.now();
    if let Ok(checked) = app.accounts.engine.decode_allow_expired(&token, None, now) {
        let peers_user = match checked.claims.session {
            Some(_) => None,
            None => remember_user(&app.accounts, checked.claims.identity.clone(), now)
                .answer()
                .await?
                .map(|found| found.user),
        };
        revoke_for_app(&app.accounts, checked.claims, peers_user, now).answer().await?;
    }
    Ok(HttpResponse::Ok().finish())
}
