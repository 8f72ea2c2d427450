//! Short replies that many rooms give.

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::accounts::sessions::tokens::Pair;
use crate::throttle::Wait;
use crate::web::app::App;

/// A text under the key that the settings name: `{"msg": text}`.
#[derive(Serialize)]
#[serde(transparent)]
pub(in crate::web) struct Message<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Message<'a> {
    pub(in crate::web) fn new(app: &'a App, text: &'a str) -> Self {
        Self(BTreeMap::from([(app.accounts.engine.options().error_message_key.as_str(), text)]))
    }
}

/// The document has the real one, with the key of the settings.
impl PartialSchema for Message<'_> {
    fn schema() -> RefOr<Schema> {
        utoipa::openapi::Object::new().into()
    }
}

impl ToSchema for Message<'_> {
    fn name() -> Cow<'static, str> {
        "Message".into()
    }
}

/// `{"msg": text}`, with the key that the settings name.
pub(in crate::web) fn message(app: &App, status: StatusCode, text: &str) -> HttpResponse {
    HttpResponse::build(status).json(Message::new(app, text))
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

/// The two tokens of a session.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Tokens<'a> {
    #[schema(format = "jwt")]
    pub(in crate::web) access_token: &'a str,
    #[schema(format = "jwt")]
    pub(in crate::web) refresh_token: &'a str,
}

impl<'a> Tokens<'a> {
    pub(in crate::web) fn of(pair: &'a Pair) -> Self {
        Self { access_token: &pair.access.text, refresh_token: &pair.refresh.text }
    }
}

/// A new access token in the place of the one before.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct NewAccessToken<'a> {
    #[schema(format = "jwt")]
    pub(in crate::web) access_token: &'a str,
}

/// Whether there was anything to change.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct WasChanged {
    pub(in crate::web) changed: bool,
}

/// The same of a change that ends sessions.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct UserChanged {
    pub(in crate::web) changed: bool,
    pub(in crate::web) sessions_ended: usize,
}

/// The two tokens of a program that has signed in.
pub(in crate::web) fn tokens(pair: &Pair) -> HttpResponse {
    HttpResponse::Ok().json(Tokens::of(pair))
}

/// What the tutorial's endpoints answer: who calls.
pub(in crate::web) fn logged_in_as(identity: &str) -> HttpResponse {
    let body = serde_json::to_string(&LoggedInAs { logged_in_as: identity }).expect("a text is always JSON");
    // Not by the builder's `json`, which makes the content type of a text: half of what this answer would cost.
    let mut res = HttpResponse::new(StatusCode::OK).set_body(BoxBody::new(body));
    res.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    res
}

/// Who calls.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct LoggedInAs<'a> {
    logged_in_as: &'a str,
}
