//! Portero's own address, as apps compare it.

use crate::web::app::App;
use crate::web::http::error::Error;

/// The issuer: `public_url`, without a `/` at the end.
pub(in crate::web) fn issuer(app: &App) -> Result<String, Error> {
    let url = app.public_url.as_ref();
    let url = url.ok_or_else(|| Error::Unavailable("public_url is not set, so no app can sign people in".into()))?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
