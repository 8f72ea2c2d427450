//! "Confirm it's you": the password once more before something that matters.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use crate::accounts::Mandate;
use crate::accounts::proof::sign_in_limits::note_wrong;
use crate::accounts::sessions::confirm::{Outcome, confirm};
use crate::domain::Password;
use crate::guards::NewCookies;
use crate::guards::{AccessToken, Caller};
use crate::throttle::Try;
use crate::tokens::options::Location;
use crate::web::app::App;
use crate::web::browser::{token_cookies, tries};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::local_path::{LocalPath, Next};
use crate::web::http::replies::{message, see_other, with_retry_after};
use crate::web::http::signed_in::OwnMandate;
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    page: Page,
    username: String,
    purpose: String,
    next: String,
    cancel: String,
    errors: Vec<FieldError>,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
    next: Option<Query<Next>>,
) -> HttpResponse {
    let next = LocalPath::next(next.as_ref());
    show(&app, &req, &caller, StatusCode::OK, &next, &[])
}

fn show(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    status: StatusCode,
    next: &LocalPath,
    errors: &[(&'static str, &str)],
) -> HttpResponse {
    let page = Page::new(app, req, Some(caller));
    let errors = errors.iter().map(|(field, key)| page.error(field, key)).collect();
    show_with(page, status, next, errors)
}

fn show_with(page: Page, status: StatusCode, next: &LocalPath, errors: Vec<FieldError>) -> HttpResponse {
    let purpose = match next.as_str().split('?').next().unwrap_or_default() {
        "/change-password" => page.t("purpose-change-password"),
        "/logout" => page.t("purpose-end-sessions"),
        path if path.ends_with("/end") => page.t("purpose-end-sessions"),
        _ => page.t("purpose-continue"),
    };
    let view = ConfirmPage {
        username: page.user.clone().unwrap_or_default(),
        purpose,
        next: next.to_string(),
        cancel: "/account".into(),
        errors,
        page,
    };
    html(status, &view)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ConfirmForm {
    password: String,
    next: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfirmJson {
    password: String,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    OwnMandate(caller, mandate): OwnMandate,
    input: Input,
) -> Result<HttpResponse, Error> {
    match input {
        Input::Form(fields) => {
            let form: ConfirmForm = Input::form(fields)?;
            let next = LocalPath::or_account(&form.next);
            if form.password.is_empty() {
                let error = [("password", "error-password-required")];
                return Ok(show(&app, &req, &caller, StatusCode::BAD_REQUEST, &next, &error));
            }
            let begun = match tries::confirm(&app, &req, &caller).await {
                Ok(begun) => begun,
                Err(Error::Throttled(wait)) => {
                    let mut page = Page::new(&app, &req, Some(&caller));
                    let errors = vec![page.throttled(wait)];
                    let res = show_with(page, StatusCode::TOO_MANY_REQUESTS, &next, errors);
                    return Ok(with_retry_after(res, wait));
                }
                Err(error) => return Err(error),
            };
            match confirmed(&app, &req, mandate, begun, form.password).await? {
                Some(new) => {
                    let mut res = see_other(next.as_str());
                    token_cookies::set(&app, res.head_mut(), &new, app.now());
                    Ok(res)
                }
                None => {
                    let error = [("password", "error-password-incorrect")];
                    Ok(show(&app, &req, &caller, StatusCode::UNAUTHORIZED, &next, &error))
                }
            }
        }
        Input::Json(members) => {
            let ConfirmJson { password } = Input::json(members)?;
            let begun = tries::confirm(&app, &req, &caller).await?;
            Ok(match confirmed(&app, &req, mandate, begun, password).await? {
                // A cookie session's tokens stay in cookies, where scripts can't read them; shown another way
                // they would be refused.
                Some(new) if caller.location == Location::Cookies => {
                    let mut res = message(&app, StatusCode::OK, "confirmed");
                    token_cookies::set(&app, res.head_mut(), &new, app.now());
                    res
                }
                Some(new) => HttpResponse::Ok().json(json!({ "access_token": new.access.text })),
                None => message(&app, StatusCode::UNAUTHORIZED, "Bad password"),
            })
        }
    }
}

/// Confirms with the password. Returns the new access token as cookies. `None`: the password is wrong.
async fn confirmed(
    app: &App,
    req: &HttpRequest,
    mandate: Mandate,
    begun: Try,
    password: String,
) -> Result<Option<NewCookies>, Error> {
    let Ok(password) = Password::parse(password) else { return Ok(None) };
    let visitor = client_address::visitor(app, req);
    let (outcome, begun) =
        app.try_password(begun, move |accounts| confirm(accounts, mandate, &password, visitor)).await?;
    match outcome {
        Outcome::WrongPassword => {
            note_wrong(&app.accounts, &begun);
            Ok(None)
        }
        Outcome::Fresh { access, csrf, remembered } => {
            begun.succeeded();
            Ok(Some(NewCookies { access: token_cookies::from_token(access, csrf), refresh: None, kept: remembered }))
        }
    }
}
