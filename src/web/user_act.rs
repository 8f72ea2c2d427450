//! What an admin can do about a user. GET names the user and what will end; POST does it and tells the result.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::browser_session::Flash;
use super::error::Error;
use super::face::Face;
use super::input::Input;
use super::page::{FieldError, Page, Time, html, see_other};
use super::signed_in::{FreshAdmin, signed_in};
use super::{App, add_user, browser_session, list_query, user};
use crate::accounts::{self, Accounts, By, StateChange};
use crate::domain::{Role, UnixTime, UserId, Username};
use crate::guards::Caller;
use crate::store::user_lists::Listed;
use crate::store::users::User;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// A link to choose a password by.
    Link,
    MakeAdmin,
    MakeUser,
    /// Sets the date of it.
    Schedule,
    Disable,
    Enable,
    Delete,
}

impl Act {
    const ALL: [Self; 7] =
        [Self::Link, Self::MakeAdmin, Self::MakeUser, Self::Schedule, Self::Disable, Self::Enable, Self::Delete];

    /// In the path, and in the catalogue's keys.
    fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::MakeAdmin => "make-admin",
            Self::MakeUser => "make-user",
            Self::Schedule => "schedule",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Delete => "delete",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == text)
    }

    pub(super) fn key(self, what: &str) -> String {
        format!("user-{}-{what}", self.as_str())
    }

    pub(super) fn path(self, user: UserId) -> String {
        format!("/admin/users/{user}/{}", self.as_str())
    }

    /// What makes sense with a user as it is.
    pub(super) fn open_to(user: &User, now: UnixTime) -> Vec<Self> {
        let makes_sense = |act: &Self| match act {
            Self::Link | Self::Schedule => !user.is_out(now),
            Self::MakeAdmin => user.role == Role::User,
            Self::MakeUser => user.role == Role::Admin,
            Self::Disable => user.disabled_at.is_none(),
            Self::Enable => user.disabled_at.is_some(),
            Self::Delete => true,
        };
        Self::ALL.into_iter().filter(makes_sense).collect()
    }

    /// Whether it takes something away.
    fn destroys(self) -> bool {
        match self {
            Self::Disable | Self::Delete | Self::MakeUser => true,
            Self::Link | Self::MakeAdmin | Self::Schedule | Self::Enable => false,
        }
    }

    /// What has to be given besides.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Delete => &["name"],
            Self::Schedule => &["date"],
            Self::Link | Self::MakeAdmin | Self::MakeUser | Self::Disable | Self::Enable => &[],
        }
    }

    fn ends_sessions(self) -> bool {
        matches!(self, Self::Disable | Self::Delete)
    }
}

#[derive(Template)]
#[template(path = "user_act.html")]
struct ActPage {
    page: Page,
    name: String,
    title: String,
    intro: String,
    submit: String,
    /// How many sessions would end, if the act ends any.
    ends: Option<i64>,
    destroys: bool,
    asks_name: bool,
    asks_date: bool,
    date_typed: String,
    disable_at: Option<Time>,
    action: String,
    cancel: String,
    errors: Vec<FieldError>,
}

pub(super) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (id, act) = path.into_inner();
    let act = Act::parse(&act).ok_or(Error::NotFound)?;
    let listed = user::find(&app, &id).await?;
    let page = Page::of(&app, &req, Some(&caller));
    Ok(show(page, StatusCode::OK, act, &listed, String::new(), Vec::new()))
}

fn show(
    page: Page,
    status: StatusCode,
    act: Act,
    listed: &Listed,
    date_typed: String,
    errors: Vec<FieldError>,
) -> HttpResponse {
    let user = &listed.user;
    let name = user.username.to_string();
    let view = ActPage {
        title: page.t1(&act.key("title"), "user", &name),
        intro: page.t1(&act.key("intro"), "user", &name),
        submit: page.t(&act.key("submit")),
        ends: act.ends_sessions().then_some(listed.open_sessions),
        destroys: act.destroys(),
        asks_name: act == Act::Delete,
        asks_date: act == Act::Schedule,
        date_typed,
        disable_at: user.disable_at.map(|date| page.time(date)),
        action: act.path(user.id),
        cancel: format!("/admin/users/{}", user.id),
        errors,
        name,
        page,
    };
    html(status, &view)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ActForm {
    /// To delete: the user's name, typed.
    name: String,
    /// To schedule; empty: no date.
    date: Option<String>,
}

pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    session: Session,
    FreshAdmin(caller): FreshAdmin,
    path: Path<(String, String)>,
    input: Result<Input, Error>,
) -> Result<HttpResponse, Error> {
    let (id, act) = path.into_inner();
    let act = Act::parse(&act).ok_or(Error::NotFound)?;
    let asked: ActForm = match input {
        Ok(Input::Form(fields)) => Input::form(fields)?,
        Ok(Input::Json(members)) => Input::json(Input::only(members, act.fields())?)?,
        // A program that has nothing to add sends no body.
        Err(Error::UnsupportedMediaType(_)) => ActForm::default(),
        Err(error) => return Err(error),
    };
    let listed = user::find(&app, &id).await?;
    let page = Page::of(&app, &req, Some(&caller));
    let told = Told { app: &app, req: &req, session: &session, act, listed: &listed };
    if act == Act::Link {
        return told.link(page, &caller).await;
    }
    let date = match act {
        Act::Schedule => {
            let typed = asked.date.as_deref();
            let typed = typed.ok_or_else(|| Error::BadInput("`date` is missing; empty for none".into()))?;
            match date(&app, typed) {
                Ok(date) => date,
                Err(key) => return told.refused(page, asked, "date", key),
            }
        }
        _ => None,
    };
    if act == Act::Delete && !is_name_of(&listed.user, &asked.name) {
        return told.refused(page, asked, "name", "error-name-differs");
    }
    let (by, now) = (Some(signed_in(&req)?.user), app.now());
    let username = listed.user.username.clone();
    match app.act(move |at| act_on(at, act, username, date, by, now)).await? {
        StateChange::NoSuchUser => Err(Error::NotFound),
        StateChange::LastAdmin => told.refused(page, asked, "", "error-last-admin"),
        StateChange::NoChange => Ok(told.done(None)),
        StateChange::Done { sessions_ended } => Ok(told.done(Some(sessions_ended))),
    }
}

fn act_on(
    at: &std::sync::Arc<Accounts>,
    act: Act,
    user: Username,
    date: Option<UnixTime>,
    by: By,
    now: UnixTime,
) -> Result<StateChange, accounts::Error> {
    match act {
        // Handled before, for it has something to show.
        Act::Link => Ok(StateChange::NoChange),
        Act::MakeAdmin => accounts::set_role(at, user, Role::Admin, by, now),
        Act::MakeUser => accounts::set_role(at, user, Role::User, by, now),
        Act::Schedule => accounts::schedule_disable(at, user, date, by, now),
        Act::Disable => accounts::disable(at, user, by, now),
        Act::Enable => accounts::enable(at, user, by, now),
        Act::Delete => accounts::delete_user(at, user, by, now),
    }
}

/// The moment, or a key of the catalogue. Nothing typed: no date.
fn date(app: &App, typed: &str) -> Result<Option<UnixTime>, &'static str> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    match list_query::moment(typed.trim(), &app.config.time_zone, false) {
        None => Err("error-moment"),
        Some(moment) if moment <= app.now() => Err("error-moment-past"),
        Some(moment) => Ok(Some(moment)),
    }
}

fn is_name_of(user: &User, typed: &str) -> bool {
    Username::parse(typed.trim()).is_ok_and(|typed| typed.canonical() == user.username.canonical())
}

/// How the outcome is told, to a page or a program.
struct Told<'a> {
    app: &'a App,
    req: &'a HttpRequest,
    session: &'a Session,
    act: Act,
    listed: &'a Listed,
}

impl Told<'_> {
    async fn link(&self, page: Page, caller: &Caller) -> Result<HttpResponse, Error> {
        let (id, by, now) = (self.listed.user.id, Some(signed_in(self.req)?.user), self.app.now());
        match self.app.act(move |at| accounts::new_link(at, id, by, now)).await? {
            None => self.refused(page, ActForm::default(), "", "error-user-is-out"),
            Some(link) => {
                let has_password = self.listed.user.password_hash.is_some();
                Ok(add_user::show_link(self.app, self.req, caller, &self.listed.user.username, &link, has_password))
            }
        }
    }

    fn refused(&self, page: Page, asked: ActForm, field: &'static str, key: &str) -> Result<HttpResponse, Error> {
        let error = page.error(field, key);
        if Face::of(self.req, self.app) == Face::Program {
            return Err(Error::BadInput(error.text));
        }
        Ok(show(page, StatusCode::BAD_REQUEST, self.act, self.listed, asked.date.unwrap_or_default(), vec![error]))
    }

    /// `None`: it was so already.
    fn done(&self, sessions_ended: Option<usize>) -> HttpResponse {
        if Face::of(self.req, self.app) == Face::Program {
            let body = json!({ "changed": sessions_ended.is_some(), "sessions_ended": sessions_ended.unwrap_or(0) });
            return HttpResponse::Ok().json(body);
        }
        let flash = match sessions_ended {
            None => Flash::plain("flash-user-no-change"),
            Some(ended) if self.act.ends_sessions() => {
                Flash::counted(&self.act.key("done"), i64::try_from(ended).unwrap_or(i64::MAX))
            }
            Some(_) => Flash::plain(&self.act.key("done")),
        };
        browser_session::set_flash(self.session, &flash);
        let back = match self.act {
            Act::Delete => "/admin/users".to_owned(),
            _ => format!("/admin/users/{}", self.listed.user.id),
        };
        see_other(&back)
    }
}
