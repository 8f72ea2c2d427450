//! What was recorded about the caller: who did what in their account, when and from where, newest first.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::accounts::json;
use crate::guards::AccessToken;
use crate::store::audit::list::{AuditFilter, Place};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::signed_in;
use crate::web::pages::audit_view::{self, EventRow, Events, Reader};
use crate::web::pages::list_query::{self, ON_A_PAGE, Pager};
use crate::web::pages::page::{Page, html};

const PATH: &str = "/account/activity";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct ActivityQuery {
    /// The moment and number of the last row of the page before.
    before: String,
}

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    page: Page,
    rows: Vec<EventRow>,
    pager: Pager,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
    query: Query<ActivityQuery>,
) -> Result<HttpResponse, Error> {
    let before = list_query::read(&query.before, "before", audit_view::place)?;
    let user = Some(signed_in(&req)?.user);
    let filter = AuditFilter { user, before, limit: ON_A_PAGE + 1, ..AuditFilter::default() };
    let mut events = Events::find(&app, filter).await?;
    let next = events.cut_to_page();
    if audience(&req, &app) == Audience::Program {
        let rows: Vec<_> = events.rows.iter().map(|event| json::audit_event(event, &events.names)).collect();
        let next = next.map(audit_view::place_in_link);
        return Ok(HttpResponse::Ok().json(serde_json::json!({ "events": rows, "next": next })));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let link = |before: Option<Place>| {
        let before = before.map(audit_view::place_in_link).unwrap_or_default();
        list_query::link_to(PATH, &[("before", &before)])
    };
    let view = ActivityPage {
        rows: events.view(&page, Reader::Themselves),
        pager: Pager { first: (!query.before.is_empty()).then(|| link(None)), next: next.map(|next| link(Some(next))) },
        page,
    };
    Ok(html(StatusCode::OK, &view))
}
