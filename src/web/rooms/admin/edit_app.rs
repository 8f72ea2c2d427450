//! Adding an app, and changing how it is set up: one form for both. What an app that asks about tokens authenticates with is made on the
//! command line alone.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::accounts::apps::manage::{self, AppFault};
use crate::config::{human, span};
use crate::domain::{
    Allowed, App as RegisteredApp, AppId, AppName, AppOrigin, AppRules, Entrant, Level, OpenIdRules, OpenPath,
    OriginFault, Username,
};
use crate::store::{Conn, apps, users};
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::{AdminMandate, FreshAdmin};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "edit_app.html")]
struct EditPage {
    page: Page,
    /// `None`: the app is to be added.
    app: Option<Shown>,
    form: AppForm,
    errors: Vec<FieldError>,
}

/// What the page says of an app besides the form.
struct Shown {
    id: i64,
    name: String,
    asks: bool,
}

/// The fields as they were typed. Several origins, people and paths stand in lines.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct AppForm {
    name: String,
    origins: String,
    /// `everyone` or `listed`.
    who: String,
    people: String,
    admins: String,
    level: String,
    max_age: String,
    identity: String,
    open_paths: String,
    observe: String,
}

impl AppForm {
    fn of_new() -> Self {
        Self { who: "everyone".into(), level: "one".into(), identity: "on".into(), ..Self::default() }
    }

    fn of(app: &RegisteredApp, people: Vec<String>) -> Self {
        let rules = &app.rules;
        let tick = |is_set: bool| if is_set { "on".to_owned() } else { String::new() };
        let lines = |all: Vec<&str>| all.join("\n");
        let (who, admins) = match &rules.allowed {
            Allowed::Everyone => ("everyone", false),
            Allowed::Listed(entrants) => ("listed", entrants.contains(&Entrant::Admins)),
        };
        Self {
            name: app.name.to_string(),
            origins: lines(rules.origins.iter().map(AppOrigin::as_str).collect()),
            who: who.into(),
            people: people.join("\n"),
            admins: tick(admins),
            level: rules.level.as_str().into(),
            max_age: rules.max_age.map_or_else(String::new, human),
            identity: tick(rules.sends_identity),
            open_paths: lines(rules.open_paths.iter().map(OpenPath::as_str).collect()),
            observe: tick(rules.observes),
        }
    }

    fn is_listed(&self) -> bool {
        self.who == "listed"
    }
}

pub(in crate::web) async fn add_form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
) -> HttpResponse {
    let page = Page::new(&app, &req, Some(&caller));
    html(StatusCode::OK, &EditPage { page, app: None, form: AppForm::of_new(), errors: Vec::new() })
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let (found, people) = find(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let form = AppForm::of(&found, people);
    Ok(html(StatusCode::OK, &EditPage { page, app: Some(shown(&found)), form, errors: Vec::new() }))
}

fn shown(app: &RegisteredApp) -> Shown {
    Shown { id: app.id.0, name: app.name.to_string(), asks: app.rules.introspects }
}

pub(in crate::web) async fn add(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AdminMandate(caller, mandate): AdminMandate,
    input: Input,
) -> Result<HttpResponse, Error> {
    let form: AppForm = input.only_form()?;
    let page = Page::new(&app, &req, Some(&caller));
    let refused = |page, status, form, errors| Ok(html(status, &EditPage { page, app: None, form, errors }));
    let mut errors = Vec::new();
    let name = AppName::parse(form.name.trim());
    if name.is_none() {
        errors.push(page.error("name", "error-app-name"));
    }
    let rules = read(&app, &page, &form, &mut errors).await?;
    let (Some(name), Some(rules)) = (name, rules) else { return refused(page, StatusCode::BAD_REQUEST, form, errors) };
    match manage::add(&app.accounts, mandate, name, rules).everywhere().await? {
        Ok(added) => {
            browser_session::set_flash(&browser, &Flash::plain("app-added"));
            Ok(see_other(&format!("/admin/apps/{}", added.id.0)))
        }
        Err(fault) => {
            let errors = vec![told(&page, fault)?];
            refused(page, StatusCode::CONFLICT, form, errors)
        }
    }
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AdminMandate(caller, mandate): AdminMandate,
    id: Path<String>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let form: AppForm = input.only_form()?;
    let (found, _) = find(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let refused =
        |page, status, form, errors| Ok(html(status, &EditPage { page, app: Some(shown(&found)), form, errors }));
    let mut errors = Vec::new();
    let Some(wanted) = read(&app, &page, &form, &mut errors).await? else {
        return refused(page, StatusCode::BAD_REQUEST, form, errors);
    };
    // What this page does not show stays as it is.
    let change = move |rules: &mut AppRules| {
        *rules = AppRules { introspects: rules.introspects, openid: rules.openid.clone(), ..wanted }
    };
    match manage::set(&app.accounts, mandate, found.id, change).everywhere().await? {
        Ok(has_changed) => {
            let key = if has_changed { "app-changed" } else { "app-no-change" };
            browser_session::set_flash(&browser, &Flash::plain(key));
            Ok(see_other(&format!("/admin/apps/{}", found.id.0)))
        }
        Err(fault) => {
            let errors = vec![told(&page, fault)?];
            refused(page, StatusCode::CONFLICT, form, errors)
        }
    }
}

fn told(page: &Page, fault: AppFault) -> Result<FieldError, Error> {
    match fault {
        AppFault::NameTaken => Ok(page.error("name", "error-app-name-taken")),
        AppFault::OriginTaken(origin) => {
            Ok(FieldError { field: "origins", text: page.t1("error-app-origin-taken", "origin", origin.as_str()) })
        }
        AppFault::NoSuchApp => Err(Error::NotFound),
    }
}

/// The app, and the names of the people whom it lets in; groups as `group:name`.
async fn find(app: &App, id: &str) -> Result<(RegisteredApp, Vec<String>), Error> {
    let id = AppId(id.parse().map_err(|_| Error::NotFound)?);
    let found = app
        .read(move |conn| {
            let Some(found) = apps::find(conn, id)? else { return Ok(None) };
            let people = people(conn, &found.rules.allowed)?;
            Ok(Some((found, people)))
        })
        .await?;
    found.ok_or(Error::NotFound)
}

fn people(conn: &mut Conn, allowed: &Allowed) -> Result<Vec<String>, crate::store::Error> {
    let Allowed::Listed(entrants) = allowed else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for entrant in entrants {
        match entrant {
            Entrant::User(id) => names.extend(users::name_of(conn, *id)?),
            Entrant::Group(name) => names.push(format!("{GROUP}{name}")),
            Entrant::Admins => {}
        }
    }
    names.sort();
    Ok(names)
}

const GROUP: &str = "group:";

/// How the app is to be set up. `None`: something in the form is not good, and `errors` says what.
async fn read(app: &App, page: &Page, form: &AppForm, errors: &mut Vec<FieldError>) -> Result<Option<AppRules>, Error> {
    let before = errors.len();
    let named = |field, key: &str, text: &str| FieldError { field, text: page.t1(key, "text", text) };
    let own = app.public_url.as_ref().map(|url| url.origin().ascii_serialization());
    let mut origins = Vec::new();
    for line in lines(&form.origins) {
        match AppOrigin::parse(line) {
            Ok(origin) if own.as_deref() == Some(origin.as_str()) => {
                errors.push(named("origins", "error-app-origin-own", line));
            }
            Ok(origin) => origins.push(origin),
            Err(OriginFault::Form) => errors.push(named("origins", "error-app-origin-form", line)),
            Err(OriginFault::NotHttps) => errors.push(named("origins", "error-app-origin-https", line)),
        }
    }
    let allowed = if form.is_listed() {
        let mut entrants = Vec::new();
        if form.admins == "on" {
            entrants.push(Entrant::Admins);
        }
        let names: Vec<String> = lines(&form.people).map(str::to_owned).collect();
        let found = app.read(move |conn| names.into_iter().map(|name| entrant(conn, name)).collect()).await?;
        let found: Vec<(String, Option<Entrant>)> = found;
        for (name, found) in found {
            match found {
                Some(entrant) => entrants.push(entrant),
                None => errors.push(named("people", "error-app-nobody", &name)),
            }
        }
        entrants.sort();
        entrants.dedup();
        Allowed::Listed(entrants)
    } else {
        Allowed::Everyone
    };
    let typed_age = form.max_age.trim();
    let max_age = span(typed_age).filter(|age| AppRules::MAX_AGES.contains(age));
    if !typed_age.is_empty() && max_age.is_none() {
        errors.push(page.error("max_age", "error-app-max-age"));
    }
    let mut open_paths = Vec::new();
    for line in lines(&form.open_paths) {
        match OpenPath::parse(line) {
            Some(path) => open_paths.push(path),
            None => errors.push(named("open_paths", "error-app-open-path", line)),
        }
    }
    if errors.len() > before {
        return Ok(None);
    }
    Ok(Some(AppRules {
        origins,
        allowed,
        level: Level::parse(&form.level).unwrap_or(Level::One),
        max_age,
        sends_identity: form.identity == "on",
        open_paths,
        observes: form.observe == "on",
        introspects: false,
        openid: OpenIdRules::default(),
    }))
}

fn entrant(conn: &mut Conn, name: String) -> Result<(String, Option<Entrant>), crate::store::Error> {
    let Ok(username) = Username::parse(&name) else { return Ok((name, None)) };
    let found = users::find_by_name(conn, &username)?.map(|user| Entrant::User(user.id));
    Ok((name, found))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}
