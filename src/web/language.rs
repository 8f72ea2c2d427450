//! Choosing the language by hand; remembered by a cookie and, for who is signed in, with the user.

use actix_session::Session;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::error::Error;
use super::input::Input;
use super::local_path::LocalPath;
use super::page::see_other;
use super::{App, browser_session, signed_in};
use crate::guards::AccessToken;
use crate::store::users;

const LIFE: Duration = Duration::days(365);

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    csrf_token: String,
    lang: String,
    #[serde(default)]
    back: String,
}

pub(super) async fn choose(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    session: Session,
    caller: Result<AccessToken, actix_web::Error>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let choice: Choice = input.only_form()?;
    let caller = caller.ok().map(|AccessToken(caller)| caller);
    let own = caller.as_ref().and_then(|caller| caller.claims.csrf.as_deref());
    // A page without a session has the browser's value, one with a session that session's.
    if own != Some(choice.csrf_token.as_str())
        && !browser_session::form_is_ours(&session, &choice.csrf_token, app.now())
    {
        return Err(Error::Csrf);
    }
    let language = app.texts.find(&choice.lang).ok_or_else(|| Error::BadInput("There is no such language".into()))?;
    if let Some(standing) = caller.and_then(|_| signed_in::found(&req)) {
        let tag = language.tag;
        app.write(move |tx| Ok(users::set_locale(tx.conn, standing.user, tag)?)).await?;
    }
    let mut res = see_other(LocalPath::or_account(&choice.back).as_str());
    res.add_cookie(&cookie(&app, language.tag)).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(res)
}

pub(super) fn by_hand(app: &App, req: &HttpRequest) -> Option<String> {
    req.cookie(&name(app)).map(|cookie| cookie.value().to_owned())
}

/// The cookie that remembers a choice.
pub(super) fn cookie(app: &App, tag: &str) -> Cookie<'static> {
    Cookie::build(name(app), tag.to_owned())
        .path("/")
        .http_only(true)
        .secure(app.config.jwt.cookie_secure)
        .same_site(SameSite::Lax)
        .max_age(LIFE)
        .finish()
}

fn name(app: &App) -> String {
    format!("{}portero_language", app.config.cookie_prefix())
}
