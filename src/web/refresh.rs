//! `POST /refresh`: a new access token for a refresh token; where sessions rotate, a new refresh token as well.

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::error::Error;
use super::{App, token_cookies, trust};
use crate::accounts::{self, Renewal};
use crate::domain::Transport;
use crate::guards::RefreshToken;
use crate::guards::cookies::NewCookies;
use crate::tokens::Fault;
use crate::tokens::options::Location;

pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    RefreshToken(caller): RefreshToken,
) -> Result<HttpResponse, Error> {
    let now = app.now();
    if caller.claims.session.is_none() {
        // A peer's refresh token, where the settings trust peers: what the library would do.
        let access = accounts::access_for_peer(&app.accounts, &caller.claims, now)?;
        return Ok(HttpResponse::Ok().json(json!({ "access_token": access.text })));
    }
    let by_cookie = caller.location == Location::Cookies;
    let transport = if by_cookie { Transport::Cookie } else { Transport::Bearer };
    let client = trust::client(&app, &req);
    let ip = client.ip.clone();
    let renewal = accounts::renew(&app.accounts, &caller.claims, transport, client, now).await?;
    tracing::debug!(event = "renewed", user = caller.claims.identity, ip);
    let with_cookies = |new: NewCookies| {
        let mut res = HttpResponse::Ok().json(json!({ "msg": "refreshed" }));
        token_cookies::set(&app, res.head_mut(), &new, now);
        res
    };
    match renewal {
        Renewal::Pair(pair) if by_cookie => Ok(with_cookies(token_cookies::of_pair(pair))),
        Renewal::Pair(pair) => {
            Ok(HttpResponse::Ok().json(json!({ "access_token": pair.access.text, "refresh_token": pair.refresh.text })))
        }
        Renewal::Access { access, csrf, remembered } if by_cookie => Ok(with_cookies(NewCookies {
            access: token_cookies::of_token(access),
            refresh: None,
            csrf,
            kept: remembered,
        })),
        Renewal::Access { access, .. } => Ok(HttpResponse::Ok().json(json!({ "access_token": access.text }))),
        Renewal::Over => Err(Fault::Revoked.into()),
        Renewal::WrongTransport => Err(Fault::WrongTransport.into()),
    }
}
