//! `/`: leads an admin to the overview, others to their account, or to the login. Before there is any account, it says how the first one is made.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::guards::{AccessToken, Refusal, refusal_in};
use crate::store::users;
use crate::tokens::Fault;
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::local_path::home;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "no_account.html")]
struct NoAccountPage {
    page: Page,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    caller: Result<AccessToken, actix_web::Error>,
) -> Result<HttpResponse, Error> {
    // Who is signed in and still has to give a second factor is led there, not to the login.
    if let Err(error) = &caller
        && let Some(Refusal::Fault(fault @ (Fault::BelowLevel { .. } | Fault::NotEnrolled))) = refusal_in(error)
    {
        return Err(fault.into());
    }
    if caller.is_ok()
        && let Some(user) = signed_in::found(&req)
    {
        return Ok(see_other(home(user.role)));
    }
    if audience(&req, &app) == Audience::Browser && !app.read(users::any).await? {
        return Ok(html(StatusCode::OK, &NoAccountPage { page: Page::new(&app, &req, None) }));
    }
    Ok(see_other("/login"))
}
