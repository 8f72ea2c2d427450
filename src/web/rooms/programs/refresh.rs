//! `POST /refresh`: a new access token for a refresh token and, if the session rotates, a new refresh token as well.

use std::sync::Arc;

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::OwnToken;
use crate::accounts::sessions::renew::{Renewal, renew};
use crate::domain::Transport;
use crate::guards::NewCookies;
use crate::guards::RefreshToken;
use crate::tokens::Fault;
use crate::tokens::options::Location;
use crate::web::app::App;
use crate::web::browser::token_cookies;
use crate::web::http::below_policy::policy_at;
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::replies::{NewAccessToken, tokens};

/// For a script on a page: the new tokens are in its cookies.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Refreshed {
    msg: &'static str,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    RefreshToken(caller): RefreshToken,
) -> Result<HttpResponse, Error> {
    if caller.claims.session.is_none() {
        // A peer's refresh token comes this far only if the settings trust peers; it gets what the library would give.
        let access = app.accounts.access_for_peer(&caller.claims)?;
        return Ok(HttpResponse::Ok().json(NewAccessToken { access_token: &access.text }));
    }
    let by_cookie = caller.location == Location::Cookies;
    let transport = if by_cookie { Transport::Cookie } else { Transport::Bearer };
    let visitor = client_address::visitor(&app, &req);
    let ip = visitor.ip.clone();
    let token = OwnToken { claims: Arc::clone(&caller.claims), ip: ip.clone() };
    let policy = policy_at(&app, &req, &caller.claims);
    let renewal = renew(&app.accounts, token, transport, policy, visitor).everywhere().await?;
    tracing::debug!(event = "renewed", user = caller.claims.identity, ip);
    let with_cookies = |new: NewCookies| {
        let mut res = HttpResponse::Ok().json(Refreshed { msg: "refreshed" });
        token_cookies::set(&app, res.head_mut(), &new, app.now());
        res
    };
    match renewal {
        Renewal::Pair { pair, .. } if by_cookie => Ok(with_cookies(token_cookies::from_pair(pair))),
        Renewal::Pair { pair, .. } => Ok(tokens(&pair)),
        Renewal::Access { access, csrf, remembered } if by_cookie => Ok(with_cookies(NewCookies {
            access: token_cookies::from_token(access, csrf),
            refresh: None,
            kept: remembered,
        })),
        Renewal::Access { access, .. } => Ok(HttpResponse::Ok().json(NewAccessToken { access_token: &access.text })),
        Renewal::Over => Err(Fault::Revoked.into()),
        Renewal::WrongTransport => Err(Fault::WrongTransport.into()),
        Renewal::BelowPolicy(fault) => Err(fault.into()),
    }
}
