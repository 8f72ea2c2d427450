//! "Forgot password?", where Portero sends mail: has a link mailed to whoever it may be. The answer says nothing of who there is.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::accounts::people::forgotten_password::{Asked, mail_link};
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession};
use crate::web::browser::tries;
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::with_retry_after;
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};

/// Longer than any name or address, in bytes.
const LONGEST: usize = 1024;

#[derive(Template)]
#[template(path = "forgot_password.html")]
struct ForgotPage {
    page: Page,
    who: String,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "forgot_password_sent.html")]
struct SentPage {
    page: Page,
}

pub(in crate::web) async fn form(ThinData(app): ThinData<App>, req: HttpRequest) -> Result<HttpResponse, Error> {
    require_mail(&app)?;
    let view = ForgotPage { page: Page::new(&app, &req, None), who: String::new(), errors: Vec::new() };
    Ok(html(StatusCode::OK, &view))
}

/// Where Portero sends no mail there is no such page.
fn require_mail(app: &App) -> Result<(), Error> {
    if app.config().mail.is_some() { Ok(()) } else { Err(Error::NotFound) }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ForgotForm {
    csrf_token: String,
    who: String,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    input: Input,
) -> Result<HttpResponse, Error> {
    require_mail(&app)?;
    let form: ForgotForm = input.only_form()?;
    let who = form.who.trim().to_owned();
    let mut page = Page::new(&app, &req, None);
    let again = |page, status, error| {
        // People type passwords where names belong.
        let view = ForgotPage { page, who: String::new(), errors: vec![error] };
        Ok(html(status, &view))
    };
    if !browser_session::form_is_ours(&browser, &form.csrf_token, app.now()) {
        let error = page.error("", "error-form-expired");
        return again(page, StatusCode::BAD_REQUEST, error);
    }
    if who.is_empty() || who.len() > LONGEST {
        let error = page.error("who", "error-forgot-missing");
        return again(page, StatusCode::BAD_REQUEST, error);
    }
    // Each counts, whoever it names: it is dropped as a wrong try.
    match tries::forgotten(&app, &req, &who) {
        Ok(begun) => drop(begun),
        Err(Error::Throttled(wait)) => {
            let error = page.throttled(wait);
            let res: Result<HttpResponse, Error> = again(page, StatusCode::TOO_MANY_REQUESTS, error);
            return Ok(with_retry_after(res?, wait));
        }
        Err(error) => return Err(error),
    }
    let ip = client_address::address(&app, &req).to_string();
    mail_link(&app.accounts, Asked { who, language: page.lang.to_owned(), ip });
    Ok(html(StatusCode::OK, &SentPage { page }))
}
