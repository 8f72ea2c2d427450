//! The Actix part of the engine: finds the token in a request, checks it, renews it where that is due, and hands the result
//! to extractors. Knows neither Portero's pages nor its database; what it has to ask of them stands in [`Hooks`].

pub mod body;
pub mod cookies;
mod extractors;
mod locate;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

pub use extractors::{AccessToken, AnyToken, FreshToken, OptionalToken, RefreshToken, Refused, extractors_refused};
pub use locate::{is_form, is_json};

use crate::domain::{TokenType, UnixTime};
use crate::tokens::options::Location;
use crate::tokens::{Claims, Engine, Fault};
use cookies::NewCookies;
use locate::Found;

pub type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What a guard asks of the app around it.
pub trait Hooks: Send + Sync {
    fn engine(&self) -> &Engine;

    fn now(&self) -> UnixTime;

    /// Seconds within which a person must have proved who they are for [`FreshToken`].
    fn fresh_for(&self) -> i64;

    /// What this request is to be held to, where that depends on more than its route.
    fn policy(&self, _req: &HttpRequest, base: Policy) -> Policy {
        base
    }

    /// Is the token revoked, may its user act? The last word on a token that passed everything else; it may take something
    /// from the claims. (`token_in_blocklist_loader`, `token_verification_loader`, `user_lookup_loader`)
    fn admit<'a>(
        &'a self,
        req: &'a HttpRequest,
        claims: &'a mut Claims,
        location: Location,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>>;

    /// Whether this request may renew the session's tokens by its refresh cookie.
    fn may_renew(&self, _req: &HttpRequest) -> bool {
        false
    }

    /// New tokens for a good refresh token from a cookie.
    fn renew<'a>(
        &'a self,
        _req: &'a HttpRequest,
        _claims: &'a Claims,
    ) -> LocalBoxFuture<'a, Result<NewCookies, Refusal>> {
        Box::pin(async { Err(Fault::Expired.into()) })
    }
}

/// The hooks as app data.
pub type SharedHooks = web::Data<dyn Hooks>;

/// What a route demands of a token. (`jwt_required`'s arguments)
#[derive(Clone, Debug)]
pub struct Policy {
    /// Which token: decides the cookie, the CSRF header and field, and the type that is demanded.
    pub token: TokenType,
    /// Whether the type must be right. (`verify_type`)
    pub verify_type: bool,
    /// `None`: as configured. (`locations`)
    pub locations: Option<Vec<Location>>,
    pub csrf: CsrfCheck,
}

/// Whether a token from a cookie has to be accompanied by its CSRF value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CsrfCheck {
    /// As the options say.
    Configured,
    /// For every method that changes something, in the header or the form, whatever the options say.
    Always,
    /// Not here: the route sees to it.
    Never,
}

impl Policy {
    pub fn access() -> Self {
        Self { token: TokenType::Access, verify_type: true, locations: None, csrf: CsrfCheck::Configured }
    }

    pub fn refresh() -> Self {
        Self { token: TokenType::Refresh, ..Self::access() }
    }

    /// Either type; cookies are read under the access token's names.
    pub fn any_type() -> Self {
        Self { verify_type: false, ..Self::access() }
    }

    #[must_use]
    pub fn csrf(self, csrf: CsrfCheck) -> Self {
        Self { csrf, ..self }
    }
}

/// Who calls, by a token that passed every check.
#[derive(Clone, Debug)]
pub struct Caller {
    pub claims: Arc<Claims>,
    pub location: Location,
}

/// Why a guard lets a request go no further.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Fault(#[from] Fault),
    /// It could not be found out whether the token is good. Never guessed.
    #[error("could not look")]
    Unavailable,
    #[error(transparent)]
    Body(#[from] body::BodyFault),
}

/// What the guard found, kept in the request for the extractors.
#[derive(Clone)]
struct Finding(Result<Caller, Refusal>);

/// The middleware: `.wrap(from_fn(|req, next| guards::check(Policy::access(), req, next)))`.
pub async fn check<B: MessageBody + 'static>(
    policy: Policy,
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    if req.method() == Method::OPTIONS {
        return next.call(req).await;
    }
    let hooks = req.app_data::<SharedHooks>().cloned().ok_or_else(|| {
        tracing::error!("a guard has no hooks: App::app_data(SharedHooks) is missing");
        actix_web::error::ErrorInternalServerError("")
    })?;
    let policy = hooks.policy(req.request(), policy);
    let (result, renewed) = match caller(hooks.as_ref(), &policy, &mut req).await {
        Ok((caller, renewed)) => (Ok(caller), renewed),
        Err(refusal) => (Err(refusal), None),
    };
    req.extensions_mut().insert(Finding(result));
    let mut res = next.call(req).await?;
    if let Some(cookies) = renewed {
        let options = hooks.engine().options();
        // A handler that set or removed a cookie itself has the last word on that one. One that gave an access token of its
        // own, as a confirmation does, must not cost the browser its new refresh token: the old one is spent.
        let refresh_touched = cookies::touched(options, res.response(), TokenType::Refresh);
        let access_touched = cookies::touched(options, res.response(), TokenType::Access);
        let head = res.response_mut().head_mut();
        if !refresh_touched {
            cookies::set_refresh(options, head, &cookies, hooks.now());
        }
        if !refresh_touched && !access_touched {
            cookies::set_access(options, head, &cookies, hooks.now());
        }
    }
    Ok(res)
}

async fn caller(
    hooks: &dyn Hooks,
    policy: &Policy,
    req: &mut ServiceRequest,
) -> Result<(Caller, Option<NewCookies>), Refusal> {
    let engine = hooks.engine();
    let now = hooks.now();
    let found = locate::find(engine.options(), policy, req).await?;
    let (found, fault) = match found {
        Ok(found) => match decode(engine, policy, &found, now) {
            Ok(mut claims) => match hooks.admit(req.request(), &mut claims, found.location).await {
                Ok(()) => return Ok((Caller { claims: Arc::new(claims), location: found.location }, None)),
                Err(Refusal::Fault(fault)) => (Some(found), fault),
                Err(refusal) => return Err(refusal),
            },
            Err(fault) => (Some(found), fault),
        },
        Err(missing) => (None, missing),
    };
    let by_cookie = found.is_none_or(|found| found.location == Location::Cookies);
    // A revoked access token may belong to a session that goes on: another tab has just confirmed, say. Whether it does,
    // the refresh token's own check tells.
    let is_due =
        matches!(fault, Fault::Expired | Fault::Missing(_) | Fault::Revoked) && policy.token == TokenType::Access;
    if by_cookie && is_due && hooks.may_renew(req.request()) {
        renew(hooks, policy, req, fault, now).await
    } else {
        Err(fault.into())
    }
}

/// The first token that is good; if none is, what is wrong with the first.
fn decode(engine: &Engine, policy: &Policy, found: &Found, now: UnixTime) -> Result<Claims, Fault> {
    let check = |token: &String| {
        let claims = engine.decode(token, found.csrf.as_deref(), now)?;
        if policy.verify_type {
            claims.require_type(policy.token)?;
        }
        Ok(claims)
    };
    let first = check(&found.tokens.first);
    if first.is_ok() {
        return first;
    }
    found.tokens.others.iter().find_map(|token| check(token).ok()).map_or(first, Ok)
}

/// In place of an access cookie that is expired or gone: new tokens by the refresh cookie, and the request goes on with them.
async fn renew(
    hooks: &dyn Hooks,
    policy: &Policy,
    req: &mut ServiceRequest,
    fault: Fault,
    now: UnixTime,
) -> Result<(Caller, Option<NewCookies>), Refusal> {
    let engine = hooks.engine();
    let by_refresh = Policy {
        token: TokenType::Refresh,
        verify_type: true,
        locations: Some(vec![Location::Cookies]),
        csrf: policy.csrf,
    };
    let Ok(found) = locate::find(engine.options(), &by_refresh, req).await? else { return Err(fault.into()) };
    let mut claims = decode(engine, &by_refresh, &found, now)?;
    hooks.admit(req.request(), &mut claims, Location::Cookies).await?;
    let cookies = hooks.renew(req.request(), &claims).await?;
    // Not admitted once more: that the client has the new token is not known before it shows it.
    let claims = engine.decode(&cookies.access.text, None, now)?;
    Ok((Caller { claims: Arc::new(claims), location: Location::Cookies }, Some(cookies)))
}

/// Who calls, where the guard found somebody: for what is shown beside the answer, never to decide what may be done.
pub fn found(req: &HttpRequest) -> Option<Caller> {
    req.extensions().get::<Finding>().and_then(|Finding(result)| result.clone().ok())
}

/// Checks the token of one kind that a cookie carries, expired or not, without admitting anybody: for signing out, which
/// must work when nothing else does any more. `None`: there is none, or it is none of ours.
pub fn cookie_claims_allow_expired(
    engine: &Engine,
    req: &HttpRequest,
    token: TokenType,
    now: UnixTime,
) -> Option<Claims> {
    let name = cookies::names(engine.options(), token).token;
    locate::cookie_values(req.headers(), name).iter().find_map(|cookie| {
        let checked = engine.decode_allow_expired(cookie, None, now).ok()?;
        checked.claims.require_type(token).ok()?;
        Some(checked.claims)
    })
}

/// Whether the request carries a cookie of this kind at all, good or bad.
pub fn has_cookie(engine: &Engine, req: &HttpRequest, token: TokenType) -> bool {
    !locate::cookie_values(req.headers(), cookies::names(engine.options(), token).token).is_empty()
}

/// The answer the library gives: `{"msg": text}` with its status, and the challenge that belongs to it.
pub fn json_answer(engine: &Engine, fault: &Fault) -> HttpResponse {
    let status =
        actix_web::http::StatusCode::from_u16(fault.status()).expect("Fault::status gives only statuses that exist");
    let mut builder = HttpResponse::build(status);
    if let Some(challenge) = fault.challenge() {
        builder.insert_header((actix_web::http::header::WWW_AUTHENTICATE, challenge));
    }
    builder.json(std::collections::BTreeMap::from([(&engine.options().error_message_key, fault.to_string())]))
}
