//! One user, for an admin: their account, and what can be done about it.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::store::audit::list::AuditFilter;
use crate::store::names;
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::Admin;
use crate::web::pages::audit_view::{EventRow, Events, Reader};
use crate::web::pages::list_query;
use crate::web::pages::page::{Page, html};
use crate::web::pages::user_acts::Act;
use crate::web::pages::user_view::{self, UserView};

#[derive(Template)]
#[template(path = "user.html")]
struct UserPage {
    page: Page,
    path: String,
    user: UserView,
    /// The path of each act, and the words that lead there.
    acts: Vec<(String, String)>,
    rename_path: String,
    end_all_path: String,
    /// The names that the user had before.
    past_names: Vec<String>,
    latest: Vec<EventRow>,
    /// The list of all events about the user.
    audit_path: String,
}

/// How many of the latest events the page shows.
const LATEST: usize = 5;

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let (listed, now) = (user_view::find(&app, &id).await?, app.now());
    let user = listed.user.id;
    let about_user = AuditFilter { user: Some(user), limit: LATEST, ..AuditFilter::default() };
    let past_names = app.read(move |conn| names::past(conn, user)).await?;
    if audience(&req, &app) == Audience::Program {
        let mut body = user_view::json(&listed, now);
        body["past_names"] = past_names.into();
        return Ok(HttpResponse::Ok().json(body));
    }
    let latest = Events::find(&app, about_user).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let about = |path: &str| list_query::link_to(path, &[("user", listed.user.username.as_str())]);
    let view = UserPage {
        path: format!("/admin/users/{}", listed.user.id),
        acts: Act::open_to(&listed.user, now)
            .into_iter()
            .map(|act| (act.path(listed.user.id), page.t(&act.key("link"))))
            .collect(),
        rename_path: format!("/admin/users/{}/rename", listed.user.id),
        end_all_path: about("/admin/sessions/end"),
        past_names,
        audit_path: about("/admin/audit"),
        latest: latest.view(&page, Reader::Admin),
        user: user_view::view(&page, &listed, now),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}
