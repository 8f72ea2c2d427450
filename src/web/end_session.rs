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
use super::signed_in::{FreshAdmin, signed_in};
use super::{App, browser_session, story};
use crate::accounts::{Which, end_sessions};
use crate::domain::{Reason, SessionId, UserId};
use crate::guards::{Caller, FreshToken};

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
    let user = signed_in(&req)?.user;
    form(&app, &req, &caller, &sid, Some(user)).await
}

pub(super) async fn any_form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    form(&app, &req, &caller, &sid, None).await
}

async fn form(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    sid: &str,
    only_of: Option<UserId>,
) -> Result<HttpResponse, Error> {
    let (id, own) = (sid.to_owned(), caller.claims.session.map(|session| session.sid));
    let found = app.read(move |conn| story::find(conn, &id, only_of)).await?.ok_or(Error::NotFound)?;
    if own == Some(found.session.sid) {
        return Ok(see_other("/logout"));
    }
    let (path, cancel) =
        if only_of.is_some() { ("/account/sessions", "/account") } else { ("/admin/sessions", "/admin/sessions") };
    let page = Page::of(app, req, Some(caller));
    let view = EndSessionPage {
        user: found.user.to_string(),
        is_admins: only_of.is_none(),
        session: session_view::of(app, &page, &found.session),
        action: format!("{path}/{}/end", found.session.sid),
        cancel,
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
    let user = signed_in(&req)?.user;
    end(&app, &req, &sid, Some(user), Reason::EndedByUser).await
}

pub(super) async fn any(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(_): FreshAdmin,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    end(&app, &req, &sid, None, Reason::EndedByAdmin).await
}

async fn end(
    app: &App,
    req: &HttpRequest,
    sid: &str,
    only_of: Option<UserId>,
    reason: Reason,
) -> Result<HttpResponse, Error> {
    let by = signed_in(req)?.user;
    let sid = SessionId::parse(sid).ok_or(Error::NotFound)?;
    let found = app.read(move |conn| story::find(conn, &sid.to_string(), only_of)).await?.ok_or(Error::NotFound)?;
    // A session never changes hands, so what was found is still whose it was.
    let ended =
        end_sessions(&app.accounts, Which::One(found.session.sid), reason, Some(by), app.now()).answer().await?;
    Ok(done(
        app,
        req,
        &ended.receipt,
        ended.sessions.len(),
        if only_of.is_some() { "/account" } else { "/admin/sessions" },
    ))
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
