//! A handler's parameter list is its access rule. These look only at what the guard found: a route outside every guard
//! answers 500 instead of letting anybody in.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::error::ResponseError;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};

use super::{Caller, Finding, Refusal, SharedHooks, json_answer};
use crate::domain::TokenType;
use crate::tokens::Fault;

/// Any good access token. (`jwt_required()`)
#[derive(Clone, Debug)]
pub struct AccessToken(pub Caller);

/// An access token from a login or confirmation of late. (`jwt_required(fresh=True)`)
#[derive(Clone, Debug)]
pub struct FreshToken(pub Caller);

/// A good refresh token, on a route whose guard reads those. (`jwt_required(refresh=True)`)
#[derive(Clone, Debug)]
pub struct RefreshToken(pub Caller);

/// A good token or none at all; a bad one is an error. (`jwt_required(optional=True)`)
#[derive(Clone, Debug)]
pub struct OptionalToken(pub Option<Caller>);

/// A good token of either type, on a route whose guard does not mind. (`jwt_required(verify_type=False)`)
#[derive(Clone, Debug)]
pub struct AnyToken(pub Caller);

/// A [`Refusal`] on its way out: the app's own error pages may read it, else the library's JSON goes out.
#[derive(Debug, thiserror::Error)]
#[error("{refusal}")]
pub struct Refused {
    pub refusal: Refusal,
    /// The library's answer, made while the request was at hand.
    status: StatusCode,
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

/// The refusal in an error that one of these extractors returned.
pub fn extractors_refused(error: &actix_web::Error) -> Option<Refusal> {
    error.as_error::<Refused>().map(|refused| refused.refusal.clone())
}

fn refused(req: &HttpRequest, refusal: Refusal) -> actix_web::Error {
    let answer = match (&refusal, req.app_data::<SharedHooks>()) {
        (Refusal::Fault(fault), Some(hooks)) => json_answer(hooks.engine(), fault),
        (Refusal::Fault(_), None) => HttpResponse::InternalServerError().finish(),
        (Refusal::Unavailable, _) => HttpResponse::ServiceUnavailable().finish(),
        (Refusal::Body(super::body::BodyFault::TooLarge), _) => HttpResponse::PayloadTooLarge().finish(),
        (Refusal::Body(super::body::BodyFault::TooSlow), _) => HttpResponse::RequestTimeout().finish(),
        (Refusal::Body(super::body::BodyFault::Broken), _) => HttpResponse::BadRequest().finish(),
    };
    Refused { refusal, status: answer.status(), answer: Some(answer).into() }.into()
}

fn finding(req: &HttpRequest) -> Result<Caller, actix_web::Error> {
    let found = req.extensions().get::<Finding>().cloned();
    let Some(Finding(result)) = found else {
        tracing::error!(path = req.path(), "a route that needs a token stands outside every guard");
        return Err(actix_web::error::ErrorInternalServerError(""));
    };
    result.map_err(|refusal| refused(req, refusal))
}

fn of_type(req: &HttpRequest, wanted: TokenType) -> Result<Caller, actix_web::Error> {
    let caller = finding(req)?;
    caller.claims.require_type(wanted).map_err(|fault| refused(req, fault.into()))?;
    Ok(caller)
}

impl FromRequest for AccessToken {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(of_type(req, TokenType::Access).map(Self))
    }
}

impl FromRequest for FreshToken {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(of_type(req, TokenType::Access).and_then(|caller| {
            let Some(hooks) = req.app_data::<SharedHooks>() else {
                return Err(actix_web::error::ErrorInternalServerError(""));
            };
            match caller.claims.require_fresh(hooks.fresh_for(), hooks.now()) {
                Ok(()) => Ok(Self(caller)),
                Err(fault) => Err(refused(req, fault.into())),
            }
        }))
    }
}

impl FromRequest for RefreshToken {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(of_type(req, TokenType::Refresh).map(Self))
    }
}

impl FromRequest for AnyToken {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(finding(req).map(Self))
    }
}

impl FromRequest for OptionalToken {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let nothing =
            matches!(req.extensions().get::<Finding>(), Some(Finding(Err(Refusal::Fault(Fault::Missing(_))))));
        ready(if nothing { Ok(Self(None)) } else { of_type(req, TokenType::Access).map(|caller| Self(Some(caller))) })
    }
}
