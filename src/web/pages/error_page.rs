//! How an error is told: to a program as `{"msg": …}`, to a person as a page.

use actix_session::SessionExt;
use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use super::page::{Page, html};
use crate::config::LogLevel;
use crate::domain::TokenType;
use crate::throttle::Wait;
use crate::tokens::Fault;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, Flash};
use crate::web::browser::token_cookies;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::{AppFault, Error};
use crate::web::http::local_path::LocalPath;
use crate::web::http::origin;
use crate::web::http::replies::{message, see_other};
use crate::web::http::request_id::{RequestId, route};

/// `Retry-After` of a 503, in seconds.
const RETRY_AFTER_SECONDS: &str = "5";

/// Returns the answer to an error, a page or JSON. The cause of a failure within Portero goes to the log alone.
pub(in crate::web) fn answer_to(req: &HttpRequest, error: &Error) -> HttpResponse {
    let Some(ThinData(app)) = req.app_data::<ThinData<App>>() else {
        return HttpResponse::InternalServerError().finish();
    };
    match error {
        Error::Internal(cause) => {
            tracing::error!(event = "request_failed", request = RequestId::of_request(req), path = route(req), cause)
        }
        Error::Unavailable(cause) | Error::StillOpen(cause) => {
            tracing::warn!(
                event = "request_unavailable",
                request = RequestId::of_request(req),
                path = route(req),
                cause
            )
        }
        _ => {}
    }
    let audience = audience(req, app);
    let mut res = match (audience, error) {
        (_, Error::App(fault)) => app_refused(error.status(), *fault),
        (Audience::Browser, Error::Fault(Fault::CsrfMissing | Fault::CsrfMismatch)) => {
            error_page(app, req, &Error::Csrf)
        }
        (Audience::Browser, Error::Fault(Fault::NotFresh { .. })) => to_confirm(req, ""),
        (Audience::Browser, Error::Fault(Fault::BelowLevel { level, .. })) => {
            to_confirm(req, &format!("&acr_values={}", level.acr()))
        }
        (Audience::Browser, Error::Fault(Fault::NotEnrolled)) => to_enrolment(req),
        (Audience::Browser, Error::Fault(fault)) => signed_out(app, req, fault),
        (Audience::Browser, _) => error_page(app, req, error),
        (Audience::Program, Error::Fault(fault)) => crate::guards::json_answer(&app.accounts.engine, fault),
        (Audience::Program, _) => message(app, error.status(), &error.to_string()),
    };
    let headers = res.headers_mut();
    match error {
        Error::Throttled(Wait(seconds)) => headers.insert(RETRY_AFTER, HeaderValue::from(*seconds)),
        Error::MethodNotAllowed(allow) => headers.insert(ALLOW, HeaderValue::from_static(allow)),
        Error::Busy | Error::Starting | Error::Unavailable(_) | Error::StillOpen(_) => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS))
        }
        _ => return res,
    };
    res
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    title: String,
    text: String,
    /// `None`: the log has no line with it, so that nobody could look it up.
    request_id: Option<String>,
    home: bool,
}

fn error_page(app: &App, req: &HttpRequest, error: &Error) -> HttpResponse {
    let caller = match error {
        // Their cookies go with this answer.
        Error::StillOpen(_) => None,
        _ => crate::guards::found(req),
    };
    let page = Page::new(app, req, caller.as_ref());
    let key = error.text_key();
    let view = ErrorPage {
        title: page.t(&format!("error-{key}-title")),
        text: match error {
            Error::Throttled(Wait(seconds)) => page.tn("error-429-text", *seconds),
            Error::ForeignHost(ours) => page.t1("error-421-text", "address", ours),
            _ => page.t(&format!("error-{key}-text")),
        },
        request_id: is_logged(app, error).then(|| RequestId::of_request(req)),
        home: true,
        page,
    };
    html(error.status(), &view)
}

/// Whether [`answer_to`] has written a line about the error.
fn is_logged(app: &App, error: &Error) -> bool {
    match error {
        Error::Internal(_) => true,
        Error::Unavailable(_) | Error::StillOpen(_) => app.config().log.level != LogLevel::Error,
        Error::BadInput(_)
        | Error::ForeignOrigin
        | Error::ForeignHost(_)
        | Error::Csrf
        | Error::NotAdmin
        | Error::NotFound
        | Error::MethodNotAllowed(_)
        | Error::Gone
        | Error::UnsupportedMediaType(_)
        | Error::Body(_)
        | Error::Fault(_)
        | Error::App(_)
        | Error::Throttled(_)
        | Error::Starting
        | Error::Busy => false,
    }
}

/// The answer to an app whose question is refused: the same for either audience, because only apps ask. (RFC 6749 §5.2)
fn app_refused(status: StatusCode, fault: AppFault) -> HttpResponse {
    let mut res = HttpResponse::build(status).json(json!({ "error": fault.as_str() }));
    if fault == AppFault::InvalidClient {
        let challenge = HeaderValue::from_static("Basic realm=\"portero\", charset=\"UTF-8\"");
        res.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    res
}

/// Leads to the confirmation, after a form with a proof of identity that is too old or in place of a page that needs a newer one, or more
/// than that. `asked`: the rest of the query, by which the confirmation knows what to ask for.
fn to_confirm(req: &HttpRequest, asked: &str) -> HttpResponse {
    if !is_only_looking(req) {
        browser_session::set_flash(&req.get_session(), &Flash::plain("flash-confirm-first"));
    }
    see_other(&format!("/confirm?next={}{asked}", LocalPath::of_request(req).encoded()))
}

/// Leads to where a second factor is set up. That page says why.
fn to_enrolment(req: &HttpRequest) -> HttpResponse {
    if !is_only_looking(req) {
        browser_session::set_flash(&req.get_session(), &Flash::plain("flash-second-factor-first"));
    }
    see_other("/account/factors")
}

fn is_only_looking(req: &HttpRequest) -> bool {
    req.method() == Method::GET || req.method() == Method::HEAD
}

#[derive(Template)]
#[template(path = "onward.html")]
struct OnwardPage {
    page: Page,
    onward: String,
}

/// On a page any fault of the token means "signed out", unless the session goes on and only this request may not renew it.
fn signed_out(app: &App, req: &HttpRequest, fault: &Fault) -> HttpResponse {
    let only_not_renewed = !origin::may_renew(req, app) && token_cookies::session_lives(app, req);
    if only_not_renewed {
        if !is_only_looking(req) {
            return error_page(app, req, &Error::Csrf);
        }
        // A link on another site led here. That request may not renew, but the same one made from this page may.
        let view = OnwardPage { onward: LocalPath::of_request(req).to_string(), page: Page::new(app, req, None) };
        return html(StatusCode::OK, &view);
    }
    let held_a_session = crate::guards::has_cookie(&app.accounts.engine, req, TokenType::Access)
        || crate::guards::has_cookie(&app.accounts.engine, req, TokenType::Refresh)
        || token_cookies::was_here(app, req);
    let notice = if held_a_session { "notice-session-ended" } else { "notice-sign-in-first" };
    if !matches!(LocalPath::of_request(req).as_str(), "/" | "/account") || held_a_session {
        browser_session::set_flash(&req.get_session(), &Flash::plain(notice));
    }
    let mut res = see_other(&format!("/login?next={}", LocalPath::of_request(req).encoded()));
    if is_worthless(fault) {
        token_cookies::remove(app, res.head_mut());
    }
    res
}

/// Whether the cookies that came with this fault can be removed. They stay if the browser may have better ones by now, which would
/// go with them: another tab may just have signed in or changed the password, and this answer may arrive after that one. They also
/// stay if only the clock is wrong.
fn is_worthless(fault: &Fault) -> bool {
    match fault {
        Fault::Expired | Fault::UserGone(_) | Fault::WrongTransport | Fault::Invalid(_) => true,
        Fault::Missing(_) | Fault::Revoked | Fault::NotYetValid(_) => false,
        Fault::CsrfMissing
        | Fault::CsrfMismatch
        | Fault::NotFresh { .. }
        | Fault::BelowLevel { .. }
        | Fault::NotEnrolled
        | Fault::Unwanted => false,
    }
}
