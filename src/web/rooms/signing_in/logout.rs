//! Signing out: here, everywhere else, or everywhere. GET only asks. Signing out here works even if every token
//! has expired, and twice.

use std::sync::Arc;

use actix_session::SessionExt;
use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::sessions::end::{Own, end_own};
use crate::accounts::sessions::sign_out::sign_out;
use crate::domain::Reason;
use crate::guards::{AnyToken, Caller};
use crate::tokens::options::Location;
use crate::tokens::{Claims, Fault};
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::browser::token_cookies;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::local_path::LocalPath;
use crate::web::http::replies::{message, see_other};
use crate::web::http::signed_in::{self, fresh_mandate};
use crate::web::pages::ended;
use crate::web::pages::page::{Page, html};
use crate::web::pages::signed_out::{forget, is_asked_by_its_own_form, leave, own_token};

const SIGNED_OUT: &str = "logout successful";

/// Which sessions end. Ending more than this one needs a recent proof of identity: a copied cookie must not throw its owner out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::web) enum Scope {
    #[default]
    This,
    Others,
    All,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = LogoutQuery)]
pub(in crate::web) struct Asked {
    scope: Scope,
    /// Where somebody else wants to go once they have signed in. Empty: nowhere in particular.
    next: String,
}

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage {
    page: Page,
    signed_in: bool,
    others: i64,
    scope: Scope,
    /// Empty, or a path.
    next: String,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    caller: Result<AnyToken, actix_web::Error>,
    asked: Option<Query<Asked>>,
) -> Result<HttpResponse, Error> {
    let caller = caller.ok().map(|AnyToken(caller)| caller);
    let mut page = Page::new(&app, &req, caller.as_ref());
    // The form must end what this browser holds, even if that has expired.
    let held = token_cookies::held_session(&app, &req, app.now());
    if let Some(csrf) = held.and_then(|claims| claims.csrf.clone()) {
        page.csrf = csrf;
    }
    let others = match &caller {
        Some(caller) => ended::count_others(&app, &req, caller).await?,
        None => 0,
    };
    let Asked { scope, next } = asked.map(Query::into_inner).unwrap_or_default();
    let next = LocalPath::parse(&next).map(|path| path.to_string()).unwrap_or_default();
    Ok(html(StatusCode::OK, &LogoutPage { signed_in: caller.is_some(), others, scope, next, page }))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LogoutForm {
    csrf_token: String,
    scope: Scope,
    next: String,
}

/// Which sessions end.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Logout)]
pub(in crate::web) struct LogoutJson {
    scope: Scope,
}

/// More sessions than the caller's own have ended.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SessionsEnded<'a> {
    msg: &'static str,
    sessions_ended: usize,
    /// Null: there was nothing to end.
    receipt: Option<&'a str>,
}

/// Signs out by the form on a page, or by the call of a program that shows a token in a header.
pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    caller: Result<AnyToken, actix_web::Error>,
    input: Result<Input, Error>,
) -> Result<HttpResponse, actix_web::Error> {
    let LogoutForm { csrf_token: csrf, scope, next } = match input {
        Ok(Input::Form(fields)) => Input::form(fields)?,
        Ok(Input::Json(members)) => {
            let LogoutJson { scope } = Input::json(members)?;
            LogoutForm { scope, ..LogoutForm::default() }
        }
        // Without a body there is nothing to read.
        Err(Error::UnsupportedMediaType(_)) => LogoutForm::default(),
        Err(error) => return Err(error.into()),
    };
    if let Ok(AnyToken(caller)) = &caller
        && caller.location != Location::Cookies
    {
        return Ok(end(&app, &req, caller, scope).await?);
    }
    let held = token_cookies::held_session(&app, &req, app.now());
    if let Some(held) = &held {
        let by_header = req.headers().get(app.config().jwt.access_csrf_header_name.as_str());
        let shown = by_header.and_then(|value| value.to_str().ok()).unwrap_or(&csrf);
        if !is_asked_by_its_own_form(held, shown) {
            return Err(Error::Csrf.into());
        }
    }
    match scope {
        Scope::This => Ok(here(&app, &req, &browser, held, caller, &next).await?),
        Scope::Others | Scope::All => {
            let AnyToken(caller) = caller?;
            match more_than_here(&app, &req, &caller, scope, &next).await {
                // Leads back to the form, with the choice that was made.
                Err(Error::Fault(Fault::NotFresh { .. })) if audience(&req, &app) == Audience::Browser => {
                    let back = if scope == Scope::All { "/logout?scope=all" } else { "/logout?scope=others" };
                    browser_session::set_flash(&browser, &Flash::plain("flash-confirm-first"));
                    Ok(see_other(&format!("/confirm?next={}", LocalPath::or_account(back).encoded())))
                }
                Err(Error::Unavailable(cause)) if scope == Scope::All && audience(&req, &app) == Audience::Browser => {
                    Ok(forget(&app, &req, &browser, cause))
                }
                answer => Ok(answer?),
            }
        }
    }
}

/// Ends the session that this browser holds, whether or not it has expired.
async fn here(
    app: &App,
    req: &HttpRequest,
    browser: &BrowserSession,
    held: Option<Arc<Claims>>,
    caller: Result<AnyToken, actix_web::Error>,
    next: &str,
) -> Result<HttpResponse, actix_web::Error> {
    if let Some(held) = held {
        match sign_out(&app.accounts, own_token(app, req, held), None).everywhere().await.map_err(Error::from) {
            Ok(_) => {}
            Err(Error::Unavailable(cause)) if audience(req, app) == Audience::Browser => {
                return Ok(forget(app, req, browser, cause));
            }
            Err(error) => return Err(error.into()),
        }
    } else if audience(req, app) == Audience::Program {
        // A program that shows no token, or a bad one, is told so.
        caller?;
    }
    let answer = match audience(req, app) {
        Audience::Program => message(app, StatusCode::OK, SIGNED_OUT),
        Audience::Browser => to_sign_in(next),
    };
    Ok(leave_with(app, browser, answer, &Flash::plain("flash-signed-out")))
}

/// Leads to the sign-in. `next`: where whoever signs in wants to go, if it is a path.
fn to_sign_in(next: &str) -> HttpResponse {
    match LocalPath::parse(next) {
        Some(next) => see_other(&format!("/login?next={}", next.encoded())),
        None => see_other("/login"),
    }
}

fn leave_with(app: &App, browser: &BrowserSession, answer: HttpResponse, flash: &Flash) -> HttpResponse {
    let answer = leave(app, browser, answer);
    browser_session::set_flash(browser, flash);
    answer
}

/// `DELETE /logout`, as in the tutorial: either token ends both.
pub(in crate::web) async fn by_token(
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
        return more_than_here(app, req, caller, scope, "").await;
    }
    let user = signed_in::found(req).map(|standing| standing.user);
    sign_out(&app.accounts, own_token(app, req, Arc::clone(&caller.claims)), user).everywhere().await?;
    Ok(message(app, StatusCode::OK, SIGNED_OUT))
}

async fn more_than_here(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    scope: Scope,
    next: &str,
) -> Result<HttpResponse, Error> {
    let mandate = fresh_mandate(app, req, caller)?;
    let (which, reason) = match scope {
        Scope::All => (Own::All, Reason::Logout),
        Scope::Others | Scope::This => (Own::Others, Reason::EndedByUser),
    };
    let ended = end_own(&app.accounts, mandate, which, reason).everywhere().await?;
    let count = ended.sessions.len();
    match (audience(req, app), scope) {
        (Audience::Browser, Scope::All) => {
            let flash = Flash::counted("flash-signed-out-everywhere", i64::try_from(count).unwrap_or(i64::MAX));
            Ok(leave_with(app, &req.get_session(), to_sign_in(next), &flash))
        }
        (Audience::Browser, Scope::This | Scope::Others) => {
            Ok(ended::answer(app, req, &ended.receipt, count, "/account"))
        }
        (Audience::Program, _) => {
            // An act that ended nothing left no receipt.
            let receipt = (count > 0).then_some(ended.receipt.as_str());
            let body = SessionsEnded { msg: SIGNED_OUT, sessions_ended: count, receipt };
            let mut answer = HttpResponse::Ok().json(body);
            if scope == Scope::All && caller.location == Location::Cookies {
                token_cookies::remove(app, answer.head_mut());
            }
            Ok(answer)
        }
    }
}
