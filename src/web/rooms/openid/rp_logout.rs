//! `/end-session`: an app sends a browser here so that the person is signed out, of Portero and so of every app. If the app shows an ID token
//! of the session that this browser holds, that session ends at once. Otherwise the person is asked, for anybody's link may lead here.
//! (OpenID Connect RP-Initiated Logout 1.0)

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::accounts::sessions::sign_out::{sign_out, sign_out_at_app};
use crate::domain::App as RegisteredApp;
use crate::store::{sessions, users};
use crate::tokens::options::SameSite;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::browser::token_cookies;
use crate::web::http::app_host::lead_to;
use crate::web::http::error::Error;
use crate::web::http::headers::without_referrer;
use crate::web::http::input::Input;
use crate::web::http::local_path::LocalPath;
use crate::web::http::openid::issuer::issuer;
use crate::web::http::openid::kept;
use crate::web::http::openid::request::fields;
use crate::web::http::openid::sign_out::{self as asking, Asked, Onward, SignOut};
use crate::web::http::origin;
use crate::web::http::replies::see_other;
use crate::web::pages::openid_answer;
use crate::web::pages::page::{Page, html};
use crate::web::pages::signed_out::{forget, is_asked_by_its_own_form, leave, own_token};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Waiting {
    kept: String,
}

#[derive(Template)]
#[template(path = "rp_logout.html")]
struct QuestionPage {
    page: Page,
    text: String,
    /// The origin to which the person is led afterwards. Empty: they stay here.
    onward: String,
    kept: String,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    waiting: Option<Query<Waiting>>,
) -> Result<HttpResponse, Error> {
    let issuer = issuer(&app)?;
    let id = waiting.map(|Query(waiting)| waiting.kept).unwrap_or_default();
    let read = match id.is_empty() {
        true => asking::read(&app, &issuer, fields(req.query_string())),
        false => asking::find(&app, &req, &id).ok_or("openid-sign-out-lapsed"),
    };
    let (asked, request) = match read.and_then(|asked| Ok((asked.check(&app)?, asked))) {
        Ok((request, asked)) => (asked, request),
        Err(key) => return Ok(openid_answer::not_signed_out(&app, &req, key, held(&app, &req).await?.is_some())),
    };
    let mut res = answer(&app, &req, &browser, &asked, &request, &id).await?;
    if !id.is_empty() && res.status() != StatusCode::OK {
        asking::forget(&app, &mut res, &id)?;
    }
    Ok(res)
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
    match asking::read(&app, &issuer, fields) {
        Ok(asked) => asked.keep(&app, &req),
        Err(key) => Ok(openid_answer::not_signed_out(&app, &req, key, held(&app, &req).await?.is_some())),
    }
}

/// An open session that this browser holds, and whose it is.
struct Held {
    csrf: String,
    user: String,
}

/// Asked of the store: the token that the browser shows may be an old one of a session that goes on.
async fn held(app: &App, req: &HttpRequest) -> Result<Option<Held>, Error> {
    let now = app.now();
    let Some(claims) = token_cookies::held_session(app, req, now) else { return Ok(None) };
    let Some(sid) = claims.sid() else { return Ok(None) };
    let user = app.read(move |conn| {
        let found = sessions::find(conn, sid)?.filter(|session| session.end.is_none() && session.expires_at > now);
        found.map_or(Ok(None), |session| users::name_of(conn, session.user))
    });
    let csrf = claims.csrf.clone().unwrap_or_default();
    Ok(user.await?.map(|user| Held { csrf, user }))
}

async fn answer(
    app: &App,
    req: &HttpRequest,
    browser: &BrowserSession,
    asked: &Asked,
    request: &SignOut,
    kept: &str,
) -> Result<HttpResponse, Error> {
    if let (Some(claims), Some(registered)) = (token_cookies::held_session(app, req, app.now()), &request.app)
        && claims.sid().is_some_and(|session| request.means(app, session))
        && is_opened(req)
    {
        let act = sign_out_at_app(&app.accounts, own_token(app, req, claims), registered.name.clone());
        return match act.everywhere().await.map_err(Error::from) {
            Ok(()) => Ok(signed_out(app, browser, request.onward.as_ref())),
            Err(Error::Unavailable(cause)) => Ok(forget(app, req, browser, cause)),
            Err(error) => Err(error),
        };
    }
    match (held(app, req).await?, &request.app, &request.onward) {
        (None, ..) if does_not_bring_its_cookies(app, req) && kept.is_empty() => asked.keep(app, req),
        (None, ..) if does_not_bring_its_cookies(app, req) => Ok(onward_page(app, req)),
        (None, _, Some(onward)) => Ok(lead_to(&onward.address, Vec::new())),
        // That page says so, or asks.
        (None, _, None) | (Some(_), None, _) => Ok(see_other("/logout")),
        (Some(_), Some(_), _) if kept.is_empty() => asked.keep(app, req),
        (Some(held), Some(registered), onward) => Ok(question(app, req, held, registered, onward.as_ref(), kept)),
    }
}

/// Whether somebody opens this address. A browser that only looks ahead signs nobody out, and neither does HEAD.
fn is_opened(req: &HttpRequest) -> bool {
    let purpose = req.headers().get("sec-purpose").map(|value| value.as_bytes());
    *req.method() == Method::GET && !purpose.is_some_and(|purpose| purpose.starts_with(b"prefetch"))
}

/// Whether the session's cookies may stay behind because another site led here.
fn does_not_bring_its_cookies(app: &App, req: &HttpRequest) -> bool {
    app.config().jwt.cookie_samesite == Some(SameSite::Strict)
        && token_cookies::was_here(app, req)
        && origin::is_led_from_elsewhere(req, app)
}

fn question(
    app: &App,
    req: &HttpRequest,
    held: Held,
    registered: &RegisteredApp,
    onward: Option<&Onward>,
    kept: &str,
) -> HttpResponse {
    let mut page = Page::new(app, req, crate::guards::found(req).as_ref());
    // The form must end what this browser holds, even if its access token has expired.
    page.csrf = held.csrf;
    let target = onward.and_then(|onward| onward.target.clone());
    let view = QuestionPage {
        text: page.t2("rp-logout-text", ("app", registered.name.as_str()), ("user", &held.user)),
        onward: target.clone().unwrap_or_default(),
        kept: kept.to_owned(),
        page,
    };
    let mut res = without_referrer(html(StatusCode::OK, &view));
    kept::set_policy(res.headers_mut(), kept::policy_for(target.into_iter()));
    res
}

#[derive(Template)]
#[template(path = "onward.html")]
struct OnwardPage {
    page: Page,
    onward: String,
}

/// The same address once more, from a page of Portero's own.
fn onward_page(app: &App, req: &HttpRequest) -> HttpResponse {
    let view = OnwardPage { onward: LocalPath::of_request(req).to_string(), page: Page::new(app, req, None) };
    html(StatusCode::OK, &view)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Confirmed {
    csrf_token: String,
    kept: String,
}

/// `POST /end-session/confirm`: the person has agreed.
pub(in crate::web) async fn confirm(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    input: Input,
) -> Result<HttpResponse, Error> {
    let form: Confirmed = input.only_form()?;
    // Whoever took too long to agree is signed out all the same, and stays here.
    let asked = asking::find(&app, &req, &form.kept);
    let request = asked.as_ref().and_then(|asked| asked.check(&app).ok());
    let onward = request.as_ref().and_then(|request| request.onward.as_ref());
    let held = token_cookies::held_session(&app, &req, app.now());
    if let Some(held) = held {
        if !is_asked_by_its_own_form(&held, &form.csrf_token) {
            return Err(Error::Csrf);
        }
        match sign_out(&app.accounts, own_token(&app, &req, held), None).everywhere().await.map_err(Error::from) {
            Ok(()) => {}
            Err(Error::Unavailable(cause)) => return Ok(forget(&app, &req, &browser, cause)),
            Err(error) => return Err(error),
        }
    }
    let mut res = signed_out(&app, &browser, onward);
    // The id of one that was found: anything else would be a cookie's name of somebody's choice.
    if asked.is_some() {
        asking::forget(&app, &mut res, &form.kept)?;
    }
    Ok(res)
}

fn signed_out(app: &App, browser: &BrowserSession, onward: Option<&Onward>) -> HttpResponse {
    match onward {
        Some(onward) => leave(app, browser, lead_to(&onward.address, Vec::new())),
        None => {
            let answer = leave(app, browser, see_other("/login"));
            browser_session::set_flash(browser, &Flash::plain("flash-signed-out"));
            answer
        }
    }
}
