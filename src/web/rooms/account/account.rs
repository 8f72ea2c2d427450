//! The caller's own account: name, role and dates, and where they are signed in.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::accounts::json;
use crate::guards::AccessToken;
use crate::store::audit::list::AuditFilter;
use crate::store::list_filter::ListFilter;
use crate::store::session_lists::{self, List};
use crate::store::users;
use crate::tokens::Fault;
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::signed_in;
use crate::web::pages::audit_view::{EventRow, Events, Reader};
use crate::web::pages::list_query::{ListQuery, Pager, cut_to_page};
use crate::web::pages::page::{Page, html};
use crate::web::pages::session_view::{self, SessionView};
use crate::web::pages::times::Time;

const PATH: &str = "/account";

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    username: String,
    role: String,
    member_since: Time,
    last_sign_in: Option<Time>,
    password_changed: Time,
    rows: Vec<Row>,
    pager: Pager,
    /// Whether there are sessions besides the caller's own, on this page or another.
    has_others: bool,
    cookie_limit: i64,
    bearer_limit: i64,
    latest: Vec<EventRow>,
}

/// How many of the latest events the page shows.
const LATEST: usize = 5;

struct Row {
    session: SessionView,
    is_this: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Paging {
    before: String,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
    query: Query<Paging>,
) -> Result<HttpResponse, Error> {
    let (id, now) = (signed_in(&req)?.user, app.now());
    // Of a list's query only the place is taken: nothing here is filtered.
    let query = ListQuery { before: query.into_inner().before, ..ListQuery::default() };
    let filter = ListFilter { user: Some(id), ..query.filter(&app.config().time_zone)? };
    let seal = app.accounts.db.seal().cloned();
    let is_page = audience(&req, &app) == Audience::Browser;
    let (user, mut open, latest) = app
        .read(move |conn| {
            let about_me = AuditFilter { user: Some(id), limit: LATEST, ..AuditFilter::default() };
            let latest = if is_page { Events::read(conn, seal.as_deref(), &about_me)? } else { Events::default() };
            Ok((users::find(conn, id)?, session_lists::page(conn, List::Open(now), &filter)?, latest))
        })
        .await?;
    let user = user.ok_or_else(|| Fault::UserGone(caller.claims.identity.clone()))?;
    let next = cut_to_page(&mut open, |one| (one.session.created_at, one.session.sid.to_string()));
    let own = caller.claims.sid();
    if !is_page {
        let sessions: Vec<_> = open.iter().map(|one| json::session(&app.accounts, &one.session, None, own)).collect();
        return Ok(HttpResponse::Ok().json(serde_json::json!({
            "username": user.username,
            "role": user.role,
            "created_at": user.created_at,
            "last_login_at": user.last_login_at,
            "sessions": sessions,
            "next": next,
        })));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let pager = query.pager(PATH, next.as_deref());
    let view = AccountPage {
        has_others: open.len() > 1 || pager.first.is_some() || pager.next.is_some(),
        pager,
        rows: open
            .iter()
            .map(|one| Row {
                session: session_view::view(&app, &page, &one.session),
                is_this: own == Some(one.session.sid),
            })
            .collect(),
        latest: latest.view(&page, Reader::Themselves),
        cookie_limit: app.config().session.cookie_limit,
        bearer_limit: app.config().session.bearer_limit,
        username: user.username.to_string(),
        role: page.t(&format!("role-{}", user.role.as_str())),
        member_since: page.time(user.created_at),
        last_sign_in: user.last_login_at.map(|moment| page.time(moment)),
        password_changed: page.time(user.password_changed_at.unwrap_or(user.created_at)),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}
