//! What was recorded: who did what to whom, when and from where, newest first, for an admin.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::accounts::export::selection::Selection;
use crate::accounts::json;
use crate::domain::SessionId;
use crate::store::Conn;
use crate::store::audit::event::What;
use crate::store::audit::list::{AuditFilter, MOST_LOOKED_AT, Place};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::export::{self, As};
use crate::web::http::signed_in::{Admin, ExportMandate};
use crate::web::pages::audit_view::{self, EventRow, Events, Reader};
use crate::web::pages::list_query::{self, Choice, ExportLinks, ON_A_PAGE, Pager};
use crate::web::pages::page::{Page, html};

const PATH: &str = "/admin/audit";

/// The query as it was sent; a field that is empty filters nothing.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct AuditQuery {
    user: String,
    by: String,
    what: String,
    ip: String,
    session: String,
    from: String,
    until: String,
    /// The moment and number of the last row of the page before, `1795374306.42`.
    before: String,
}

impl AuditQuery {
    /// The filter for the store, but for the users, whom only the database knows. [`Error::BadInput`] if a field can't be read.
    fn filter(&self, zone: &TimeZone) -> Result<AuditFilter, Error> {
        let (from, until) = list_query::span(&self.from, &self.until, zone)?;
        Ok(AuditFilter {
            user: None,
            by: None,
            what: list_query::read(&self.what, "what", What::parse)?,
            ip: list_query::address(&self.ip)?,
            session: list_query::read(&self.session, "session", SessionId::parse)?,
            from,
            until,
            before: list_query::read(&self.before, "before", audit_view::place)?,
            // One more than a page has, to learn whether there is another page.
            limit: ON_A_PAGE + 1,
        })
    }

    fn link(&self, before: Option<Place>) -> String {
        let before = before.map(audit_view::place_in_link).unwrap_or_default();
        list_query::link_to(
            PATH,
            &[
                ("user", &self.user),
                ("by", &self.by),
                ("what", &self.what),
                ("ip", &self.ip),
                ("session", &self.session),
                ("from", &self.from),
                ("until", &self.until),
                ("before", &before),
            ],
        )
    }
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    page: Page,
    query: AuditQuery,
    kinds: Vec<Choice>,
    rows: Vec<EventRow>,
    /// The name that nobody bears, if one was asked for.
    unknown_user: Option<String>,
    /// How many rows were looked at, if that is why the page is not full.
    stopped_after: Option<i64>,
    exports: ExportLinks,
    pager: Pager,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    query: Query<AuditQuery>,
) -> Result<HttpResponse, Error> {
    let query = query.into_inner();
    let zone = &app.config().time_zone;
    let mut filter = query.filter(zone)?;
    let query = AuditQuery {
        from: list_query::as_field(filter.from, zone),
        until: list_query::as_field(filter.until, zone),
        ..query
    };
    let (user, by) = (query.user.clone(), query.by.clone());
    let seal = app.accounts.db.seal().cloned();
    let found = app
        .read(move |conn| match find_users(conn, user, by, &mut filter)? {
            None => Ok((Events::read(conn, seal.as_deref(), &filter)?, None)),
            unknown => Ok((Events::default(), unknown)),
        })
        .await?;
    let (mut events, unknown_user) = found;
    let next = events.cut_to_page();
    if audience(&req, &app) == Audience::Program {
        return Ok(as_json(&events, next));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let view = AuditPage {
        kinds: kinds(&page, &query.what),
        rows: events.view(&page, Reader::Admin),
        unknown_user,
        stopped_after: events.stopped_at.map(|_| MOST_LOOKED_AT),
        exports: list_query::export_links(&query.link(None)),
        pager: Pager {
            first: (!query.before.is_empty()).then(|| query.link(None)),
            next: next.map(|next| query.link(Some(next))),
        },
        query,
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

/// Fills in the filter's users. The name that nobody bears, if one is asked for.
fn find_users(
    conn: &mut Conn,
    user: String,
    by: String,
    filter: &mut AuditFilter,
) -> Result<Option<String>, crate::store::Error> {
    for (name, id) in [(user, &mut filter.user), (by, &mut filter.by)] {
        *id = list_query::user_id(conn, &name)?;
        if id.is_none() && !name.trim().is_empty() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

pub(in crate::web) async fn export(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    ExportMandate(mandate): ExportMandate,
    query: Query<AuditQuery>,
    asked: Query<As>,
) -> Result<HttpResponse, Error> {
    let query = query.into_inner();
    let mut filter = query.filter(&app.config().time_zone)?;
    let filter =
        app.read(move |conn| Ok(find_users(conn, query.user, query.by, &mut filter)?.is_none().then_some(filter)));
    let filter = filter.await?.ok_or_else(|| Error::BadInput("nobody bears one of these names".into()))?;
    export::answer(app, &req, mandate, Selection::Audit(filter), &asked).await
}

/// The kinds of events, as a field offers them.
fn kinds(page: &Page, selected: &str) -> Vec<Choice> {
    let any = Choice { value: "", label: page.t("audit-any"), selected: selected.is_empty() };
    let each = What::ALL.iter().map(|what| Choice {
        value: what.as_str(),
        label: page.tn(&format!("event-{}", what.as_str()), 1),
        selected: selected == what.as_str(),
    });
    std::iter::once(any).chain(each).collect()
}

fn as_json(events: &Events, next: Option<Place>) -> HttpResponse {
    let rows: Vec<_> = events.rows.iter().map(|event| json::audit_event(event, &events.names)).collect();
    HttpResponse::Ok().json(serde_json::json!({
        "events": rows,
        "next": next.map(audit_view::place_in_link),
        "looked_at": events.stopped_at.map(|_| MOST_LOOKED_AT),
    }))
}
