//! Signing out: here, everywhere else, or everywhere. Asks on GET; here it works when everything has expired, and twice.

use std::sync::Arc;

use actix_session::{Session, SessionExt};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::browser_session::{self, Flash};
use super::error::{Error, message};
use super::face::Face;
use super::input::Input;
use super::local_path::LocalPath;
use super::page::{Page, html, see_other};
use super::signed_in::signed_in;
use super::{App, end_session, signed_in as who, token_cookies};
use crate::accounts::{self, Which, end_sessions};
use crate::domain::{Reason, TokenType};
use crate::guards::{AnyToken, Caller};
use crate::tokens::options::Location;
use crate::tokens::{Claims, Fault};

const SIGNED_OUT: &str = "logout successful";
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Which sessions end. More than the own one needs a recent proof of identity: a copied cookie must not throw its owner out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scope {
    #[default]
    This,
    Others,
    All,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    scope: Scope,
}

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage {
    page: Page,
    signed_in: bool,
    others: i64,
    scope: Scope,
}

pub(super) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    caller: Result<AnyToken, actix_web::Error>,
    asked: Option<Query<Asked>>,
) -> Result<HttpResponse, Error> {
    let caller = caller.ok().map(|AnyToken(caller)| caller);
    let mut page = Page::of(&app, &req, caller.as_ref());
    // The form must end what this browser holds, even if that has expired.
    let held = token_cookies::held_session(&app, &req, app.now());
    if let Some(csrf) = held.and_then(|claims| claims.csrf.clone()) {
        page.csrf = csrf;
    }
    let others = match &caller {
        Some(caller) => end_session::count_others(&app, &req, caller).await?,
        None => 0,
    };
    let scope = asked.map_or(Scope::This, |asked| asked.scope);
    Ok(html(StatusCode::OK, &LogoutPage { signed_in: caller.is_some(), others, scope, page }))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LogoutForm {
    csrf_token: String,
    scope: Scope,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LogoutJson {
    scope: Scope,
}

/// From a page, or from a program that shows a token in a header.
pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    session: Session,
    caller: Result<AnyToken, actix_web::Error>,
    input: Result<Input, Error>,
) -> Result<HttpResponse, actix_web::Error> {
    let (csrf, scope) = match input {
        Ok(Input::Form(fields)) => {
            let form: LogoutForm = Input::form(fields)?;
            (form.csrf_token, form.scope)
        }
        Ok(Input::Json(members)) => (String::new(), Input::json::<LogoutJson>(members)?.scope),
        // Without a body there is nothing to read.
        Err(Error::UnsupportedMediaType(_)) => (String::new(), Scope::This),
        Err(error) => return Err(error.into()),
    };
    if let Ok(AnyToken(caller)) = &caller
        && caller.location != Location::Cookies
    {
        return Ok(end(&app, &req, caller, scope).await?);
    }
    let held = token_cookies::held_session(&app, &req, app.now());
    if let Some(held) = &held {
        let by_header = req.headers().get(app.config.jwt.access_csrf_header_name.as_str());
        let shown = by_header.and_then(|value| value.to_str().ok()).unwrap_or(&csrf);
        if !is_same(held.csrf.as_deref().unwrap_or_default(), shown) {
            return Err(Error::Csrf.into());
        }
    }
    match scope {
        Scope::This => Ok(here(&app, &req, &session, held, caller).await?),
        Scope::Others | Scope::All => {
            let AnyToken(caller) = caller?;
            match more_than_here(&app, &req, &caller, scope).await {
                // The form itself comes back, with the choice that was made.
                Err(Error::Fault(Fault::NotFresh { .. })) if Face::of(&req, &app) == Face::Page => {
                    let back = if scope == Scope::All { "/logout?scope=all" } else { "/logout?scope=others" };
                    browser_session::set_flash(&session, &Flash::plain("flash-confirm-first"));
                    Ok(see_other(&format!("/confirm?next={}", LocalPath::or_account(back).encoded())))
                }
                answer => Ok(answer?),
            }
        }
    }
}

/// Ends what this browser holds, whatever became of it.
async fn here(
    app: &App,
    req: &HttpRequest,
    session: &Session,
    held: Option<Arc<Claims>>,
    caller: Result<AnyToken, actix_web::Error>,
) -> Result<HttpResponse, actix_web::Error> {
    if let Some(held) = held {
        accounts::log_out(&app.accounts, held, None, app.now()).answer().await.map_err(Error::from)?;
    } else if Face::of(req, app) == Face::Program {
        // A program that shows no token, or a bad one, is told so.
        caller?;
    }
    let answer = match Face::of(req, app) {
        Face::Program => message(app, StatusCode::OK, SIGNED_OUT),
        Face::Page => see_other("/login"),
    };
    Ok(leave(app, session, answer, &Flash::plain("flash-signed-out")))
}

/// The answer to a browser that holds no session any more.
fn leave(app: &App, session: &Session, mut answer: HttpResponse, flash: &Flash) -> HttpResponse {
    session.clear();
    browser_session::set_flash(session, flash);
    token_cookies::remove(app, answer.head_mut());
    // Not "cookies": that would reach every app on the registrable domain.
    answer.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\", \"storage\""));
    answer
}

fn is_same(one: &str, other: &str) -> bool {
    !one.is_empty() && aws_lc_rs::constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

/// `DELETE /logout`, as in the tutorial: either token ends both.
pub(super) async fn by_token(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AnyToken(caller): AnyToken,
    asked: Query<Asked>,
) -> Result<HttpResponse, Error> {
    let mut res = end(&app, &req, &caller, asked.scope).await?;
    if caller.location == Location::Cookies && asked.scope != Scope::Others {
        token_cookies::remove(&app, res.head_mut());
    }
    Ok(res)
}

async fn end(app: &App, req: &HttpRequest, caller: &Caller, scope: Scope) -> Result<HttpResponse, Error> {
    if scope != Scope::This {
        return more_than_here(app, req, caller, scope).await;
    }
    let user = who::found(req).map(|standing| standing.user);
    accounts::log_out(&app.accounts, Arc::clone(&caller.claims), user, app.now()).answer().await?;
    Ok(message(app, StatusCode::OK, SIGNED_OUT))
}

async fn more_than_here(app: &App, req: &HttpRequest, caller: &Caller, scope: Scope) -> Result<HttpResponse, Error> {
    let (user, now) = (signed_in(req)?.user, app.now());
    caller.claims.require_type(TokenType::Access)?;
    caller.claims.require_fresh(app.accounts.rules.fresh_for, now)?;
    let own = caller.claims.sid();
    let (except, reason) = if scope == Scope::All { (None, Reason::Logout) } else { (own, Reason::EndedByUser) };
    let which = Which::OfUser { user, except };
    let ended = end_sessions(&app.accounts, which, reason, Some(user), now).answer().await?;
    let count = ended.sessions.len();
    match (Face::of(req, app), scope) {
        (Face::Page, Scope::All) => {
            let flash = Flash::counted("flash-signed-out-everywhere", i64::try_from(count).unwrap_or(i64::MAX));
            Ok(leave(app, &req.get_session(), see_other("/login"), &flash))
        }
        (Face::Page, Scope::This | Scope::Others) => Ok(end_session::done(app, req, &ended.receipt, count, "/account")),
        (Face::Program, _) => {
            // An act that ended nothing left no receipt.
            let receipt = (count > 0).then_some(ended.receipt);
            let mut answer =
                HttpResponse::Ok().json(json!({ "msg": SIGNED_OUT, "sessions_ended": count, "receipt": receipt }));
            if scope == Scope::All && caller.location == Location::Cookies {
                token_cookies::remove(app, answer.head_mut());
            }
            Ok(answer)
        }
    }
}
