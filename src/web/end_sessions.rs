//! Ending many sessions at once, for an admin: all of a user, or everybody's since a moment. Names what will end, by count.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::error::Error;
use super::page::{FieldError, Page, Time, html};
use super::signed_in::{FreshAdmin, signed_in};
use super::{App, end_session, list_query};
use crate::accounts::{Which, end_sessions};
use crate::domain::{Reason, UnixTime, Username};
use crate::guards::Caller;
use crate::store::users;

#[derive(Template)]
#[template(path = "end_sessions.html")]
struct EndSessionsPage {
    page: Page,
    user: String,
    since: Option<Time>,
    since_typed: String,
    /// How many would end, the admin's own not among them.
    count: i64,
    /// Whether that one is among those that were meant.
    own_stays: bool,
    /// Whether there is something to end; else the page asks for the moment.
    ready: bool,
    action: String,
    errors: Vec<FieldError>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    user: String,
    /// Empty: the form was sent without it.
    since: Option<String>,
}

/// What was asked for, understood.
enum Target {
    User(Username),
    Since(UnixTime),
    /// The moment can't be read.
    NoMoment,
    /// Nothing was named yet.
    Nothing,
}

impl Asked {
    fn target(&self, app: &App) -> Result<Target, Error> {
        match (self.user.trim(), self.since.as_deref().map(str::trim)) {
            ("", None) => Ok(Target::Nothing),
            (name, None) => Username::parse(name).map(Target::User).map_err(|_| Error::NotFound),
            ("", Some(since)) => {
                let moment = list_query::moment(since, &app.config.time_zone, false);
                Ok(moment.map_or(Target::NoMoment, Target::Since))
            }
            (_, _) => Err(Error::BadInput("Name a user or a moment, not both".into())),
        }
    }
}

pub(super) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    asked: Query<Asked>,
) -> Result<HttpResponse, Error> {
    let page = Page::of(&app, &req, Some(&caller));
    let target = asked.target(&app)?;
    let mut view = EndSessionsPage {
        user: String::new(),
        since: None,
        since_typed: asked.since.clone().unwrap_or_default(),
        count: 0,
        own_stays: false,
        ready: true,
        action: req.uri().path_and_query().map_or("/admin/sessions/end", |path| path.as_str()).to_owned(),
        errors: Vec::new(),
        page,
    };
    match target {
        Target::Nothing => view.ready = false,
        Target::NoMoment => {
            view.ready = false;
            view.errors.push(view.page.error("since", "error-moment"));
            return Ok(html(StatusCode::BAD_REQUEST, &view));
        }
        Target::User(name) => {
            let (which, user) = of_user(&app, name, &caller).await?;
            view.own_stays = signed_in(&req)?.username == user;
            view.user = user.to_string();
            view.count = end_session::count(&app, which).await?;
        }
        Target::Since(moment) => {
            view.own_stays = true;
            view.since = Some(view.page.time(moment));
            view.count = end_session::count(&app, since(moment, &caller)).await?;
        }
    }
    Ok(html(StatusCode::OK, &view))
}

pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    asked: Query<Asked>,
) -> Result<HttpResponse, Error> {
    let which = match asked.target(&app)? {
        Target::User(name) => of_user(&app, name, &caller).await?.0,
        Target::Since(moment) => since(moment, &caller),
        Target::Nothing | Target::NoMoment => {
            return Err(Error::BadInput("Name a user or a moment: ?user=ana or ?since=2026-11-25T10:00".into()));
        }
    };
    let by = signed_in(&req)?.user;
    let ended = end_sessions(&app.accounts, which, Reason::EndedByAdmin, Some(by), app.now()).answer().await?;
    Ok(end_session::done(&app, &req, &ended.receipt, ended.sessions.len(), "/admin/sessions"))
}

/// The admin's own session stays: who ends everybody's wants to see what comes of it.
async fn of_user(app: &App, name: Username, caller: &Caller) -> Result<(Which, Username), Error> {
    let user = app.read(move |conn| users::find_by_name(conn, &name)).await?.ok_or(Error::NotFound)?;
    let except = caller.claims.sid();
    Ok((Which::OfUser { user: user.id, except }, user.username))
}

fn since(moment: UnixTime, caller: &Caller) -> Which {
    Which::Since { moment, except: caller.claims.sid() }
}
