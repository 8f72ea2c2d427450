//! Everybody's open sessions, newest first, for an admin.

use std::collections::HashMap;

use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::export::selection::Selection;
use crate::accounts::json;
use crate::domain::SessionId;
use crate::store::list_filter::ListFilter;
use crate::store::session_lists::{self, List, ListedSession};
use crate::store::{Conn, steps};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::export::{self, As};
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::{Admin, ExportMandate};
use crate::web::pages::find_session;
use crate::web::pages::list_query::{
    self, ExportLinks, ListQuery, Nothing, Pager, cut_to_page, export_links, find_user, link_to, total, with_user,
};
use crate::web::pages::page::{Page, html};
use crate::web::pages::session_view::{self, SessionView};

const PATH: &str = "/admin/sessions";
const LIST: list_query::List = list_query::List { path: PATH, name: "sessions", nothing_yet: "open-empty" };

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    page: Page,
    query: ListQuery,
    only_odd: bool,
    rows: Vec<Row>,
    /// How many sessions there are on all pages of the list.
    total: String,
    nothing: Nothing,
    /// The page that ends all sessions of the user by whom the list is filtered. `None`: no user was named, or nothing was found.
    end_all_path: Option<String>,
    exports: ExportLinks,
    pager: Pager,
}

struct Row {
    user: String,
    user_path: String,
    session: SessionView,
    is_this: bool,
}

/// A page of open sessions.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct OpenSessions<'a> {
    sessions: Vec<json::SessionShown<'a>>,
    /// The `before` of the next page. Null: this is the last one.
    next: Option<&'a str>,
}

/// What the page shows, from the database.
#[derive(Default)]
struct Found {
    rows: Vec<ListedSession>,
    /// The number of the first odd step of each session that has one.
    odd_steps: HashMap<SessionId, i64>,
    total: usize,
    user_known: bool,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    if let Some(path) = find_session::typed(&app, &query.q).await? {
        return Ok(see_other(&path));
    }
    let (query, now) = (query.into_inner().sorted(), app.now());
    let filter = filter(&app, &query)?;
    let query = query.with_moments(filter.from, filter.until, &app.config().time_zone);
    let name = query.user.clone();
    let is_page = audience(&req, &app) == Audience::Browser;
    let mut found = app.read(move |conn| find(conn, List::Open(now), &name, filter, is_page)).await?;
    let next = cut_to_page(&mut found.rows, |one| (one.session.created_at, one.session.sid.to_string()));
    let own = caller.claims.sid();
    if !is_page {
        query.check(found.user_known)?;
        let sessions =
            found.rows.iter().map(|one| json::session(&app.accounts, &one.session, Some(&one.user), own)).collect();
        return Ok(HttpResponse::Ok().json(OpenSessions { sessions, next: next.as_deref() }));
    }
    let (page, status) = (Page::new(&app, &req, Some(&caller)), query.status(found.user_known));
    let of_one_user = found.rows.first().filter(|_| !query.user.trim().is_empty()).map(|one| one.user.to_string());
    let row = |one: &ListedSession| Row {
        user: one.user.to_string(),
        user_path: format!("/admin/users/{}", one.session.user),
        session: SessionView {
            ip_path: Some(link_to(PATH, &[("ip", &one.session.ip)])),
            odd_step: found.odd_steps.get(&one.session.sid).copied(),
            ..session_view::view(&app, &page, &one.session)
        },
        is_this: own == Some(one.session.sid),
    };
    let view = SessionsPage {
        rows: found.rows.iter().map(row).collect(),
        total: total(&page, "open-total", found.total),
        nothing: query.nothing(&app, &page, &LIST, found.user_known),
        end_all_path: of_one_user.map(|name| link_to("/admin/sessions/end", &[("user", &name)])),
        exports: export_links(&query.link(PATH)),
        pager: query.pager(PATH, next.as_deref()),
        only_odd: query.state == "odd",
        query,
        page,
    };
    Ok(html(status, &view))
}

/// The filter that the query asks for, but for the user.
fn filter(app: &App, query: &ListQuery) -> Result<ListFilter, Error> {
    let mut filter = query.filter(&app.config().time_zone)?;
    filter.odd = match query.state.as_str() {
        "" => false,
        "odd" => true,
        _ => return Err(Error::BadInput("`state` is empty or odd".into())),
    };
    Ok(filter)
}

pub(in crate::web) async fn export(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    ExportMandate(mandate): ExportMandate,
    query: Query<ListQuery>,
    asked: Query<As>,
) -> Result<HttpResponse, Error> {
    let query = query.into_inner().sorted();
    let filter = filter(&app, &query)?;
    let filter = with_user(&app, &query.user, filter).await?;
    export::answer(app, &req, mandate, Selection::Sessions(filter), &asked).await
}

/// `is_page`: whether what only a page shows is looked up, too.
fn find(
    conn: &mut Conn,
    list: List,
    name: &str,
    mut filter: ListFilter,
    is_page: bool,
) -> Result<Found, crate::store::Error> {
    if !find_user(conn, name, &mut filter)? {
        return Ok(Found::default());
    }
    let rows = session_lists::page(conn, list, &filter)?;
    let mut found = Found { rows, user_known: true, ..Found::default() };
    if is_page {
        let odd: Vec<_> = found.rows.iter().filter(|one| one.session.odd).map(|one| one.session.sid).collect();
        found.odd_steps = steps::first_odd(conn, &odd)?;
        found.total = session_lists::count(conn, list, &filter)?;
    }
    Ok(found)
}
