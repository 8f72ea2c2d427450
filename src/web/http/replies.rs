//! Short replies that many rooms give.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION, RETRY_AFTER};
use serde::Serialize;

use crate::throttle::Wait;
use crate::web::app::App;

/// `{"msg": text}`, with the key that the settings name.
pub(in crate::web) fn message(app: &App, status: StatusCode, text: &str) -> HttpResponse {
    let key = &app.accounts.engine.options().error_message_key;
    HttpResponse::build(status).json(std::collections::BTreeMap::from([(key, text)]))
}

/// 303: the browser goes on to `path` with GET.
pub(in crate::web) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// Adds `Retry-After`, in seconds.
pub(in crate::web) fn with_retry_after(mut res: HttpResponse, Wait(seconds): Wait) -> HttpResponse {
    res.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    res
}

/// What the tutorial's endpoints answer: who calls.
#[derive(Serialize)]
pub(in crate::web) struct LoggedInAs<'a> {
    pub(in crate::web) logged_in_as: &'a str,
}
