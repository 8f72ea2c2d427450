//! Choosing the language by hand. A cookie remembers it and, if somebody is signed in, so does the user's row.

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::accounts;
use crate::accounts::people::locale::set_locale;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession};
use crate::web::browser::language;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::local_path::LocalPath;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::OwnMandate;

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    csrf_token: String,
    lang: String,
    #[serde(default)]
    back: String,
}

pub(in crate::web) async fn choose(
    ThinData(app): ThinData<App>,
    _req: HttpRequest,
    browser: BrowserSession,
    signed_in: Result<OwnMandate, actix_web::Error>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let choice: Choice = input.only_form()?;
    let signed_in = signed_in.ok();
    let own = signed_in.as_ref().and_then(|OwnMandate(caller, _)| caller.claims.csrf.as_deref());
    // A page without a session has the browser's CSRF value, a page with one has the session's.
    if own != Some(choice.csrf_token.as_str())
        && !browser_session::form_is_ours(&browser, &choice.csrf_token, app.now())
    {
        return Err(Error::Csrf);
    }
    let chosen = app.texts.find(&choice.lang).ok_or_else(|| Error::BadInput("There is no such language".into()))?;
    if let Some(OwnMandate(_, mandate)) = signed_in {
        match set_locale(&app.accounts, mandate, chosen.tag.to_owned()).everywhere().await {
            // Whoever was signed out meanwhile still gets the language in this browser.
            Ok(()) | Err(accounts::Error::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut res = see_other(LocalPath::or_account(&choice.back).as_str());
    res.add_cookie(&language::cookie(&app, chosen.tag)).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(res)
}
