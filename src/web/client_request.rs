//! What an app beside us asks about a token: who asks, and about which. (RFC 6749 §2.3.1, RFC 7662 §2.1, RFC 7009 §2.1)

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode;
use serde::Deserialize;
use serde_json::json;

use super::App;
use super::error::Error;
use super::input::Input;
use crate::accounts::{AppCredentials, is_app};

/// Unknown fields are ignored, as RFC 6749 §3.2 wants; `token_type_hint` is one, for a token says itself what it is.
#[derive(Deserialize)]
struct Fields {
    token: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// The token that is asked about, by an app that we know; or the answer for everybody else. (RFC 6749 §5.2)
pub(super) async fn token_asked_about(
    app: &App,
    req: &HttpRequest,
    input: Input,
) -> Result<Result<String, HttpResponse>, Error> {
    let fields: Fields = input.only_form()?;
    let in_form = fields.client_id.zip(fields.client_secret).map(|(id, secret)| AppCredentials { id, secret });
    let in_header = req.headers().get(AUTHORIZATION);
    let given = match (in_header, in_form) {
        (Some(_), Some(_)) => return Ok(Err(refused(StatusCode::BAD_REQUEST, "invalid_request"))),
        (Some(header), None) => basic(header),
        (None, in_form) => in_form,
    };
    let known = match given {
        Some(given) => app.read(move |conn| is_app(conn, &given)).await?,
        None => false,
    };
    if !known {
        let mut res = refused(StatusCode::UNAUTHORIZED, "invalid_client");
        res.headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"portero\", charset=\"UTF-8\""));
        return Ok(Err(res));
    }
    Ok(fields
        .token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| refused(StatusCode::BAD_REQUEST, "invalid_request")))
}

/// Both halves are form-encoded before they are joined. (RFC 6749 §2.3.1)
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

fn refused(status: StatusCode, error: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({ "error": error }))
}
