//! Finding one session of anybody's by its id: whole, or by the 8 characters that pages and logs show.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use super::page::{Page, html};
use super::session_view::{self, SessionView};
use super::whose::Whose;
use crate::accounts::json as as_json;
use crate::domain::{SessionId, ShortId};
use crate::guards::Caller;
use crate::store::session_lists::{self, ListedSession};
use crate::store::sessions;
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;

/// The most sessions that are listed. That more than a few ids begin alike happens to nobody.
const MOST_ALIKE: i64 = 50;

#[derive(Template)]
#[template(path = "find_session.html")]
struct FoundPage {
    page: Page,
    id: String,
    rows: Vec<Row>,
}

struct Row {
    user: String,
    user_path: String,
    session: SessionView,
    /// Why it has ended. `None`: it is open.
    ended: Option<String>,
}

/// The path of the session that was typed into a field. `None`: there is no such session, or something else was typed.
pub(in crate::web) async fn typed(app: &App, text: &str) -> Result<Option<String>, Error> {
    let text = text.trim();
    if let Some(short) = ShortId::parse(text) {
        let found = app.read(move |conn| session_lists::by_short_id(conn, short, 1)).await?;
        return Ok((!found.is_empty()).then(|| Whose::Anybodys.short_path(short)));
    }
    let Some(sid) = SessionId::parse(&text.to_ascii_lowercase()) else { return Ok(None) };
    let found = app.read(move |conn| sessions::find(conn, sid)).await?;
    Ok(found.map(|_| Whose::Anybodys.path(sid)))
}

/// What a session's id in a path leads to.
pub(in crate::web) enum Led {
    /// To the session with this id, if there is one.
    ToOne(String),
    /// To no single one: this is the answer.
    ToNone(HttpResponse),
}

/// Follows the id in a path, which may be short.
pub(in crate::web) async fn follow(app: &App, req: &HttpRequest, caller: &Caller, id: String) -> Result<Led, Error> {
    let Some(short) = ShortId::parse(&id) else { return Ok(Led::ToOne(id)) };
    let found = app.read(move |conn| session_lists::by_short_id(conn, short, MOST_ALIKE)).await?;
    match &found[..] {
        [one] => Ok(Led::ToOne(one.session.sid.to_string())),
        [] => Ok(Led::ToOne(short.to_string())),
        several => Ok(Led::ToNone(alike(app, req, caller, short, several))),
    }
}

/// Several sessions whose ids begin alike.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct AlikeSessions<'a> {
    sessions: Vec<as_json::SessionShown<'a>>,
}

fn alike(app: &App, req: &HttpRequest, caller: &Caller, short: ShortId, found: &[ListedSession]) -> HttpResponse {
    if audience(req, app) == Audience::Program {
        let own = caller.claims.sid();
        let sessions =
            found.iter().map(|one| as_json::session(&app.accounts, &one.session, Some(&one.user), own)).collect();
        return HttpResponse::Ok().json(AlikeSessions { sessions });
    }
    let page = Page::new(app, req, Some(caller));
    let row = |one: &ListedSession| Row {
        user: one.user.to_string(),
        user_path: format!("/admin/users/{}", one.session.user),
        session: session_view::view(app, &page, &one.session),
        ended: one.session.end.map(|end| session_view::reason(&page, end.reason)),
    };
    let rows = found.iter().map(row).collect();
    html(StatusCode::OK, &FoundPage { id: short.to_string(), rows, page })
}

/// The answer where no session has this id: 404, and for people a field to try another one.
pub(in crate::web) fn none(app: &App, req: &HttpRequest, caller: &Caller, id: String) -> Result<HttpResponse, Error> {
    let is_id = ShortId::parse(&id).is_some() || SessionId::parse(&id).is_some();
    if audience(req, app) == Audience::Program || !is_id {
        return Err(Error::NotFound);
    }
    let page = Page::new(app, req, Some(caller));
    Ok(html(StatusCode::NOT_FOUND, &FoundPage { id, rows: Vec::new(), page }))
}
