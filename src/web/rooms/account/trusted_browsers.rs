//! Forgetting a browser that stands in for one's second factor. They are listed on the account's page.

use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::factors::trusted_browsers::forget;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::OwnMandate;

/// However long ago they proved who they are: it only makes signing in harder.
pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    OwnMandate(_, mandate): OwnMandate,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let was_there = forget(&app.accounts, mandate, id).everywhere().await?;
    match audience(&req, &app) {
        Audience::Program if was_there => Ok(HttpResponse::NoContent().finish()),
        Audience::Program => Err(Error::NotFound),
        // Twice is fine: what the person wants is so.
        Audience::Browser => {
            browser_session::set_flash(&browser, &Flash::plain("flash-browser-forgotten"));
            Ok(see_other("/account"))
        }
    }
}
