//! How an app signs people in by OpenID Connect, for an admin: where its answers go, and what it is told. Its secret is made here, too, and
//! shown once.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::accounts::apps::credentials::AppCredentials;
use crate::accounts::apps::manage::{self, AppFault};
use crate::domain::{App as RegisteredApp, AppAlgorithm, AppRules, AppUri, AppUriFault, OpenIdRules};
use crate::store::apps;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::error::Error;
use crate::web::http::in_path::registered_app;
use crate::web::http::input::Input;
use crate::web::http::openid::issuer::issuer;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::{AdminMandate, FreshAdmin};
use crate::web::pages::forms::{FieldError, tick};
use crate::web::pages::page::{Page, html};
use crate::web::pages::times::Time;

#[derive(Template)]
#[template(path = "app_openid.html")]
struct OpenIdPage {
    page: Page,
    id: i64,
    name: String,
    client_id: String,
    /// Where the app finds everything else. Empty: nobody knows Portero's own address.
    issuer: String,
    has_secret: bool,
    secrets_made: Vec<Time>,
    /// The secret that was made just now, in this answer only.
    secret: Option<String>,
    form: OpenIdForm,
    errors: Vec<FieldError>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OpenIdForm {
    redirect_uris: String,
    post_logout_uris: String,
    public: String,
    trusted: String,
    pkce: String,
    algorithm: String,
    claims_in_id_token: String,
    status_list: String,
    /// How the app was set up when the form was shown.
    seen: String,
    /// `secret`: another one is to be made.
    act: String,
}

impl OpenIdForm {
    fn of(app: &RegisteredApp) -> Self {
        let rules = &app.rules.openid;
        let lines = |uris: &[AppUri]| uris.iter().map(AppUri::as_str).collect::<Vec<_>>().join("\n");
        Self {
            redirect_uris: lines(&rules.redirect_uris),
            post_logout_uris: lines(&rules.post_logout_uris),
            public: tick(rules.is_public),
            trusted: tick(rules.is_trusted),
            pkce: tick(rules.needs_pkce),
            algorithm: rules.algorithm.as_str().into(),
            claims_in_id_token: tick(rules.tells_in_id_token),
            status_list: tick(rules.reads_status_list),
            seen: manage::seen(&app.rules),
            act: String::new(),
        }
    }
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let found = registered_app(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let form = OpenIdForm::of(&found);
    show(&app, page, StatusCode::OK, &found, form, Vec::new(), None).await
}

async fn show(
    app: &App,
    page: Page,
    status: StatusCode,
    found: &RegisteredApp,
    form: OpenIdForm,
    errors: Vec<FieldError>,
    secret: Option<String>,
) -> Result<HttpResponse, Error> {
    let id = found.id;
    let made = app.read(move |conn| apps::secrets_made(conn, id)).await?;
    let view = OpenIdPage {
        id: found.id.0,
        name: found.name.to_string(),
        client_id: found.client_id.clone(),
        issuer: issuer(app).unwrap_or_default(),
        has_secret: found.rules.openid.has_secret(),
        secrets_made: made.into_iter().map(|at| page.ago(at)).collect(),
        secret,
        form,
        errors,
        page,
    };
    Ok(html(status, &view))
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AdminMandate(caller, mandate): AdminMandate,
    id: Path<String>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let form: OpenIdForm = input.only_form()?;
    let found = registered_app(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    if form.act == "secret" {
        let made = manage::new_secret(&app.accounts, mandate, found.id).everywhere().await?;
        let AppCredentials { secret, .. } = made.ok_or(Error::NotFound)?;
        let form = OpenIdForm::of(&found);
        return show(&app, page, StatusCode::OK, &found, form, Vec::new(), Some(secret)).await;
    }
    let mut errors = Vec::new();
    let redirect_uris = read(&page, "redirect_uris", &form.redirect_uris, &mut errors);
    let post_logout_uris = read(&page, "post_logout_uris", &form.post_logout_uris, &mut errors);
    if !errors.is_empty() {
        return show(&app, page, StatusCode::BAD_REQUEST, &found, form, errors, None).await;
    }
    let wanted = OpenIdRules {
        redirect_uris,
        post_logout_uris,
        is_public: form.public == "on",
        is_trusted: form.trusted == "on",
        needs_pkce: form.pkce == "on",
        algorithm: AppAlgorithm::parse(&form.algorithm).unwrap_or_default(),
        tells_in_id_token: form.claims_in_id_token == "on",
        reads_status_list: form.status_list == "on",
    };
    let change = move |rules: &mut AppRules| rules.openid = wanted;
    let set = manage::set_what_was_seen(&app.accounts, mandate, found.id, form.seen.clone(), change);
    match set.everywhere().await? {
        Ok(has_changed) => {
            let key = if has_changed { "app-changed" } else { "app-no-change" };
            browser_session::set_flash(&browser, &Flash::plain(key));
            Ok(see_other(&format!("/admin/apps/{}/openid", found.id.0)))
        }
        Err(AppFault::Outdated) => {
            let now = registered_app(&app, &id).await?;
            let errors = vec![page.error("", "error-app-outdated")];
            let form = OpenIdForm { seen: manage::seen(&now.rules), ..form };
            show(&app, page, StatusCode::CONFLICT, &now, form, errors, None).await
        }
        // Neither its name nor where it is has been changed.
        Err(AppFault::NoSuchApp | AppFault::NameTaken | AppFault::OriginTaken(_) | AppFault::NoSuchGroup(_)) => {
            Err(Error::NotFound)
        }
    }
}

fn read(page: &Page, field: &'static str, text: &str, errors: &mut Vec<FieldError>) -> Vec<AppUri> {
    let mut uris = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match AppUri::parse(line) {
            Ok(uri) => uris.push(uri),
            Err(fault) => {
                let key = match fault {
                    AppUriFault::Form => "error-app-uri-form",
                    AppUriFault::NotHttps => "error-app-uri-https",
                };
                errors.push(FieldError { field, text: page.t1(key, "text", line) });
            }
        }
    }
    uris
}
