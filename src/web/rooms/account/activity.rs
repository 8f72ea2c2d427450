//! What was recorded about the caller: who did what in their account, when and from where, newest first.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::guards::AccessToken;
use crate::store::audit::event::What;
use crate::store::audit::list::{AuditFilter, MOST_LOOKED_AT};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::signed_in;
use crate::web::pages::audit_view::{self, EventRow, Events, EventsShown, Reader};
use crate::web::pages::list_query::{Choice, List, ListQuery, Nothing, Pager};
use crate::web::pages::page::{Page, html};

const PATH: &str = "/account/activity";

const LIST: List = List { path: PATH, name: "audit", nothing_yet: "audit-nothing-yet" };

/// The kinds of events that can happen in somebody's account.
const KINDS: [What; 17] = [
    What::SignedIn,
    What::SignInFailed,
    What::Confirmed,
    What::ConfirmFailed,
    What::PasswordChanged,
    What::SessionRecovered,
    What::SessionEnded,
    What::TokenRevoked,
    What::RefreshReused,
    What::UserAdded,
    What::UserDisabled,
    What::UserEnabled,
    What::RoleChanged,
    What::LinkMade,
    What::UserRenamed,
    What::DetailsChanged,
    What::DisableScheduled,
];

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    page: Page,
    query: ListQuery,
    kinds: Vec<Choice>,
    rows: Vec<EventRow>,
    nothing: Nothing,
    /// How many rows were looked at, if that is why the page is not full.
    stopped_after: Option<i64>,
    pager: Pager,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let user = Some(signed_in(&req)?.user);
    // By whom and to whom is no choice here: everything happened to the caller.
    let asked = ListQuery { user: String::new(), by: String::new(), ..query.into_inner() };
    let query = audit_view::sorted(&app, asked, user).await?;
    let zone = &app.config().time_zone;
    let filter = AuditFilter { user, ..audit_view::filter(&query, zone)? };
    let query = query.with_moments(filter.from, filter.until, zone);
    // A word that is neither an address nor one of the caller's sessions matches nothing.
    let makes_sense = query.user.is_empty();
    let mut events = if makes_sense { Events::find(&app, filter).await? } else { Events::default() };
    let next = events.cut_to_page().map(audit_view::place_in_link);
    if audience(&req, &app) == Audience::Program {
        query.check(makes_sense)?;
        return Ok(HttpResponse::Ok().json(EventsShown::new(&events, next)));
    }
    let events = app.read(move |conn| events.with_browsers(conn)).await?;
    let (page, status) = (Page::new(&app, &req, Some(&caller)), query.status(makes_sense));
    let view = ActivityPage {
        kinds: audit_view::kinds(&page, &query.what, KINDS),
        rows: events.view(&page, Reader::Themselves),
        nothing: query.nothing(&app, &page, &LIST, status == StatusCode::OK),
        stopped_after: events.stopped_at.map(|_| MOST_LOOKED_AT),
        pager: query.pager(PATH, next.as_deref()),
        query,
        page,
    };
    Ok(html(status, &view))
}
