//! Extractors, which make a handler's parameter list its access rule. They look only at what the guard found: a route outside
//! every guard answers 500 instead of letting anybody in.

use std::any::Any;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::error::ResponseError;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use super::body::BodyFault;
use super::caller::{Caller, Finding, Refusal, found};
use super::hooks::{self, SharedHooks};
use crate::domain::{Level, TokenType};
use crate::tokens::Fault;
use crate::tokens::options::Location;

/// A good access token. (`jwt_required()`)
#[derive(Clone, Debug)]
pub struct AccessToken(pub Caller);

/// An access token from a recent login or confirmation. (`jwt_required(fresh=True)`)
#[derive(Clone, Debug)]
pub struct FreshToken(pub Caller);

/// An access token of a person who has given two factors, however long ago: in a session of Portero's, which only an engine
/// [with sessions](crate::tokens::Engine::with_sessions) reads. (Portero's own)
#[derive(Clone, Debug)]
pub struct TwoFactors(pub Caller);

/// The same, fresh, and both were given within [`Hooks::fresh_for`](super::Hooks::fresh_for). For another age:
/// [`Claims::require_level`](crate::tokens::Claims::require_level).
#[derive(Clone, Debug)]
pub struct FreshTwoFactors(pub Caller);

/// A good refresh token, on a route behind [`Guard::refresh`](super::Guard::refresh). (`jwt_required(refresh=True)`)
#[derive(Clone, Debug)]
pub struct RefreshToken(pub Caller);

/// A good token or none at all; a bad one is an error. (`jwt_required(optional=True)`)
#[derive(Clone, Debug)]
pub struct OptionalToken(pub Option<Caller>);

/// A good token of either type, on a route behind [`Guard::any_type`](super::Guard::any_type).
/// (`jwt_required(verify_type=False)`)
#[derive(Clone, Debug)]
pub struct AnyToken(pub Caller);

/// The identity of a good token, of either type. On an optional route: `Option<Identity>`. (`get_jwt_identity`)
#[derive(Clone, Debug)]
pub struct Identity(pub String);

/// The claims of a good token; empty if an optional route gets no token. (`get_jwt`)
#[derive(Clone, Debug)]
pub struct TokenClaims(pub Map<String, Value>);

/// The JOSE header of a good token; empty if an optional route gets no token. (`get_jwt_header`)
#[derive(Clone, Debug)]
pub struct TokenHeader(pub Map<String, Value>);

/// Where in the request the good token was found. `None`: there is no good token, or no guard. (`get_jwt_request_location`)
#[derive(Clone, Copy, Debug)]
pub struct TokenLocation(pub Option<Location>);

/// The user that [`Hooks::user_lookup`](super::Hooks::user_lookup) found. Answers 500 if there is no such callback, or if it
/// finds users of another type. On an optional route: `Option<CurrentUser<T>>`. (`get_current_user`, `current_user`)
#[derive(Clone, Debug)]
pub struct CurrentUser<T>(pub Arc<T>);

/// A [`Refusal`] as an Actix error. The app's own error pages may read it; otherwise the answer of the callbacks goes out.
#[derive(Debug, thiserror::Error)]
#[error("{refusal}")]
pub struct Refused {
    /// Why the request is refused.
    pub refusal: Refusal,
    status: StatusCode,
    /// The callbacks' answer, made while the request was at hand and taken out to be sent.
    answer: std::cell::RefCell<Option<HttpResponse>>,
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.answer.take().unwrap_or_else(|| HttpResponse::new(self.status))
    }
}

/// Returns the refusal in an error that a guard or one of these extractors returned. `None`: it is another error.
pub fn refusal_in(error: &actix_web::Error) -> Option<Refusal> {
    error.as_error::<Refused>().map(|refused| refused.refusal.clone())
}

pub(super) fn refused(req: &HttpRequest, refusal: Refusal, token: Option<&Caller>) -> actix_web::Error {
    let answer = match (&refusal, req.app_data::<SharedHooks>()) {
        (Refusal::Fault(fault), Some(shared)) => hooks::answer(shared.as_ref(), fault, token),
        (Refusal::Fault(_), None) => HttpResponse::InternalServerError().finish(),
        (Refusal::Unavailable, _) => HttpResponse::ServiceUnavailable().finish(),
        (Refusal::Body(BodyFault::TooLarge(_)), _) => HttpResponse::PayloadTooLarge().finish(),
        (Refusal::Body(BodyFault::TooSlow), _) => HttpResponse::RequestTimeout().finish(),
        (Refusal::Body(BodyFault::Broken), _) => HttpResponse::BadRequest().finish(),
    };
    Refused { refusal, status: answer.status(), answer: Some(answer).into() }.into()
}

fn finding(req: &HttpRequest) -> Result<Finding, actix_web::Error> {
    let found = req.extensions().get::<Finding>().cloned();
    found.ok_or_else(|| app_mistake(req, "a route that needs a token stands outside every guard"))
}

/// Reports a mistake in the app's code: the log says what it is, the caller gets a 500.
pub(super) fn app_mistake(req: &HttpRequest, what: &str) -> actix_web::Error {
    // The pattern: the path itself may hold a secret.
    tracing::error!(event = "guard_misused", route = req.match_pattern(), "{what}");
    actix_web::error::ErrorInternalServerError("")
}

/// Returns the caller if the guard accepted the token and it passes the extractor's own check. A fault that this check finds comes
/// before one that the guard found later in the order of checks: type and freshness come before revocation.
fn caller(
    req: &HttpRequest,
    own_check: impl FnOnce(&Caller, &SharedHooks) -> Result<(), Fault>,
) -> Result<Caller, actix_web::Error> {
    let Finding { result, caller } = finding(req)?;
    let hooks = req.app_data::<SharedHooks>().ok_or_else(|| app_mistake(req, "a guard has no hooks"))?;
    let reached_last_checks = match &result {
        Ok(()) => true,
        Err(Refusal::Fault(fault)) => {
            matches!(fault, Fault::Revoked | Fault::Unwanted | Fault::UserGone(_) | Fault::NotFresh { .. })
        }
        Err(Refusal::Unavailable | Refusal::Body(_)) => false,
    };
    let checked = match &caller {
        Some(caller) if reached_last_checks => own_check(caller, hooks).map_err(Refusal::from).and(result),
        _ => result,
    };
    match (checked, caller) {
        (Ok(()), Some(caller)) => Ok(caller),
        (Ok(()), None) => Err(app_mistake(req, "a guard let a request pass without a token")),
        (Err(refusal), caller) => Err(refused(req, refusal, caller.as_ref())),
    }
}

fn of_type(req: &HttpRequest, wanted: TokenType) -> Result<Caller, actix_web::Error> {
    caller(req, |caller, _| caller.claims.require_type(wanted))
}

fn any(req: &HttpRequest) -> Result<Caller, actix_web::Error> {
    caller(req, |_, _| Ok(()))
}

fn fresh(req: &HttpRequest) -> Result<Caller, actix_web::Error> {
    caller(req, |caller, hooks| {
        caller.claims.require_type(TokenType::Access)?;
        caller.claims.require_fresh(hooks.fresh_for(), hooks.now())
    })
}

fn two_factors(req: &HttpRequest) -> Result<Caller, actix_web::Error> {
    caller(req, |caller, hooks| {
        caller.claims.require_type(TokenType::Access)?;
        caller.claims.require_level(Level::Two, None, hooks.now())
    })
}

fn fresh_two_factors(req: &HttpRequest) -> Result<Caller, actix_web::Error> {
    caller(req, |caller, hooks| {
        caller.claims.require_type(TokenType::Access)?;
        // Before freshness: whoever lacks both is asked for both at once.
        caller.claims.require_level(Level::Two, Some(hooks.fresh_for()), hooks.now())?;
        caller.claims.require_fresh(hooks.fresh_for(), hooks.now())
    })
}

/// Returns what `look` finds, or `None` if there is no token at all.
fn if_token<T>(
    req: &HttpRequest,
    look: impl FnOnce(&HttpRequest) -> Result<T, actix_web::Error>,
) -> Result<Option<T>, actix_web::Error> {
    match finding(req)?.result {
        Err(Refusal::Fault(Fault::Missing(_))) => Ok(None),
        _ => look(req).map(Some),
    }
}

fn claims(req: &HttpRequest) -> Result<Map<String, Value>, actix_web::Error> {
    Ok(if_token(req, any)?.map(|caller| caller.claims.all.clone()).unwrap_or_default())
}

fn header(req: &HttpRequest) -> Result<Map<String, Value>, actix_web::Error> {
    Ok(if_token(req, any)?.map(|caller| caller.claims.header.clone()).unwrap_or_default())
}

fn user<T: Any + Send + Sync>(req: &HttpRequest) -> Result<Arc<T>, actix_web::Error> {
    any(req)?.user().ok_or_else(|| app_mistake(req, "no user_lookup that finds such a user"))
}

/// Implements `FromRequest`. Each extractor looks at the request alone, never at the payload.
macro_rules! extracted {
    ($($name:ident$(<$T:ident>)? = |$req:ident| $look:expr;)+) => {$(
        impl$(<$T: Any + Send + Sync>)? FromRequest for $name$(<$T>)? {
            type Error = actix_web::Error;
            type Future = Ready<Result<Self, Self::Error>>;

            fn from_request($req: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready($look)
            }
        }
    )+};
}

extracted! {
    AccessToken = |req| of_type(req, TokenType::Access).map(Self);
    FreshToken = |req| fresh(req).map(Self);
    TwoFactors = |req| two_factors(req).map(Self);
    FreshTwoFactors = |req| fresh_two_factors(req).map(Self);
    RefreshToken = |req| of_type(req, TokenType::Refresh).map(Self);
    AnyToken = |req| any(req).map(Self);
    OptionalToken = |req| if_token(req, |req| of_type(req, TokenType::Access)).map(Self);
    Identity = |req| any(req).map(|caller| Self(caller.claims.identity.clone()));
    TokenClaims = |req| claims(req).map(Self);
    TokenHeader = |req| header(req).map(Self);
    TokenLocation = |req| Ok(Self(found(req).map(|caller| caller.location)));
    CurrentUser<T> = |req| user(req).map(Self);
}
