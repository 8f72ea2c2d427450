//! "This wasn't me", the link in a mail. GET only explains, and only POST does something: mail programs fetch links to look at them.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::accounts::people::report::{self, Reported, report};
use crate::store::outbox::{Kind, Reportable};
use crate::store::users::User;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession};
use crate::web::browser::tries;
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::headers::without_referrer;
use crate::web::http::input::Input;
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};
use crate::web::pages::times::Time;

#[derive(Template)]
#[template(path = "not_me.html")]
struct NotMePage {
    page: Page,
    token: String,
    intro: String,
    about: String,
    at: Time,
    removes_factor: bool,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "not_me_done.html")]
struct DonePage {
    page: Page,
    sessions_ended: usize,
    /// `None`: nothing was open, so there is nothing to prove.
    receipt: Option<String>,
    /// Whether a link to a new password can be mailed: the address is known to be theirs.
    can_ask: bool,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    token: Path<String>,
) -> Result<HttpResponse, Error> {
    let (mail, user) = tries::open_link(&app, &req, &token, report::find).await?;
    let page = Page::new(&app, &req, None);
    Ok(show(page, StatusCode::OK, token.into_inner(), &mail, &user, Vec::new()))
}

fn show(
    page: Page,
    status: StatusCode,
    token: String,
    mail: &Reportable,
    user: &User,
    errors: Vec<FieldError>,
) -> HttpResponse {
    let view = NotMePage {
        token,
        intro: page.t1("not-me-intro", "user", user.username.as_str()),
        about: page.t(&format!("not-me-about-{}", mail.kind.as_str())),
        at: page.time(mail.made_at),
        removes_factor: mail.kind == Kind::FactorAdded,
        errors,
        page,
    };
    without_referrer(html(status, &view))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NotMeForm {
    csrf_token: String,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    token: Path<String>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let form: NotMeForm = input.only_form()?;
    let (mail, user) = tries::open_link(&app, &req, &token, report::find).await?;
    let page = Page::new(&app, &req, None);
    if !browser_session::form_is_ours(&browser, &form.csrf_token, app.now()) {
        let errors = vec![page.error("", "error-form-expired")];
        return Ok(show(page, StatusCode::BAD_REQUEST, token.into_inner(), &mail, &user, errors));
    }
    let visitor = client_address::visitor(&app, &req);
    match report(&app.accounts, token.into_inner(), visitor).everywhere().await? {
        Reported::Dead => Err(Error::Gone),
        Reported::Done { sessions_ended, receipt } => {
            let is_known = user.mail_verified_at.is_some() && mail.kind != Kind::AddressChanged;
            let can_ask = is_known && app.config().mail.is_some();
            Ok(without_referrer(html(StatusCode::OK, &DonePage { page, sessions_ended, receipt, can_ask })))
        }
    }
}
