//! "Confirm it's you": the password once more before something that matters, and a second factor where the place asks for two.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::Mandate;
use crate::accounts::proof::passkey::{Asked, Place, Shown};
use crate::accounts::proof::sign_in_limits::note_wrong;
use crate::accounts::sessions::confirm::{ByPasskey, Confirmation, FreshAccess, Outcome, confirm, confirm_by_passkey};
use crate::blocklist::Standing;
use crate::domain::{CodeKind, FactorCode, Level, Password};
use crate::guards::NewCookies;
use crate::guards::{AccessToken, Caller};
use crate::store::{passkeys, second_factors};
use crate::throttle::{Try, Wait};
use crate::tokens::Fault;
use crate::tokens::options::Location;
use crate::web::app::{App, counted};
use crate::web::browser::passkey_answers::{self, Refused};
use crate::web::browser::{token_cookies, tries};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::local_path::LocalPath;
use crate::web::http::passkeys_here::passkeys_here;
use crate::web::http::replies::{NewAccessToken, message, see_other, with_retry_after};
use crate::web::http::signed_in::{OwnMandate, signed_in};
use crate::web::pages::factor_code::{self, CodeRefusal};
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
    /// What is asked beside the password. `None`: nothing.
    code: Option<CodeKind>,
    /// Whether the password is asked for. Not of somebody for whom it would not be enough and who has nothing but passkeys.
    asks_password: bool,
    /// This page with the other kind of code.
    other_way: String,
    /// Whether there is an authenticator app.
    has_totp: bool,
    /// `None`: the account has none that works here.
    passkey: Option<Asked>,
    /// Why the account's passkeys can't be used here, if it has some.
    elsewhere: Option<String>,
    errors: Vec<FieldError>,
}

/// The query of this page, and the same in its form.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Way {
    next: String,
    /// The level that the place asks for. (OpenID Connect)
    acr_values: String,
    method: CodeKind,
}

impl Way {
    fn next(&self) -> LocalPath {
        LocalPath::or_account(&self.next)
    }

    /// Who has no second factor is not asked for one: the place will say what to do.
    fn code(&self, standing: &Standing) -> Option<CodeKind> {
        (self.acr_values == Level::Two.acr() && standing.has_factor).then_some(self.method)
    }
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
    way: Option<Query<Way>>,
) -> Result<HttpResponse, Error> {
    let way = way.map(Query::into_inner).unwrap_or_default();
    show(&app, &req, &caller, StatusCode::OK, &way, &[]).await
}

async fn show(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    status: StatusCode,
    way: &Way,
    errors: &[(&'static str, &str)],
) -> Result<HttpResponse, Error> {
    let page = Page::new(app, req, Some(caller));
    let errors = errors.iter().map(|(field, key)| page.error(field, key)).collect();
    show_with(app, req, caller, page, status, way, errors).await
}

/// Where somebody goes who does not want to confirm. Whoever is let in nowhere else can only sign out.
fn cancel(app: &App, req: &HttpRequest, caller: &Caller) -> Result<&'static str, Error> {
    let asks = app.config().second_factor.asks(signed_in(req)?.role, app.now());
    Ok(if asks && caller.claims.level_for_policy() < Level::Two { "/logout" } else { "/account" })
}

async fn show_with(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    page: Page,
    status: StatusCode,
    way: &Way,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let standing = signed_in(req)?;
    let next = way.next();
    let (code, user) = (way.code(&standing), standing.user);
    let (ways, known) = if standing.has_factor {
        app.read(move |conn| Ok((second_factors::ways(conn, user)?, passkeys::of_user(conn, user)?))).await?
    } else {
        Default::default()
    };
    let (mut passkey, mut elsewhere) = (None, None);
    if let (true, Some(sid)) = (ways.passkey, caller.claims.sid()) {
        match passkeys_here(app, req) {
            Ok(_) => {
                let ids: Vec<_> = known.into_iter().map(|passkey| passkey.credential_id).collect();
                passkey = passkey_answers::ask_for(app, req, Place::Confirmation(sid), &ids);
            }
            Err(why) => elsewhere = Some(page.passkeys_elsewhere(&why)),
        }
    }
    let purpose = match next.as_str().split('?').next().unwrap_or_default() {
        "/change-password" => page.t("purpose-change-password"),
        "/logout" => page.t("purpose-end-sessions"),
        path if path.ends_with("/end") => page.t("purpose-end-sessions"),
        path if path.starts_with("/account/factors") => page.t("purpose-factors"),
        _ => page.t("purpose-continue"),
    };
    let view = ConfirmPage {
        username: page.user.clone().unwrap_or_default(),
        purpose,
        next: next.to_string(),
        cancel: cancel(app, req, caller)?.into(),
        code,
        asks_password: code != Some(CodeKind::Totp) || ways.totp,
        other_way: other_way(&next, code),
        has_totp: ways.totp,
        passkey,
        elsewhere,
        errors,
        page,
    };
    Ok(html(status, &view))
}

fn other_way(next: &LocalPath, code: Option<CodeKind>) -> String {
    let method = if code == Some(CodeKind::Totp) { "&method=recovery_code" } else { "" };
    format!("/confirm?next={}&acr_values={}{method}", next.encoded(), Level::Two.acr())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ConfirmForm {
    password: String,
    code: String,
    /// The browser's answer, if somebody chose a passkey.
    passkey: String,
    passkey_challenge: String,
    #[serde(flatten)]
    way: Way,
}

/// A proof of identity.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Confirm)]
pub(in crate::web) struct ConfirmJson {
    password: String,
    /// Left out: only the password is proved.
    code: Option<String>,
    #[serde(default)]
    method: CodeKind,
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
            let way = form.way;
            if !form.passkey.is_empty() {
                let shown = Shown { challenge: form.passkey_challenge, answer: form.passkey };
                return by_passkey(&app, &req, &caller, mandate, &way, shown).await;
            }
            let asked = way.code(&*signed_in(&req)?);
            let mut missing = Vec::new();
            if form.password.is_empty() {
                missing.push(("password", "error-password-required"));
            }
            let code = asked.map(|kind| factor_code::read(kind, &form.code));
            if let Some(Err(key)) = code {
                missing.push(("code", key));
            }
            let code = code.and_then(Result::ok);
            if !missing.is_empty() {
                return show(&app, &req, &caller, StatusCode::BAD_REQUEST, &way, &missing).await;
            }
            let begun = match tries::confirm(&app, &req, &caller).await {
                Ok(begun) => begun,
                Err(Error::Throttled(wait)) => return too_many(&app, &req, &caller, &way, wait).await,
                Err(error) => return Err(error),
            };
            match confirmed(&app, &req, mandate, begun, form.password, code).await? {
                Confirmed::Fresh(new) => {
                    let mut res = see_other(way.next().as_str());
                    token_cookies::set(&app, res.head_mut(), &new, app.now());
                    Ok(res)
                }
                Confirmed::No(no) => show(&app, &req, &caller, StatusCode::UNAUTHORIZED, &way, &[no.in_form()]).await,
            }
        }
        Input::Json(members) => {
            let ConfirmJson { password, code, method } = Input::json(members)?;
            let code = match code.map(|typed| method.read(&typed)) {
                None => None,
                Some(Some(code)) => Some(code),
                Some(None) => return Ok(message(&app, StatusCode::UNAUTHORIZED, CodeRefusal::Wrong.msg())),
            };
            let begun = tries::confirm(&app, &req, &caller).await?;
            Ok(match confirmed(&app, &req, mandate, begun, password, code).await? {
                // A cookie session's tokens stay in cookies, where scripts can't read them; shown another way
                // they would be refused.
                Confirmed::Fresh(new) if caller.location == Location::Cookies => {
                    let mut res = message(&app, StatusCode::OK, "confirmed");
                    token_cookies::set(&app, res.head_mut(), &new, app.now());
                    res
                }
                Confirmed::Fresh(new) => HttpResponse::Ok().json(NewAccessToken { access_token: &new.access.text }),
                Confirmed::No(no) => message(&app, StatusCode::UNAUTHORIZED, no.in_json()),
            })
        }
    }
}

async fn too_many(app: &App, req: &HttpRequest, caller: &Caller, way: &Way, wait: Wait) -> Result<HttpResponse, Error> {
    let mut page = Page::new(app, req, Some(caller));
    let errors = vec![page.throttled(wait)];
    let res = show_with(app, req, caller, page, StatusCode::TOO_MANY_REQUESTS, way, errors).await?;
    Ok(with_retry_after(res, wait))
}

async fn by_passkey(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    mandate: Mandate,
    way: &Way,
    shown: Shown,
) -> Result<HttpResponse, Error> {
    let sid = caller.claims.sid().ok_or(Fault::Revoked)?;
    let begun = match tries::confirm(app, req, caller).await {
        Ok(begun) => begun,
        Err(Error::Throttled(wait)) => return too_many(app, req, caller, way, wait).await,
        Err(error) => return Err(error),
    };
    let refused =
        async |refused: Refused| show(app, req, caller, StatusCode::UNAUTHORIZED, way, &[("", refused.key())]).await;
    let visitor = client_address::visitor(app, req);
    let place = Place::Confirmation(sid);
    let (given, begun) = match passkey_answers::check(app, begun, place, shown, visitor.clone()).await? {
        Ok(good) => good,
        Err(why) => return refused(why).await,
    };
    let done = confirm_by_passkey(&app.accounts, mandate, *given, visitor).everywhere().await.map_err(Error::from);
    let (outcome, begun) = counted(begun, done)?;
    match outcome {
        ByPasskey::Fresh(FreshAccess { access, csrf, remembered }) => {
            begun.succeeded();
            let access = token_cookies::from_token(access, csrf);
            let new = NewCookies { access, refresh: None, kept: remembered };
            let mut res = see_other(way.next().as_str());
            token_cookies::set(app, res.head_mut(), &new, app.now());
            Ok(res)
        }
        ByPasskey::CountWentBack => refused(Refused::Copied).await,
        ByPasskey::Over => refused(Refused::Lapsed).await,
    }
}

/// What came of a confirmation.
enum Confirmed {
    /// The new access token as cookies.
    Fresh(NewCookies),
    No(No),
}

/// What was not right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum No {
    Password,
    Code(CodeRefusal),
}

impl No {
    /// The field, and the catalogue's key.
    fn in_form(self) -> (&'static str, &'static str) {
        match self {
            Self::Password => ("password", "error-password-incorrect"),
            Self::Code(refusal) => ("code", refusal.key()),
        }
    }

    fn in_json(self) -> &'static str {
        match self {
            Self::Password => "Bad password",
            Self::Code(refusal) => refusal.msg(),
        }
    }
}

/// Confirms with the password, and the code where one was given.
async fn confirmed(
    app: &App,
    req: &HttpRequest,
    mandate: Mandate,
    begun: Try,
    password: String,
    code: Option<FactorCode>,
) -> Result<Confirmed, Error> {
    let Ok(password) = Password::parse(password) else { return Ok(Confirmed::No(No::Password)) };
    let given = Confirmation { password, code, visitor: client_address::visitor(app, req) };
    let (outcome, begun) = app.try_password(begun, move |accounts| confirm(accounts, mandate, given)).await?;
    Ok(match outcome {
        Outcome::Fresh(FreshAccess { access, csrf, remembered }) => {
            begun.succeeded();
            let access = token_cookies::from_token(access, csrf);
            Confirmed::Fresh(NewCookies { access, refresh: None, kept: remembered })
        }
        Outcome::WrongPassword => {
            note_wrong(&app.accounts, &begun);
            Confirmed::No(No::Password)
        }
        // Dropped, the try counts as a wrong one.
        Outcome::WrongCode => Confirmed::No(No::Code(CodeRefusal::Wrong)),
        Outcome::UsedCode => {
            begun.succeeded();
            Confirmed::No(No::Code(CodeRefusal::Used))
        }
        Outcome::TooManyWrong => Confirmed::No(No::Code(CodeRefusal::TooManyWrong)),
    })
}
