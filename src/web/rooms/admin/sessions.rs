//! Everybody's open sessions, newest first, for an admin.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::export::selection::Selection;
use crate::accounts::json;
use crate::store::list_filter::ListFilter;
use crate::store::session_lists;
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::export::{self, As};
use crate::web::http::signed_in::{Admin, ExportMandate};
use crate::web::pages::list_query::{ExportLinks, ListQuery, Pager, cut_to_page, export_links, find_user, with_user};
use crate::web::pages::page::{Page, html};
use crate::web::pages::session_view::{self, SessionView};

const PATH: &str = "/admin/sessions";

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    page: Page,
    query: ListQuery,
    only_odd: bool,
    rows: Vec<Row>,
    user_unknown: bool,
    /// The page that ends all sessions of the user by whom the list is filtered. `None`: no user was named, or nothing was found.
    end_all_path: Option<String>,
    exports: ExportLinks,
    pager: Pager,
}

struct Row {
    user: String,
    session: SessionView,
    is_this: bool,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let (query, now) = (query.into_inner(), app.now());
    let mut filter = filter(&app, &query)?;
    let query = query.with_moments_of(&filter, &app.config().time_zone);
    let name = query.user.clone();
    let (mut rows, user_known) = app
        .read(move |conn| {
            let user_known = find_user(conn, &name, &mut filter)?;
            let rows = if user_known {
                session_lists::page(conn, session_lists::List::Open(now), &filter)?
            } else {
                Vec::new()
            };
            Ok((rows, user_known))
        })
        .await?;
    let next = cut_to_page(&mut rows, |one| (one.session.created_at, one.session.sid.to_string()));
    let own = caller.claims.sid();
    if audience(&req, &app) == Audience::Program {
        let sessions: Vec<_> =
            rows.iter().map(|one| json::session(&app.accounts, &one.session, Some(&one.user), own)).collect();
        return Ok(HttpResponse::Ok().json(serde_json::json!({ "sessions": sessions, "next": next })));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let of_one_user = rows.first().filter(|_| !query.user.trim().is_empty()).map(|one| one.user.to_string());
    let view = SessionsPage {
        rows: rows
            .iter()
            .map(|one| Row {
                user: one.user.to_string(),
                session: session_view::view(&app, &page, &one.session),
                is_this: own == Some(one.session.sid),
            })
            .collect(),
        end_all_path: of_one_user
            .map(|name| ListQuery { user: name, ..ListQuery::default() }.link("/admin/sessions/end", None)),
        exports: export_links(&query.link(PATH, None)),
        pager: query.pager(PATH, next.as_deref()),
        only_odd: query.state == "odd",
        user_unknown: !user_known,
        query,
        page,
    };
    Ok(html(StatusCode::OK, &view))
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
    let filter = filter(&app, &query)?;
    let filter = with_user(&app, &query.user, filter).await?;
    export::answer(app, &req, mandate, Selection::Sessions(filter), &asked).await
}
