//! What was recorded: who did what to whom, when and from where, newest first, for an admin.

use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::export::selection::Selection;
use crate::store::Conn;
use crate::store::audit::event::What;
use crate::store::audit::list::{AuditFilter, MOST_LOOKED_AT, Place};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::export::{self, As};
use crate::web::http::signed_in::{Admin, ExportMandate};
use crate::web::pages::audit_view::{self, EventRow, Events, EventsShown, Reader};
use crate::web::pages::list_query::{self, Choice, ExportLinks, List, ListQuery, Nothing, Pager};
use crate::web::pages::page::{Page, html};

const PATH: &str = "/admin/audit";

const LIST: List = List { path: PATH, name: "audit", nothing_yet: "audit-nothing-yet" };

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    page: Page,
    query: ListQuery,
    kinds: Vec<Choice>,
    rows: Vec<EventRow>,
    /// How many events there are, as far as this page shows it: they are not counted.
    total: String,
    nothing: Nothing,
    /// How many rows were looked at, if that is why the page is not full.
    stopped_after: Option<i64>,
    exports: ExportLinks,
    pager: Pager,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let query = audit_view::sorted(&app, query.into_inner(), None).await?;
    let zone = &app.config().time_zone;
    let mut filter = audit_view::filter(&query, zone)?;
    let query = query.with_moments(filter.from, filter.until, zone);
    let (user, by) = (query.user.clone(), query.by.clone());
    let seal = app.accounts.db.seal().cloned();
    let is_page = audience(&req, &app) == Audience::Browser;
    let found = app
        .read(move |conn| {
            if let Some(unknown) = find_users(conn, user, by, &mut filter)? {
                return Ok((Events::default(), Some(unknown)));
            }
            let events = Events::read(conn, seal.as_deref(), &filter)?;
            Ok((if is_page { events.with_browsers(conn)? } else { events }, None))
        })
        .await?;
    let (mut events, unknown) = found;
    let next = events.cut_to_page();
    let user_known = unknown != Some(Unknown::User);
    if !is_page {
        query.check(user_known)?;
        return Ok(as_json(&events, next));
    }
    let (page, status) = (Page::new(&app, &req, Some(&caller)), query.status(user_known));
    let mut nothing = query.nothing(&app, &page, &LIST, user_known);
    if unknown == Some(Unknown::By) {
        nothing.why = page.t1("revoked-user-unknown", "user", query.by.trim());
    }
    let total = match (next.is_none() && query.before.is_empty(), events.stopped_at) {
        (true, _) => page.tn("audit-total", events.rows.len()),
        (false, None) => page.tn("audit-total-many", list_query::ON_A_PAGE),
        (false, Some(_)) => page.t("audit-caption"),
    };
    let view = AuditPage {
        total,
        kinds: audit_view::kinds(
            &page,
            &query.what,
            What::ALL.iter().copied().filter(|what| {
                // Where Portero sends no mail, nothing speaks of it.
                *what != What::Reported || page.sends_mail()
            }),
        ),
        rows: events.view(&page, Reader::Admin),
        nothing,
        stopped_after: events.stopped_at.map(|_| MOST_LOOKED_AT),
        exports: list_query::export_links(&query.link(PATH)),
        pager: query.pager(PATH, next.map(audit_view::place_in_link).as_deref()),
        query,
        page,
    };
    Ok(html(status, &view))
}

/// The field whose name nobody bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    User,
    By,
}

/// Fills in the filter's users. Returns the field that names nobody, if there is one.
fn find_users(
    conn: &mut Conn,
    user: String,
    by: String,
    filter: &mut AuditFilter,
) -> Result<Option<Unknown>, crate::store::Error> {
    for (name, id, field) in [(user, &mut filter.user, Unknown::User), (by, &mut filter.by, Unknown::By)] {
        *id = list_query::user_id(conn, &name)?;
        if id.is_none() && !name.trim().is_empty() {
            return Ok(Some(field));
        }
    }
    Ok(None)
}

pub(in crate::web) async fn export(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    ExportMandate(mandate): ExportMandate,
    query: Query<ListQuery>,
    asked: Query<As>,
) -> Result<HttpResponse, Error> {
    let query = audit_view::sorted(&app, query.into_inner(), None).await?;
    let mut filter = audit_view::filter(&query, &app.config().time_zone)?;
    let filter =
        app.read(move |conn| Ok(find_users(conn, query.user, query.by, &mut filter)?.is_none().then_some(filter)));
    let filter = filter.await?.ok_or_else(|| Error::BadInput("nobody bears one of these names".into()))?;
    export::answer(app, &req, mandate, Selection::Audit(filter), &asked).await
}

fn as_json(events: &Events, next: Option<Place>) -> HttpResponse {
    HttpResponse::Ok().json(EventsShown::new(events, next.map(audit_view::place_in_link)))
}
