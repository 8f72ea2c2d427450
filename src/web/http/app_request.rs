//! An app's question about a token: which app asks, and about which token. (RFC 6749 §2.3.1, RFC 7662 §2.1, RFC 7009 §2.1)

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode;
use serde::Deserialize;

use super::error::{AppFault, Error};
use super::input::Input;
use crate::accounts::apps::credentials::AppCredentials;
use crate::web::app::App;

/// Unknown fields are ignored, as RFC 6749 §3.2 wants. `token_type_hint` is one of them, for a token says itself what it is.
#[derive(Deserialize)]
struct Fields {
    token: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// The app that asks, and the token that it asks about.
pub(in crate::web) struct Question {
    pub(in crate::web) app: AppCredentials,
    pub(in crate::web) token: String,
}

/// Reads the question of a known app. Anybody else gets [`Error::App`], and so does a question without a token. (RFC 6749 §5.2)
pub(in crate::web) async fn question(app: &App, req: &HttpRequest, input: Input) -> Result<Question, Error> {
    let fields: Fields = input.only_form()?;
    let in_form = fields.client_id.zip(fields.client_secret).map(|(id, secret)| AppCredentials { id, secret });
    let given = match (req.headers().get(AUTHORIZATION), in_form) {
        (Some(_), Some(_)) => return Err(Error::App(AppFault::InvalidRequest)),
        (Some(header), None) => basic(header),
        (None, in_form) => in_form,
    };
    let given = given.ok_or(Error::App(AppFault::InvalidClient))?;
    let shown = given.clone();
    if !app.read(move |conn| shown.are_good(conn)).await? {
        return Err(Error::App(AppFault::InvalidClient));
    }
    let token = fields.token.filter(|token| !token.is_empty()).ok_or(Error::App(AppFault::InvalidRequest))?;
    Ok(Question { app: given, token })
}

/// Reads the header of HTTP Basic. The id and the secret are each form-encoded before they are joined. (RFC 6749 §2.3.1)
fn basic(header: &HeaderValue) -> Option<AppCredentials> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let plain = |text: &str| percent_decode(text.as_bytes()).decode_utf8().ok().map(|text| text.into_owned());
    Some(AppCredentials { id: plain(id)?, secret: plain(secret)? })
}
