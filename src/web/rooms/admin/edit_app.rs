//! Adding an app, and changing how it is set up: one form for both. What an app that asks about tokens authenticates with is made on the
//! command line alone.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::accounts::apps::exactness::exactness;
use crate::accounts::apps::manage::{self, AppFault};
use crate::config::{human, span};
use crate::domain::{
    Allowed, App as RegisteredApp, AppId, AppName, AppOrigin, AppRules, DrillOutcome, Entrant, GroupName, Level,
    LogoutUri, LogoutUriFault, OpenIdRules, OpenPath, OriginFault, Username,
};
use crate::store::app_drills::{self, Drill};
use crate::store::logout_deliveries::{self, Outcome, Test, Told};
use crate::store::{Conn, apps, users};
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::{AdminMandate, FreshAdmin};
use crate::web::pages::exactness_view::ExactnessShown;
use crate::web::pages::forms::{FieldError, tick};
use crate::web::pages::page::{Page, html};
use crate::web::pages::times::Time;
use crate::web::pages::told_apps;

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
    /// How long a session that has ended can live on there. `None`: nobody gets in yet.
    exactness: Option<ExactnessShown>,
    /// What the last drill has shown. `None`: there was none.
    drill: Option<DrillShown>,
    /// What it was told of sign-outs. `None`: it has no address for that.
    sign_outs: Option<SignOuts>,
}

struct DrillShown {
    at: Time,
    badge: &'static str,
    came_to: String,
}

struct SignOuts {
    /// `None`: there was nothing to tell so far.
    told: Option<told_apps::Row>,
    test: Option<TestShown>,
}

/// The last test sign-out.
struct TestShown {
    at: Time,
    badge: &'static str,
    came_to: String,
}

/// An app with what its page says of it.
struct Found {
    app: RegisteredApp,
    /// The names of the people whom it lets in; groups as `group:name`.
    people: Vec<String>,
    told: Vec<Told>,
    test: Option<Test>,
    drill: Option<Drill>,
}

/// The fields as they were typed. Several origins, people, groups and paths stand in lines.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct AppForm {
    name: String,
    origins: String,
    /// `everyone` or `listed`.
    who: String,
    people: String,
    groups: String,
    admins: String,
    level: String,
    max_age: String,
    identity: String,
    open_paths: String,
    observe: String,
    preflight: String,
    bearer: String,
    backchannel: String,
    /// How the app was set up when the form was shown.
    seen: String,
}

impl AppForm {
    fn of_new() -> Self {
        Self { who: "everyone".into(), level: "one".into(), identity: "on".into(), ..Self::default() }
    }

    fn of(app: &RegisteredApp, people: &[String]) -> Self {
        let rules = &app.rules;
        let lines = |all: Vec<&str>| all.join("\n");
        let (who, entrants) = match &rules.allowed {
            Allowed::Everyone => ("everyone", &[] as &[Entrant]),
            Allowed::Listed(entrants) => ("listed", entrants.as_slice()),
        };
        let groups = entrants.iter().filter_map(|entrant| match entrant {
            Entrant::Group(name) => Some(name.as_str()),
            Entrant::User(_) | Entrant::Admins => None,
        });
        Self {
            name: app.name.to_string(),
            origins: lines(rules.origins.iter().map(AppOrigin::as_str).collect()),
            who: who.into(),
            people: people.join("\n"),
            groups: lines(groups.collect()),
            admins: tick(entrants.contains(&Entrant::Admins)),
            level: rules.level.as_str().into(),
            max_age: rules.max_age.map_or_else(String::new, human),
            identity: tick(rules.sends_identity),
            open_paths: lines(rules.open_paths.iter().map(OpenPath::as_str).collect()),
            observe: tick(rules.observes),
            preflight: tick(rules.passes_preflights),
            bearer: tick(rules.takes_tokens),
            backchannel: rules.backchannel_logout.as_ref().map_or_else(String::new, LogoutUri::to_string),
            seen: manage::seen(rules),
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
    let found = find(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let (shown, form) = (shown(&app, &page, &found), AppForm::of(&found.app, &found.people));
    Ok(html(StatusCode::OK, &EditPage { page, app: Some(shown), form, errors: Vec::new() }))
}

fn shown(app: &App, page: &Page, found: &Found) -> Shown {
    let has_address = found.app.rules.backchannel_logout.is_some();
    Shown {
        id: found.app.id.0,
        name: found.app.name.to_string(),
        asks: found.app.rules.introspects,
        exactness: exactness(&app.accounts, &found.app).map(|found| ExactnessShown::new(page, found)),
        drill: found.drill.map(|drill| drill_shown(page, drill)),
        sign_outs: has_address.then(|| sign_outs(app, page, found)),
    }
}

fn drill_shown(page: &Page, drill: Drill) -> DrillShown {
    let lasted = format!("{}{}{}", drill.lasted_ms / 1000, page.t("decimal-mark"), drill.lasted_ms % 1000 / 100);
    let (badge, key) = match (drill.outcome, drill.let_in, drill.acknowledged) {
        (DrillOutcome::Refused, 0, _) => ("here", "app-drill-refused"),
        (DrillOutcome::Refused, _, true) => ("", "app-drill-refused-later-said-yes"),
        (DrillOutcome::Refused, _, false) => ("", "app-drill-refused-later"),
        (DrillOutcome::StillLetIn, _, true) => ("danger", "app-drill-let-in-said-yes"),
        (DrillOutcome::StillLetIn, _, false) => ("danger", "app-drill-let-in"),
    };
    DrillShown { at: page.exact(drill.at), badge, came_to: page.t1(key, "seconds", &lasted) }
}

fn sign_outs(app: &App, page: &Page, found: &Found) -> SignOuts {
    let all: Vec<&Told> = found.told.iter().collect();
    let sum = || told_apps::sum(found.app.name.to_string(), &all, app.accounts.engine.options().decode_leeway);
    let test = found.test.map(|test| {
        let (badge, came_to) = match test.outcome {
            Some(Outcome::Acknowledged) => ("here", page.t("told-acknowledged")),
            Some(outcome) => ("danger", told_apps::trouble(page, outcome, test.status)),
            None => ("", page.t("told-waiting")),
        };
        TestShown { at: page.exact(test.made_at), badge, came_to }
    });
    SignOuts { told: (!all.is_empty()).then(|| sum().row(page, app.now())), test }
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
    let found = find(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let refused = |page, status, form, errors| {
        let shown = Some(shown(&app, &page, &found));
        Ok(html(status, &EditPage { page, app: shown, form, errors }))
    };
    let mut errors = Vec::new();
    let Some(wanted) = read(&app, &page, &form, &mut errors).await? else {
        return refused(page, StatusCode::BAD_REQUEST, form, errors);
    };
    // What this page does not show stays as it is.
    let change = move |rules: &mut AppRules| {
        *rules = AppRules { introspects: rules.introspects, openid: rules.openid.clone(), ..wanted }
    };
    let set = manage::set_what_was_seen(&app.accounts, mandate, found.app.id, form.seen.clone(), change);
    match set.everywhere().await? {
        Ok(has_changed) => {
            let key = if has_changed { "app-changed" } else { "app-no-change" };
            browser_session::set_flash(&browser, &Flash::plain(key));
            Ok(see_other(&format!("/admin/apps/{}", found.app.id.0)))
        }
        Err(AppFault::Outdated) => {
            let now = find(&app, &id).await?;
            let errors = vec![page.error("", "error-app-outdated")];
            let form = AppForm { seen: manage::seen(&now.app.rules), ..form };
            refused(page, StatusCode::CONFLICT, form, errors)
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
        AppFault::NoSuchGroup(name) => {
            Ok(FieldError { field: "groups", text: page.t1("error-app-group", "text", &name) })
        }
        AppFault::NoSuchApp => Err(Error::NotFound),
        AppFault::Outdated => Ok(page.error("", "error-app-outdated")),
    }
}

async fn find(app: &App, id: &str) -> Result<Found, Error> {
    let id = AppId(id.parse().map_err(|_| Error::NotFound)?);
    let found = app
        .read(move |conn| {
            let Some(found) = apps::find(conn, id)? else { return Ok(None) };
            let people = people(conn, &found.rules.allowed)?;
            let told = logout_deliveries::of_app(conn, id)?;
            let test = logout_deliveries::last_test(conn, id)?;
            let drill = app_drills::last(conn, id)?;
            Ok(Some(Found { app: found, people, told, test, drill }))
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
            Entrant::Group(_) | Entrant::Admins => {}
        }
    }
    names.sort();
    Ok(names)
}

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
        for line in lines(&form.groups) {
            match GroupName::parse(line) {
                Ok(name) => entrants.push(Entrant::Group(name.canonical())),
                Err(_) => errors.push(named("groups", "error-app-group", line)),
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
    let typed_uri = form.backchannel.trim();
    let backchannel_logout = match LogoutUri::parse(typed_uri, app.config().is_local()) {
        _ if typed_uri.is_empty() => None,
        Ok(uri) => Some(uri),
        Err(fault) => {
            let key = match fault {
                LogoutUriFault::Form => "error-app-logout-uri-form",
                LogoutUriFault::NotHttps => "error-app-logout-uri-https",
            };
            errors.push(page.error("backchannel", key));
            None
        }
    };
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
        passes_preflights: form.preflight == "on",
        takes_tokens: form.bearer == "on",
        introspects: false,
        backchannel_logout,
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
