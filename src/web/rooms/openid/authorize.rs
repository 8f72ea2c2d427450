//! `/authorize`: an app sends a browser here to learn who is signed in. Whoever has nothing left to do is led back at once, with a code; for
//! anybody else the request waits (`http/openid/kept.rs`) until they have signed in, proved more, or agreed.

use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::accounts::apps::openid::authorize::{Agreement, Authorized, authorize};
use crate::guards::{AccessToken, Caller};
use crate::tokens::Fault;
use crate::web::app::App;
use crate::web::browser::token_cookies;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::openid::issuer::issuer;
use crate::web::http::openid::kept::{self, Kept};
use crate::web::http::openid::needs::needs;
use crate::web::http::openid::request::{self, Refused, Request};
use crate::web::http::origin;
use crate::web::http::signed_in::{entry_mandate, signed_in};
use crate::web::pages::consent_page::consent_page;
use crate::web::pages::openid_answer::{self, answer};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Waiting {
    kept: String,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    caller: Result<AccessToken, actix_web::Error>,
    waiting: Option<Query<Waiting>>,
) -> Result<HttpResponse, Error> {
    let issuer = issuer(&app)?;
    let id = waiting.map(|Query(waiting)| waiting.kept).unwrap_or_default();
    let (fields, kept) = if id.is_empty() {
        (request::fields(req.query_string()), None)
    } else {
        match kept::find(&app, &req, &id) {
            Some(kept) => (request::fields(&kept.text), Some(kept)),
            None => return Ok(openid_answer::here(&app, &req, "openid-lapsed")),
        }
    };
    let request = match request::read(&app, &issuer, fields) {
        Ok(request) => request,
        Err(refused) => return refuse(&app, &req, refused, kept.as_ref()),
    };
    let done = match caller {
        Ok(AccessToken(caller)) => decide(&app, &req, &caller, &request, kept.as_ref()).await?,
        Err(error) => not_signed_in(&app, &req, &error, &request)?,
    };
    conclude(&app, &req, &request, kept.as_ref(), done)
}

/// The same by a form, which an app's own page may send: that brings no cookie of Portero's along, so it is gone on with here.
pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    input: Input,
) -> Result<HttpResponse, Error> {
    let issuer = issuer(&app)?;
    let Input::Form(fields) = input else {
        return Err(Error::UnsupportedMediaType("application/x-www-form-urlencoded"));
    };
    match request::read(&app, &issuer, fields) {
        Ok(request) => kept::keep(&app, &req, None, &request.text),
        Err(refused) => refuse(&app, &req, refused, None),
    }
}

/// What is to be done.
enum Next {
    Code(String),
    /// The app is told one of the protocol's words, and more about it.
    Error(&'static str, &'static str),
    /// The person may not enter.
    Denied,
    NoSuchApp,
    /// The person is asked whether the app may know who they are.
    Ask,
    /// First they have to do what this error leads to.
    First(Error),
}

fn not_signed_in(app: &App, req: &HttpRequest, error: &actix_web::Error, request: &Request) -> Result<Next, Error> {
    let error = Error::read(error, error.as_response_error().status_code());
    let Error::Fault(fault) = &error else { return Err(error) };
    let is_below_level = matches!(fault, Fault::BelowLevel { .. } | Fault::NotEnrolled);
    // The app's link may not renew a session's tokens; one of Portero's own pages may.
    let only_not_renewed = !is_below_level && !origin::may_renew(req, app) && token_cookies::session_lives(app, req);
    Ok(match request.prompt.none && !only_not_renewed {
        false => Next::First(error),
        true if is_below_level => Next::Error("interaction_required", "a second factor is needed first"),
        true => Next::Error("login_required", "nobody is signed in"),
    })
}

async fn decide(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    request: &Request,
    kept: Option<&Kept>,
) -> Result<Next, Error> {
    let prompt = request.prompt;
    if let Some(fault) = needs(app, &*signed_in(req)?, caller, request, kept) {
        return Ok(match fault {
            _ if !prompt.none => Next::First(fault.into()),
            Fault::NotFresh { .. } => Next::Error("login_required", "the person has to sign in again first"),
            _ => Next::Error("interaction_required", "a second factor is needed first"),
        });
    }
    // Never for somebody else than the app means.
    if request.hinted.as_ref().is_some_and(|hinted| signed_in(req).is_ok_and(|user| *hinted != *user.uid.to_string())) {
        return Ok(Next::Error("login_required", "somebody else is signed in"));
    }
    let is_trusted = request.app.rules.openid.is_trusted;
    if prompt.select_account || (prompt.consent && !is_trusted) {
        return Ok(Next::Ask);
    }
    let mandate = entry_mandate(req, caller)?;
    let done = authorize(&app.accounts, mandate, request.wanted.clone(), Agreement::Before).everywhere().await?;
    Ok(match done {
        Authorized::Code(code) => Next::Code(code),
        Authorized::Denied if prompt.none => Next::Error("access_denied", "this person may not enter the app"),
        Authorized::Denied => Next::Denied,
        Authorized::NotAgreed if prompt.none => Next::Error("consent_required", "the person has not agreed yet"),
        Authorized::NotAgreed => Next::Ask,
        Authorized::NoSuchApp => Next::NoSuchApp,
    })
}

fn conclude(
    app: &App,
    req: &HttpRequest,
    request: &Request,
    kept: Option<&Kept>,
    next: Next,
) -> Result<HttpResponse, Error> {
    let reply = &request.reply;
    let mut res = match (next, kept) {
        (Next::Code(code), _) => answer(app, req, reply, &reply.code(&code)),
        (Next::Error(error, why), _) => answer(app, req, reply, &reply.error(error, why)),
        (Next::Denied, _) => openid_answer::denied(app, req, request),
        (Next::NoSuchApp, _) => openid_answer::here(app, req, "openid-no-such-app"),
        (Next::First(error), Some(_)) => return Err(error),
        (Next::Ask, Some(kept)) => return Ok(consent_page(app, req, request, kept)),
        // Under an address that is short enough to come back to.
        (Next::First(_) | Next::Ask, None) => {
            let proved_at = crate::guards::found(req).and_then(|caller| caller.claims.session.map(|own| own.auth_time));
            return kept::keep(app, req, proved_at, &request.text);
        }
    };
    if let Some(kept) = kept {
        kept::forget(app, &mut res, &kept.id)?;
    }
    Ok(res)
}

fn refuse(app: &App, req: &HttpRequest, refused: Refused, kept: Option<&Kept>) -> Result<HttpResponse, Error> {
    let mut res = match refused {
        Refused::Here(key) => openid_answer::here(app, req, key),
        Refused::There(reply, error, why) => answer(app, req, &reply, &reply.error(error, why)),
    };
    if let Some(kept) = kept {
        kept::forget(app, &mut res, &kept.id)?;
    }
    Ok(res)
}
