//! What an admin can do about a user. GET names the user and how many sessions will end; POST does it and tells the result.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::Mandate;
use crate::accounts::factors::enrolment_link::new_enrolment_link;
use crate::accounts::factors::reset::{Reset, reset_factors};
use crate::accounts::factors::trusted_browsers::forget_all;
use crate::accounts::people::links::{MadeLink, new_link};
use crate::accounts::people::restore::{Restored, restore};
use crate::accounts::people::state::{self, StateChange};
use crate::domain::{BareDate, Role, UnixTime, UserId, Username};
use crate::guards::Caller;
use crate::store::links::Purpose;
use crate::store::user_lists::ListedUser;
use crate::store::users::User;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::{UserChanged, see_other};
use crate::web::http::signed_in::{AdminMandate, FreshAdmin, StrongAdminMandate};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Count, Page, html};
use crate::web::pages::times::Time;
use crate::web::pages::user_acts::Act;
use crate::web::pages::{made_link, user_view};

#[derive(Template)]
#[template(path = "user_act.html")]
struct ActPage {
    page: Page,
    id: UserId,
    name: String,
    title: String,
    intro: String,
    /// What else comes of it.
    facts: Vec<String>,
    /// What comes of it for whoever reads this, if the user is they.
    concerns_you: Option<String>,
    submit: String,
    destroys: bool,
    asks_name: bool,
    asks_date: bool,
    date_typed: String,
    disable_at: Option<Time>,
    action: String,
    cancel: String,
    errors: Vec<FieldError>,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (id, act) = path.into_inner();
    ask(&app, &req, &caller, &id, Act::parse(&act).ok_or(Error::NotFound)?).await
}

pub(in crate::web) async fn reset_factors_form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    StrongAdminMandate(caller, _): StrongAdminMandate,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    ask(&app, &req, &caller, &id, Act::ResetFactors).await
}

pub(in crate::web) async fn enrolment_link_form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    StrongAdminMandate(caller, _): StrongAdminMandate,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    ask(&app, &req, &caller, &id, Act::EnrolmentLink).await
}

async fn ask(app: &App, req: &HttpRequest, caller: &Caller, id: &str, act: Act) -> Result<HttpResponse, Error> {
    let listed = user_view::find(app, id).await?;
    let page = Page::new(app, req, Some(caller));
    let errors: Vec<_> = out_of_place(&page, act, &listed.user).into_iter().collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok(show(app, page, status, act, &listed, String::new(), errors))
}

fn show(
    app: &App,
    page: Page,
    status: StatusCode,
    act: Act,
    listed: &ListedUser,
    date_typed: String,
    errors: Vec<FieldError>,
) -> HttpResponse {
    let user = &listed.user;
    let name = user.username.to_string();
    let needs_factor = app.config().second_factor.asks(user.role, app.now());
    let view = ActPage {
        title: page.t1(&act.key("title"), "user", &name),
        intro: page.t1(&act.key("intro"), "user", &name),
        facts: facts(&page, act, &name, listed.open_sessions, needs_factor),
        concerns_you: act.on_oneself().filter(|_| page.user.as_deref() == Some(&name)).map(|key| page.t(key)),
        submit: match act.ends_sessions() {
            true => page.tn(&act.key("submit"), listed.open_sessions),
            false => page.t(&act.key("submit")),
        },
        destroys: act.is_destructive(),
        asks_name: act == Act::Delete,
        asks_date: act == Act::Schedule,
        date_typed,
        disable_at: user.disable_at.map(|date| page.time(date)),
        id: user.id,
        action: act.path(user.id),
        cancel: format!("/admin/users/{}", user.id),
        errors,
        name,
        page,
    };
    html(status, &view)
}

/// What comes of the act beside what its introduction says. `needs_factor`: whether policy asks the user for a second factor.
fn facts(page: &Page, act: Act, user: &str, open_sessions: i64, needs_factor: bool) -> Vec<String> {
    let after_reset = if needs_factor { "user-reset-factors-by-link" } else { "user-reset-factors-password" };
    let sessions = (act.ends_sessions() && open_sessions > 0).then(|| page.tn("user-act-ends", open_sessions));
    let of_deleting = ["user-delete-name-stays", "user-delete-can-restore"];
    let others = of_deleting.into_iter().filter(|_| act == Act::Delete).map(|key| page.t(key));
    let password = (act == Act::ResetFactors).then(|| page.t1(after_reset, "user", user));
    sessions.into_iter().chain(others).chain(password).collect()
}

/// Second factors were taken away, and the user needs this link to set up another.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ResetWithLink {
    changed: bool,
    sessions_ended: usize,
    link: String,
    expires_at: UnixTime,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = UserAct)]
pub(in crate::web) struct ActForm {
    /// For `delete`: the user's name, typed.
    name: String,
    /// For `schedule`. Empty: no date.
    date: Option<String>,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AdminMandate(caller, mandate): AdminMandate,
    path: Path<(String, String)>,
    input: Result<Input, Error>,
) -> Result<HttpResponse, Error> {
    let (id, act) = path.into_inner();
    let act = Act::parse(&act).ok_or(Error::NotFound)?;
    let asked = read(act, input)?;
    let listed = user_view::find(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let told = Told { app: &app, req: &req, browser: &browser, act, listed: &listed };
    if let Some(error) = out_of_place(&page, act, &listed.user) {
        return told.refused_with(page, StatusCode::CONFLICT, asked, error);
    }
    let (accounts, user) = (&app.accounts, listed.user.username.clone());
    // A date that was taken back is told in other words than one that was set.
    let takes_date_back = act == Act::Schedule && asked.date.as_deref().is_some_and(|typed| typed.trim().is_empty());
    let key = act.key(if takes_date_back { "cleared" } else { "done" });
    let change = match act {
        Act::Link => return told.link(page, &caller, mandate).await,
        Act::Restore => return told.restored(page, &caller, mandate).await,
        Act::ForgetBrowsers => return told.browsers_forgotten(mandate).await,
        // They need a stronger mandate, and have paths of their own for that.
        Act::ResetFactors | Act::EnrolmentLink => return Err(Error::NotFound),
        Act::MakeAdmin => state::set_role(accounts, mandate, user, Role::Admin),
        Act::MakeUser => state::set_role(accounts, mandate, user, Role::User),
        Act::Schedule => {
            let typed = asked.date.as_deref();
            let typed = typed.ok_or_else(|| Error::BadInput("`date` is missing; empty for none".into()))?;
            match date(&app, typed) {
                Ok(date) => state::schedule_disable(accounts, mandate, user, date),
                Err(key) => return told.refused(page, asked, "date", key),
            }
        }
        Act::Disable => state::disable(accounts, mandate, user),
        Act::Enable => state::enable(accounts, mandate, user),
        Act::Delete if is_name_of(&listed.user, &asked.name) => state::delete_user(accounts, mandate, user),
        Act::Delete if asked.name.trim().is_empty() => {
            let text = page.t1("error-name-not-typed", "user", listed.user.username.as_str());
            return told.refused_with(page, StatusCode::BAD_REQUEST, asked, FieldError { field: "name", text });
        }
        Act::Delete => return told.refused(page, asked, "name", "error-name-differs"),
    };
    match change.everywhere().await? {
        StateChange::NoSuchUser => Err(Error::NotFound),
        StateChange::LastAdmin => told.refused(page, asked, "", "error-last-admin"),
        StateChange::NoChange => Ok(told.unchanged()),
        StateChange::Done { sessions_ended, receipt } => Ok(told.done(&key, sessions_ended, receipt)),
    }
}

pub(in crate::web) async fn reset_factors_submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    StrongAdminMandate(caller, mandate): StrongAdminMandate,
    id: Path<String>,
    input: Result<Input, Error>,
) -> Result<HttpResponse, Error> {
    let act = Act::ResetFactors;
    let asked = read(act, input)?;
    let listed = user_view::find(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let told = Told { app: &app, req: &req, browser: &browser, act, listed: &listed };
    match out_of_place(&page, act, &listed.user) {
        Some(error) => told.refused_with(page, StatusCode::CONFLICT, asked, error),
        None => told.factors_reset(page, &caller, mandate).await,
    }
}

pub(in crate::web) async fn enrolment_link_submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    StrongAdminMandate(caller, mandate): StrongAdminMandate,
    id: Path<String>,
    input: Result<Input, Error>,
) -> Result<HttpResponse, Error> {
    let act = Act::EnrolmentLink;
    let asked = read(act, input)?;
    let listed = user_view::find(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let told = Told { app: &app, req: &req, browser: &browser, act, listed: &listed };
    match out_of_place(&page, act, &listed.user) {
        Some(error) => told.refused_with(page, StatusCode::CONFLICT, asked, error),
        None => told.enrolment_link(page, &caller, mandate).await,
    }
}

fn read(act: Act, input: Result<Input, Error>) -> Result<ActForm, Error> {
    match input {
        Ok(Input::Form(fields)) => Input::form(fields),
        Ok(Input::Json(members)) => Input::json(Input::only(members, act.fields())?),
        // A program that has nothing to add sends no body.
        Err(Error::UnsupportedMediaType(_)) => Ok(ActForm::default()),
        Err(error) => Err(error),
    }
}

/// What is wrong with doing this to the user at all. (The act itself asks again.)
fn out_of_place(page: &Page, act: Act, user: &User) -> Option<FieldError> {
    user_view::deleted(page, user).filter(|_| act != Act::Restore)
}

/// Returns the moment that was typed, or a key of the catalogue if it is not good. `None`: nothing was typed, so there is no date.
fn date(app: &App, typed: &str) -> Result<Option<UnixTime>, &'static str> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    match UnixTime::read(typed.trim(), &app.config().time_zone, BareDate::Begins) {
        None => Err("error-moment"),
        Some(moment) if moment <= app.now() => Err("error-moment-past"),
        Some(moment) => Ok(Some(moment)),
    }
}

fn is_name_of(user: &User, typed: &str) -> bool {
    Username::parse(typed).is_ok_and(|typed| typed.canonical() == user.username.canonical())
}

/// Tells how an act ended, to a page or a program.
struct Told<'a> {
    app: &'a App,
    req: &'a HttpRequest,
    browser: &'a BrowserSession,
    act: Act,
    listed: &'a ListedUser,
}

impl Told<'_> {
    async fn link(&self, page: Page, caller: &Caller, mandate: Mandate) -> Result<HttpResponse, Error> {
        match new_link(&self.app.accounts, mandate, self.listed.user.id).everywhere().await? {
            None => self.refused(page, ActForm::default(), "", "error-user-is-out"),
            Some(link) => {
                let has_password = self.listed.user.password_hash.is_some();
                Ok(self.made(caller, link, if has_password { Purpose::NewPassword } else { Purpose::Invitation }))
            }
        }
    }

    async fn restored(&self, page: Page, caller: &Caller, mandate: Mandate) -> Result<HttpResponse, Error> {
        match restore(&self.app.accounts, mandate, self.listed.user.id).everywhere().await? {
            Restored::NoSuchUser => Err(Error::NotFound),
            Restored::NotDeleted => self.refused(page, ActForm::default(), "", "error-user-not-deleted"),
            Restored::Restored(link) => Ok(self.made(caller, link, Purpose::NewPassword)),
        }
    }

    async fn browsers_forgotten(&self, mandate: Mandate) -> Result<HttpResponse, Error> {
        let user = self.listed.user.username.clone();
        match forget_all(&self.app.accounts, mandate, user).everywhere().await? {
            None => Err(Error::NotFound),
            Some(0) => Ok(self.unchanged()),
            Some(_) => Ok(self.done(&self.act.key("done"), 0, None)),
        }
    }

    async fn enrolment_link(&self, page: Page, caller: &Caller, mandate: Mandate) -> Result<HttpResponse, Error> {
        match new_enrolment_link(&self.app.accounts, mandate, self.listed.user.id).everywhere().await? {
            None => self.refused(page, ActForm::default(), "", "error-no-enrolment-link"),
            Some(link) => Ok(self.made(caller, link, Purpose::Enrolment)),
        }
    }

    async fn factors_reset(&self, page: Page, caller: &Caller, mandate: Mandate) -> Result<HttpResponse, Error> {
        let user = self.listed.user.username.clone();
        match reset_factors(&self.app.accounts, mandate, user).everywhere().await? {
            Reset::NoSuchUser => Err(Error::NotFound),
            Reset::NoFactors => self.refused(page, ActForm::default(), "", "error-no-factors"),
            Reset::Oneself => self.refused(page, ActForm::default(), "", "error-own-factors"),
            Reset::Done { sessions_ended, receipt, link: None } => {
                Ok(self.done(&self.act.key("done"), sessions_ended, receipt))
            }
            Reset::Done { sessions_ended, receipt, link: Some(link) } => {
                Ok(self.reset_with_link(caller, sessions_ended, receipt, link))
            }
        }
    }

    fn made(&self, caller: &Caller, link: MadeLink, purpose: Purpose) -> HttpResponse {
        let user = (self.listed.user.id, &self.listed.user.username);
        made_link::answer(self.app, self.req, self.browser, caller, user, link, purpose)
    }

    /// The answer to a reset that has made a link: the link, and what became of the sessions.
    fn reset_with_link(
        &self,
        caller: &Caller,
        sessions_ended: usize,
        receipt: Option<String>,
        link: MadeLink,
    ) -> HttpResponse {
        if audience(self.req, self.app) == Audience::Program {
            return HttpResponse::Ok().json(ResetWithLink {
                changed: true,
                sessions_ended,
                link: link.url(self.app.public_url.as_ref()),
                expires_at: link.expires_at,
            });
        }
        let flash = Flash::counted(&self.act.key("done"), sessions_ended.count()).with_receipt(receipt);
        browser_session::set_flash(self.browser, &flash.about(&self.listed.user.username));
        self.made(caller, link, Purpose::Enrolment)
    }

    fn refused(&self, page: Page, asked: ActForm, field: &'static str, key: &str) -> Result<HttpResponse, Error> {
        let error = page.error(field, key);
        self.refused_with(page, StatusCode::BAD_REQUEST, asked, error)
    }

    fn refused_with(
        &self,
        page: Page,
        status: StatusCode,
        asked: ActForm,
        error: FieldError,
    ) -> Result<HttpResponse, Error> {
        if audience(self.req, self.app) == Audience::Program {
            return Err(Error::BadInput(error.text));
        }
        Ok(show(self.app, page, status, self.act, self.listed, asked.date.unwrap_or_default(), vec![error]))
    }

    /// The answer to a change, told by the catalogue's `key`. `sessions_ended`: how many it ended.
    fn done(&self, key: &str, sessions_ended: usize, receipt: Option<String>) -> HttpResponse {
        let flash = match self.act.ends_sessions() {
            true => Flash::counted(key, sessions_ended.count()),
            false => Flash::plain(key),
        };
        self.changed(true, sessions_ended, flash.with_receipt(receipt))
    }

    fn unchanged(&self) -> HttpResponse {
        self.changed(false, 0, Flash::plain("flash-user-no-change"))
    }

    fn changed(&self, changed: bool, sessions_ended: usize, flash: Flash) -> HttpResponse {
        if audience(self.req, self.app) == Audience::Program {
            return HttpResponse::Ok().json(UserChanged { changed, sessions_ended });
        }
        browser_session::set_flash(self.browser, &flash.about(&self.listed.user.username));
        let back = match self.act {
            Act::Delete => "/admin/users".to_owned(),
            _ => format!("/admin/users/{}", self.listed.user.id),
        };
        see_other(&back)
    }
}
