//! Which app asks at an endpoint for apps, and how it says so: by HTTP Basic, in the form, or, if it can keep no secret, by its name alone.
//! (RFC 6749 §2.3)

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode;

use crate::accounts::apps::credentials::AppCredentials;
use crate::accounts::apps::openid::caller::AppCaller;
use crate::web::http::error::{AppFault, Error};

/// `id`, `secret`: as the form has them. In two ways at once is no way.
pub(in crate::web) fn caller(
    req: &HttpRequest,
    id: Option<String>,
    secret: Option<String>,
) -> Result<AppCaller, Error> {
    let secret = secret.filter(|secret| !secret.is_empty());
    match (req.headers().get(AUTHORIZATION), id, secret) {
        (Some(_), _, Some(_)) => Err(Error::App(AppFault::InvalidRequest)),
        (Some(header), id, None) => {
            let shown = basic(header).ok_or(Error::App(AppFault::InvalidClient))?;
            if id.is_some_and(|id| id != shown.id) {
                return Err(Error::App(AppFault::InvalidRequest));
            }
            // Some programs that have no secret send an empty one.
            if shown.secret.is_empty() { Ok(AppCaller::Public(shown.id)) } else { Ok(AppCaller::WithSecret(shown)) }
        }
        (None, Some(id), Some(secret)) => Ok(AppCaller::WithSecret(AppCredentials { id, secret })),
        (None, Some(id), None) => Ok(AppCaller::Public(id)),
        (None, None, _) => Err(Error::App(AppFault::InvalidClient)),
    }
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
