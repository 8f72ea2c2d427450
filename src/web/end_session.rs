//! Ending one session: asks on GET, names what will end, and leads to the receipt. For one's own, and for admins.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use super::error::Error;
use super::face::Face;
use super::page::{Page, html, see_other};
use super::session_view::{self, SessionView};
use super::signed_in::{FreshAdmin, Whose, signed_in};
use super::{App, browser_session, story};
use crate::accounts::{Which, end_sessions};
use crate::guards::{Caller, FreshToken};
use crate::store::session_ends;

#[derive(Template)]
#[template(path = "end_session.html")]
struct EndSessionPage {
    page: Page,
    user: String,
    /// Whether it is somebody else's: then the user is named.
    is_admins: bool,
    session: SessionView,
    action: String,
    cancel: &'static str,
}

pub(super) async fn own_form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshToken(caller): FreshToken,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    let whose = Whose::Own(signed_in(&req)?.user);
    form(&app, &req, &caller, sid.into_inner(), whose).await
}

pub(super) async fn anybodys_form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    form(&app, &req, &caller, sid.into_inner(), Whose::Anybodys).await
}

async fn form(app: &App, req: &HttpRequest, caller: &Caller, sid: String, whose: Whose) -> Result<HttpResponse, Error> {
    let found = app.read(move |conn| story::find(conn, &sid, whose)).await?.ok_or(Error::NotFound)?;
    if caller.claims.sid() == Some(found.session.sid) {
        return Ok(see_other("/logout"));
    }
    let page = Page::of(app, req, Some(caller));
    let view = EndSessionPage {
        user: found.user.to_string(),
        is_admins: matches!(whose, Whose::Anybodys),
        session: session_view::of(app, &page, &found.session),
        action: whose.end_path(found.session.sid),
        cancel: whose.list(),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

pub(super) async fn own(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshToken(_): FreshToken,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    let whose = Whose::Own(signed_in(&req)?.user);
    end(&app, &req, sid.into_inner(), whose).await
}

pub(super) async fn anybodys(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(_): FreshAdmin,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    end(&app, &req, sid.into_inner(), Whose::Anybodys).await
}

async fn end(app: &App, req: &HttpRequest, sid: String, whose: Whose) -> Result<HttpResponse, Error> {
    let by = signed_in(req)?.user;
    let found = app.read(move |conn| story::find(conn, &sid, whose)).await?.ok_or(Error::NotFound)?;
    // A session never changes hands, so what was found is still whose it was.
    let which = Which::One(found.session.sid);
    let ended = end_sessions(&app.accounts, which, whose.end_reason(), Some(by), app.now()).answer().await?;
    Ok(done(app, req, &ended.receipt, ended.sessions.len(), whose.list()))
}

/// How many open sessions an act would end.
pub(super) async fn count(app: &App, which: Which) -> Result<i64, Error> {
    let now = app.now();
    app.read(move |conn| session_ends::count(conn, which, now)).await
}

/// The same of all that the person has but the one that asks.
pub(super) async fn count_others(app: &App, req: &HttpRequest, caller: &Caller) -> Result<i64, Error> {
    count(app, Which::OfUser { user: signed_in(req)?.user, except: caller.claims.sid() }).await
}

/// To the receipt, or, if somebody was quicker and nothing was left to end, back with a word about it.
pub(super) fn done(app: &App, req: &HttpRequest, receipt: &str, ended: usize, back: &str) -> HttpResponse {
    match (Face::of(req, app), ended) {
        (Face::Program, 0) => HttpResponse::Ok().json(json!({ "sessions_ended": 0 })),
        (Face::Program, ended) => HttpResponse::Ok().json(
            json!({ "sessions_ended": ended, "receipt": receipt, "receipt_path": format!("/receipts/{receipt}") }),
        ),
        (Face::Page, 0) => {
            use actix_session::SessionExt;
            browser_session::set_flash(&req.get_session(), &browser_session::Flash::plain("flash-nothing-ended"));
            see_other(back)
        }
        (Face::Page, _) => see_other(&format!("/receipts/{receipt}")),
    }
}
