//! How a session went: sign-in, renewals, confirmations, end; as a picture and, with the same facts, as a table.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use super::App;
use super::error::Error;
use super::face::Face;
use super::page::{Page, Time, html};
use super::session_view::{self, SessionView};
use super::signed_in::{Admin, Whose, signed_in};
use super::timeline::Picture;
use crate::domain::{SessionId, StepKind, Username};
use crate::guards::{AccessToken, Caller};
use crate::store::sessions::{self, Session};
use crate::store::steps::{self, Step};
use crate::store::{Conn, users};

#[derive(Template)]
#[template(path = "story.html")]
struct StoryPage {
    page: Page,
    user: String,
    session: SessionView,
    is_this: bool,
    is_open: bool,
    /// Where the list is that it stands in, and where it can be ended.
    back: &'static str,
    end_path: String,
    receipt: Option<String>,
    picture: Picture,
    steps: Vec<StepRow>,
    end: Option<EndRow>,
}

struct StepRow {
    number: usize,
    what: String,
    at: Time,
    until: Option<Time>,
    ip: String,
    browser: String,
    odd: bool,
}

struct EndRow {
    reason: String,
    by: String,
    at: Time,
    is_danger: bool,
}

/// A session with its user's name.
pub(super) struct Named {
    pub(super) session: Session,
    pub(super) user: Username,
}

/// And with what its story needs.
struct Whole {
    session: Session,
    user: Username,
    steps: Vec<Step>,
    ended_by: Option<String>,
}

/// `None`: there is none, or it is not the caller's to see.
pub(super) fn find(conn: &mut Conn, sid: &str, whose: Whose) -> Result<Option<Named>, crate::store::Error> {
    let Some(sid) = SessionId::parse(sid) else { return Ok(None) };
    let Some(session) = sessions::find(conn, sid)? else { return Ok(None) };
    if let Whose::Own(user) = whose
        && user != session.user
    {
        return Ok(None);
    }
    let user = users::find(conn, session.user)?;
    Ok(user.map(|user| Named { session, user: user.username }))
}

fn whole(conn: &mut Conn, sid: &str, whose: Whose) -> Result<Option<Whole>, crate::store::Error> {
    let Some(Named { session, user }) = find(conn, sid, whose)? else { return Ok(None) };
    let ended_by = match session.end.and_then(|end| end.by) {
        Some(by) => users::name_of(conn, by)?,
        None => None,
    };
    Ok(Some(Whole { steps: steps::of(conn, session.sid)?, session, user, ended_by }))
}

pub(super) async fn own(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    let whose = Whose::Own(signed_in(&req)?.user);
    show(&app, &req, &caller, sid.into_inner(), whose).await
}

pub(super) async fn anybodys(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    show(&app, &req, &caller, sid.into_inner(), Whose::Anybodys).await
}

async fn show(app: &App, req: &HttpRequest, caller: &Caller, sid: String, whose: Whose) -> Result<HttpResponse, Error> {
    let found = app.read(move |conn| whole(conn, &sid, whose)).await?.ok_or(Error::NotFound)?;
    let own = caller.claims.sid();
    if Face::of(req, app) == Face::Program {
        return Ok(as_json(app, &found, own));
    }
    let page = Page::of(app, req, Some(caller));
    let session = &found.session;
    let is_open = session.end.is_none() && session.expires_at > app.now();
    let view = StoryPage {
        user: found.user.to_string(),
        session: session_view::of(app, &page, session),
        is_this: own == Some(session.sid),
        is_open,
        back: whose.list(),
        end_path: whose.end_path(session.sid),
        receipt: session.receipt.as_ref().map(|receipt| format!("/receipts/{receipt}")),
        picture: Picture::of(&found.steps, session.end.is_some()),
        steps: found.steps.iter().enumerate().map(|(nth, step)| step_row(&page, nth, step)).collect(),
        end: session.end.map(|end| EndRow {
            reason: session_view::reason(&page, end.reason),
            by: session_view::by(&page, end.by, found.ended_by.as_deref(), session.user, end.reason),
            at: page.exact(end.at),
            is_danger: end.reason.is_danger(),
        }),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

fn step_row(page: &Page, nth: usize, step: &Step) -> StepRow {
    StepRow {
        number: nth + 1,
        what: match step.kind {
            // Another browser is no second tab.
            StepKind::Repeated if step.odd => page.t("step-repeated-odd"),
            kind => page.tn(&format!("step-{}", kind.as_str().replace('_', "-")), step.times),
        },
        at: page.exact(step.at),
        until: (step.times > 1).then(|| page.exact(step.until)),
        ip: step.ip.clone(),
        browser: session_view::browser(page, &step.user_agent),
        odd: step.odd,
    }
}

fn as_json(app: &App, found: &Whole, own: Option<SessionId>) -> HttpResponse {
    let steps: Vec<_> = found
        .steps
        .iter()
        .map(|step| {
            json!({
                "what": step.kind,
                "at": step.at,
                "until": step.until,
                "times": step.times,
                "ip": step.ip,
                "user_agent": step.user_agent,
                "odd": step.odd,
            })
        })
        .collect();
    let session = session_view::json(app, &found.session, Some(&found.user), own);
    HttpResponse::Ok().json(json!({ "session": session, "steps": steps, "ended_by": found.ended_by }))
}
