//! Short replies that many rooms give.

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use serde::Serialize;
use serde_json::json;

use crate::accounts::sessions::tokens::Pair;
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

/// The two tokens of a program that has signed in.
pub(in crate::web) fn tokens(pair: &Pair) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "access_token": pair.access.text, "refresh_token": pair.refresh.text }))
}

/// What the tutorial's endpoints answer: who calls.
pub(in crate::web) fn logged_in_as(identity: &str) -> HttpResponse {
    let body = serde_json::to_string(&LoggedInAs { logged_in_as: identity }).expect("a text is always JSON");
    // Not by the builder's `json`, which makes the content type of a text: half of what this answer would cost.
    let mut res = HttpResponse::new(StatusCode::OK).set_body(BoxBody::new(body));
    res.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    res
}

#[derive(Serialize)]
struct LoggedInAs<'a> {
    logged_in_as: &'a str,
}
