//! What can go wrong with a request, and how it is said: to a program as `{"msg": …}`, to a person as a page.

use actix_session::SessionExt;
use actix_web::error::ResponseError;
use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::browser_session::{self, Flash};
use super::face::Face;
use super::headers::{RequestId, redacted};
use super::local_path::LocalPath;
use super::page::{Page, html, see_other};
use super::{App, csrf, token_cookies};
use crate::accounts;
use crate::domain::TokenType;
use crate::guards::body::BodyFault;
use crate::guards::{Refusal, refusal_in};
use crate::store::chain;
use crate::throttle::Wait;
use crate::tokens::Fault;

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The text is for programs; people read that of the status.
    #[error("{0}")]
    BadInput(String),
    #[error("Refused: the request comes from another site")]
    ForeignOrigin,
    #[error("Missing or wrong CSRF token")]
    Csrf,
    #[error("Admins only!")]
    NotAdmin,
    #[error("Not found")]
    NotFound,
    /// The methods that there are.
    #[error("Method not allowed")]
    MethodNotAllowed(&'static str),
    /// A one-time link that was used or is too old.
    #[error("This link is not valid any more")]
    Gone,
    #[error("Unsupported content type. Send {0}")]
    UnsupportedMediaType(&'static str),
    #[error(transparent)]
    Body(#[from] BodyFault),
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    Throttled(#[from] Wait),
    #[error("Too busy, try again in a moment")]
    Busy,
    /// The cause, for the log alone.
    #[error("Temporarily unavailable, try again in a moment")]
    Unavailable(String),
    /// The cause, for the log alone.
    #[error("Something went wrong")]
    Internal(String),
}

const RETRY_AFTER_SECONDS: &str = "5";

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadInput(_) | Self::Body(BodyFault::Broken) => StatusCode::BAD_REQUEST,
            Self::ForeignOrigin | Self::Csrf | Self::NotAdmin => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Gone => StatusCode::GONE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body(BodyFault::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyFault::TooSlow) => StatusCode::REQUEST_TIMEOUT,
            Self::Fault(fault) => {
                StatusCode::from_u16(fault.status()).expect("Fault::status gives only statuses that exist")
            }
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The middle of the catalogue's keys for the title and text of the page.
    fn text_key(&self) -> &'static str {
        match self {
            Self::BadInput(_) | Self::Body(BodyFault::Broken) => "400",
            Self::ForeignOrigin | Self::Csrf => "403-csrf",
            Self::NotAdmin => "403",
            Self::NotFound => "404",
            Self::MethodNotAllowed(_) => "405",
            Self::Body(BodyFault::TooSlow) => "408",
            Self::Gone => "410",
            Self::Body(BodyFault::TooLarge(_)) => "413",
            Self::UnsupportedMediaType(_) => "415",
            Self::Fault(_) => "401",
            Self::Throttled(_) => "429",
            Self::Busy | Self::Unavailable(_) => "503",
            Self::Internal(_) => "500",
        }
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// Bare: what the answer says is decided in [`answer_to`], where the request is known.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status())
    }
}

impl From<crate::store::Error> for Error {
    fn from(error: crate::store::Error) -> Self {
        if error.is_temporary() { Self::Unavailable(chain(&error)) } else { Self::Internal(chain(&error)) }
    }
}

impl From<accounts::Error> for Error {
    fn from(error: accounts::Error) -> Self {
        match error {
            accounts::Error::Store(error) => error.into(),
            accounts::Error::SessionOver => Self::Fault(Fault::Revoked),
            accounts::Error::Password(_) | accounts::Error::Issue(_) | accounts::Error::Random => {
                Self::Internal(chain(&error))
            }
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fault(fault) => Self::Fault(fault),
            Refusal::Unavailable => Self::Unavailable("whether the token is good could not be found out".into()),
            Refusal::Body(fault) => Self::Body(fault),
        }
    }
}

impl Error {
    /// An error of ours, or the nearest of ours to one of Actix's.
    pub(super) fn read(error: &actix_web::Error, status: StatusCode) -> Self {
        if let Some(refusal) = refusal_in(error) {
            return refusal.into();
        }
        if let Some(error) = error.as_error::<Self>() {
            return error.again();
        }
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            status if status.is_client_error() => {
                Self::BadInput(status.canonical_reason().unwrap_or("Bad request").into())
            }
            _ => Self::Internal(error.to_string()),
        }
    }

    /// A copy, for Actix only lends the original.
    fn again(&self) -> Self {
        match self {
            Self::BadInput(text) => Self::BadInput(text.clone()),
            Self::ForeignOrigin => Self::ForeignOrigin,
            Self::Csrf => Self::Csrf,
            Self::NotAdmin => Self::NotAdmin,
            Self::NotFound => Self::NotFound,
            Self::MethodNotAllowed(allow) => Self::MethodNotAllowed(allow),
            Self::Gone => Self::Gone,
            Self::UnsupportedMediaType(wanted) => Self::UnsupportedMediaType(wanted),
            Self::Body(fault) => Self::Body(*fault),
            Self::Fault(fault) => Self::Fault(fault.clone()),
            Self::Throttled(wait) => Self::Throttled(*wait),
            Self::Busy => Self::Busy,
            Self::Unavailable(cause) => Self::Unavailable(cause.clone()),
            Self::Internal(cause) => Self::Internal(cause.clone()),
        }
    }
}

/// What is said to an error, by page or to a program. A failure of ours tells its cause to the log alone.
pub(super) fn answer_to(req: &HttpRequest, error: &Error) -> HttpResponse {
    let Some(ThinData(app)) = req.app_data::<ThinData<App>>() else {
        return HttpResponse::InternalServerError().finish();
    };
    let path = redacted(req.path());
    match error {
        Error::Internal(cause) => tracing::error!(event = "request_failed", request = RequestId::of(req), path, cause),
        Error::Unavailable(cause) => tracing::warn!(event = "unavailable", request = RequestId::of(req), path, cause),
        _ => {}
    }
    let face = Face::of(req, app);
    let mut res = match (face, error) {
        (Face::Page, Error::Fault(Fault::CsrfMissing | Fault::CsrfMismatch)) => error_page(app, req, &Error::Csrf),
        (Face::Page, Error::Fault(Fault::NotFresh { .. })) => to_confirm(req),
        (Face::Page, Error::Fault(fault)) => signed_out(app, req, fault),
        (Face::Page, _) => error_page(app, req, error),
        (Face::Program, Error::Fault(fault)) => crate::guards::json_answer(&app.accounts.engine, fault),
        (Face::Program, _) => message(app, error.status(), &error.to_string()),
    };
    let headers = res.headers_mut();
    match error {
        Error::Throttled(Wait(seconds)) => headers.insert(RETRY_AFTER, HeaderValue::from(*seconds)),
        Error::MethodNotAllowed(allow) => headers.insert(ALLOW, HeaderValue::from_static(allow)),
        Error::Busy | Error::Unavailable(_) => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS))
        }
        _ => return res,
    };
    res
}

/// `{"msg": text}`, under the key the settings name.
pub(super) fn message(app: &App, status: StatusCode, text: &str) -> HttpResponse {
    let key = &app.accounts.engine.options().error_message_key;
    HttpResponse::build(status).json(std::collections::BTreeMap::from([(key, text)]))
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    title: String,
    text: String,
    request_id: String,
    home: bool,
}

fn error_page(app: &App, req: &HttpRequest, error: &Error) -> HttpResponse {
    let page = Page::of(app, req, crate::guards::found(req).as_ref());
    let key = error.text_key();
    let view = ErrorPage {
        title: page.t(&format!("error-{key}-title")),
        text: match error {
            Error::Throttled(Wait(seconds)) => page.tn("error-429-text", *seconds),
            _ => page.t(&format!("error-{key}-text")),
        },
        request_id: RequestId::of(req),
        home: true,
        page,
    };
    html(error.status(), &view)
}

/// A form sent with a proof of identity that is too old, or a page that needs a newer one.
fn to_confirm(req: &HttpRequest) -> HttpResponse {
    if req.method() != Method::GET && req.method() != Method::HEAD {
        browser_session::set_flash(&req.get_session(), &Flash::plain("flash-confirm-first"));
    }
    see_other(&format!("/confirm?next={}", LocalPath::of(req).encoded()))
}

#[derive(Template)]
#[template(path = "onward.html")]
struct OnwardPage {
    page: Page,
    onward: String,
}

/// On a page any fault of the token means "signed out", unless the session lives and only this request may not renew it.
fn signed_out(app: &App, req: &HttpRequest, fault: &Fault) -> HttpResponse {
    let only_not_renewed = !csrf::may_renew(req, &app.public_url) && token_cookies::session_lives(app, req);
    if only_not_renewed {
        let navigation = req.method() == Method::GET || req.method() == Method::HEAD;
        if !navigation {
            return error_page(app, req, &Error::Csrf);
        }
        // Followed from another site: renewing is not for such requests, but it is for the same one made from here.
        let view = OnwardPage { onward: LocalPath::of(req).to_string(), page: Page::of(app, req, None) };
        return html(StatusCode::OK, &view);
    }
    let held_a_session = crate::guards::has_cookie(&app.accounts.engine, req, TokenType::Access)
        || crate::guards::has_cookie(&app.accounts.engine, req, TokenType::Refresh)
        || token_cookies::was_here(app, req);
    let notice = if held_a_session { "notice-session-ended" } else { "notice-sign-in-first" };
    if !matches!(LocalPath::of(req).as_str(), "/" | "/account") || held_a_session {
        browser_session::set_flash(&req.get_session(), &Flash::plain(notice));
    }
    let mut res = see_other(&format!("/login?next={}", LocalPath::of(req).encoded()));
    if is_worthless(fault) {
        token_cookies::remove(app, res.head_mut());
    }
    res
}

/// Whether the cookies that came with this fault can be thrown away. Not where the browser may have better ones by now, which
/// would go with them: another tab may just have signed in, or changed the password, and this answer come in behind. Nor where
/// only the clock is wrong.
fn is_worthless(fault: &Fault) -> bool {
    match fault {
        Fault::Expired | Fault::UserGone(_) | Fault::WrongTransport | Fault::Invalid(_) => true,
        Fault::Missing(_) | Fault::Revoked | Fault::NotYetValid(_) => false,
        Fault::CsrfMissing | Fault::CsrfMismatch | Fault::NotFresh { .. } | Fault::Unwanted => false,
    }
}
