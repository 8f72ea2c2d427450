//! Ending many sessions at once, for an admin: all of one user's, or everybody's since a moment. GET says how many will end.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::Mandate;
use crate::accounts::sessions::end::end_anybodys;
use crate::accounts::sessions::mass_end::{EndedSince, Marking, are_told, end_since};
use crate::domain::{BareDate, UnixTime, Username};
use crate::guards::Caller;
use crate::store::session_ends::Which;
use crate::store::{mass_ends, users};
use crate::web::app::App;
use crate::web::http::error::Error;
use crate::web::http::signed_in::{AdminMandate, FreshAdmin, signed_in};
use crate::web::pages::ended;
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};
use crate::web::pages::times::Time;

/// How long an answer waits until all sessions are listed that an act has ended.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Template)]
#[template(path = "end_sessions.html")]
struct EndSessionsPage {
    page: Page,
    user: String,
    since: Option<Time>,
    since_typed: String,
    /// How many would end; the admin's own is not among them.
    count: i64,
    /// Whether the page says that the admin's own session stays: it may be one of those that were meant.
    own_stays: bool,
    /// Whether nobody is told by mail, though Portero sends mail: there are too many.
    nobody_is_told: bool,
    /// Whether it is the admin's own sessions that were asked for.
    is_callers: bool,
    /// Whether a user or a moment was named; if not, the page asks for the moment.
    ready: bool,
    action: String,
    errors: Vec<FieldError>,
}

#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = EndSessionsQuery)]
pub(in crate::web) struct Asked {
    /// Whose, by name.
    user: String,
    // `None`: the query has no moment. Empty: the form was sent without one.
    /// All that began since this date or moment, by the clock of `time_zone`.
    since: Option<String>,
}

/// What the query asks for.
enum Target {
    User(Username),
    Since(UnixTime),
    /// A moment that can't be read.
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
                let moment = UnixTime::read(since, &app.config().time_zone, BareDate::Begins);
                Ok(moment.map_or(Target::NoMoment, Target::Since))
            }
            (_, _) => Err(Error::BadInput("Name a user or a moment, not both".into())),
        }
    }
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    asked: Query<Asked>,
) -> Result<HttpResponse, Error> {
    let page = Page::new(&app, &req, Some(&caller));
    let target = asked.target(&app)?;
    let mut view = EndSessionsPage {
        user: String::new(),
        since: None,
        since_typed: asked.since.clone().unwrap_or_default(),
        count: 0,
        own_stays: false,
        nobody_is_told: false,
        is_callers: false,
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
            view.is_callers = signed_in(&req)?.username == user;
            view.user = user.to_string();
            view.count = ended::count(&app, which).await?;
        }
        Target::Since(moment) => {
            view.own_stays = true;
            view.since = Some(view.page.time(moment));
            view.count = ended::count(&app, since(moment, &caller)).await?;
            view.nobody_is_told = app.config().mail.is_some() && !are_told(view.count);
        }
    }
    Ok(html(StatusCode::OK, &view))
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AdminMandate(caller, mandate): AdminMandate,
    asked: Query<Asked>,
) -> Result<HttpResponse, Error> {
    let (receipt, count) = match asked.target(&app)? {
        Target::User(name) => {
            let (which, _) = of_user(&app, name, &caller).await?;
            let done = end_anybodys(&app.accounts, mandate, which).everywhere().await?;
            (done.receipt, done.sessions.len())
        }
        Target::Since(moment) => end_all_since(&app, mandate, moment, &caller).await?,
        Target::Nothing | Target::NoMoment => {
            return Err(Error::BadInput("Name a user or a moment: ?user=ana or ?since=2026-11-25T10:00".into()));
        }
    };
    Ok(ended::answer(&app, &req, &receipt, count, "/admin/sessions"))
}

/// Returns the receipt, and how many sessions ended. Very many are all refused when this returns, but may not all be listed yet.
async fn end_all_since(
    app: &App,
    mandate: Mandate,
    moment: UnixTime,
    caller: &Caller,
) -> Result<(String, usize), Error> {
    let act = end_since(&app.accounts, mandate, moment, caller.claims.sid(), Marking::Here);
    let EndedSince { receipt, marked, rest } = act.everywhere().await?;
    let Some(rest) = rest else { return Ok((receipt, marked)) };
    // Whether all are listed by then or not is for the receipt to say.
    drop(tokio::time::timeout(PATIENCE, rest).await);
    let (asked, now) = (receipt.clone(), app.now());
    let count = app.read(move |conn| mass_ends::size(conn, &asked, now)).await?;
    Ok((receipt, usize::try_from(count).unwrap_or(0)))
}

/// The sessions to end of the user who bears this name, and the name as it is stored. The admin's own session stays: whoever ends
/// everybody's wants to see what comes of it.
async fn of_user(app: &App, name: Username, caller: &Caller) -> Result<(Which, Username), Error> {
    let user = app.read(move |conn| users::find_by_name(conn, &name)).await?.ok_or(Error::NotFound)?;
    let except = caller.claims.sid();
    Ok((Which::OfUser { user: user.id, except }, user.username))
}

fn since(moment: UnixTime, caller: &Caller) -> Which {
    Which::Since { moment, except: caller.claims.sid() }
}
