//! A one-time link: an invitation, or a new password for who forgot theirs. GET shows, only POST uses it up: chat programs fetch links
//! to preview them.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, REFERRER_POLICY};
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::browser_session::Flash;
use super::change_password::new_password;
use super::error::Error;
use super::input::Input;
use super::login::sign_in_here;
use super::page::{FieldError, Page, html};
use super::{App, browser_session, doors, token_cookies, trust};
use crate::accounts::{self, Used};
use crate::store::links::Purpose;
use crate::store::users::User;
use crate::throttle::Pass;

/// The address of a one-time link. `room`: `setup` or `link`.
pub fn link_url(public_url: &url::Url, room: &str, token: &str) -> String {
    format!("{}/{room}/{token}", public_url.as_str().trim_end_matches('/'))
}

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    page: Page,
    token: String,
    username: String,
    is_invitation: bool,
    min_length: usize,
    errors: Vec<FieldError>,
}

pub(super) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    token: Path<String>,
) -> Result<HttpResponse, Error> {
    let (pass, purpose, user) = find(&app, &req, &token).await?;
    // Looking at a good link is no guess.
    pass.succeeded();
    let page = Page::of(&app, &req, None);
    Ok(show(&app, page, StatusCode::OK, token.into_inner(), purpose, &user, Vec::new()))
}

/// A dead link counts as a guess.
async fn find(app: &App, req: &HttpRequest, token: &str) -> Result<(Pass, Purpose, User), Error> {
    let pass = doors::link(app, req)?;
    let (token, now) = (token.to_owned(), app.now());
    let found = app.read(move |conn| accounts::find_link(conn, &token, now)).await?;
    let (purpose, user) = found.ok_or(Error::Gone)?;
    Ok((pass, purpose, user))
}

fn show(
    app: &App,
    page: Page,
    status: StatusCode,
    token: String,
    purpose: Purpose,
    user: &User,
    errors: Vec<FieldError>,
) -> HttpResponse {
    let view = LinkPage {
        token,
        username: user.username.to_string(),
        is_invitation: purpose == Purpose::Invitation,
        min_length: app.accounts.rules.min_password_length,
        errors,
        page,
    };
    without_referrer(html(status, &view))
}

/// The address is the secret, so it is told to nobody, not even to our own next page.
pub(super) fn without_referrer(mut res: HttpResponse) -> HttpResponse {
    res.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    res
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LinkForm {
    csrf_token: String,
    new_password: String,
    new_password_again: String,
}

pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    session: Session,
    token: Path<String>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let form: LinkForm = input.only_form()?;
    let (token, now) = (token.into_inner(), app.now());
    let (pass, purpose, user) = find(&app, &req, &token).await?;
    pass.succeeded();
    let page = Page::of(&app, &req, None);
    let again = |page, errors| Ok(show(&app, page, StatusCode::BAD_REQUEST, token.clone(), purpose, &user, errors));
    if !browser_session::form_is_ours(&session, &form.csrf_token, now) {
        let errors = vec![page.error("", "error-form-expired")];
        return again(page, errors);
    }
    let chosen = new_password(&app, &page, &form.new_password, &form.new_password_again, Some(&user.username));
    let password = match chosen {
        Ok(password) => password,
        Err(errors) => return again(page, errors),
    };
    let client = trust::client(&app, &req);
    let replaces = token_cookies::held_session(&app, &req, now).and_then(|claims| claims.sid());
    let link = token.clone();
    match app.hash(move |at| accounts::use_link(at, &link, &password, replaces, client, now)).await? {
        Used::DeadLink => Err(Error::Gone),
        Used::Done { user, pair, sessions_ended } => {
            let res = sign_in_here(&app, &req, &session, "/account", user, pair)?;
            let flash = match purpose {
                Purpose::Invitation | Purpose::Setup => Flash::plain("flash-invited"),
                Purpose::NewPassword => {
                    Flash::counted("flash-new-password", i64::try_from(sessions_ended).unwrap_or(i64::MAX))
                }
            };
            browser_session::set_flash(&session, &flash);
            Ok(without_referrer(res))
        }
    }
}
