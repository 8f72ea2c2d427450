//! One user, for an admin: what they are, and what can be done about it.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::App;
use super::error::Error;
use super::face::Face;
use super::page::{Page, html};
use super::signed_in::Admin;
use super::user_act::Act;
use super::user_view::{self, UserView};
use crate::domain::UserId;
use crate::store::user_lists::{self, Listed};
use crate::store::users;

#[derive(Template)]
#[template(path = "user.html")]
struct UserPage {
    page: Page,
    user: UserView,
    /// Where each act is, and its words.
    acts: Vec<(String, String)>,
    end_all_path: String,
}

pub(super) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let (listed, now) = (find(&app, &id).await?, app.now());
    if Face::of(&req, &app) == Face::Program {
        return Ok(HttpResponse::Ok().json(user_view::json(&listed, now)));
    }
    let page = Page::of(&app, &req, Some(&caller));
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let query = query.append_pair("user", listed.user.username.as_str()).finish();
    let view = UserPage {
        acts: Act::open_to(&listed.user, now)
            .into_iter()
            .map(|act| (act.path(listed.user.id), page.t(&act.key("link"))))
            .collect(),
        end_all_path: format!("/admin/sessions/end?{query}"),
        user: user_view::of(&page, &listed, now),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

/// A user that is there, by the number in the path.
pub(super) async fn find(app: &App, id: &str) -> Result<Listed, Error> {
    let id = UserId(id.parse().map_err(|_| Error::NotFound)?);
    let now = app.now();
    let found = app.read(move |conn| {
        let Some(user) = users::find(conn, id)?.filter(|user| user.deleted_at.is_none()) else { return Ok(None) };
        Ok(Some(Listed { open_sessions: user_lists::open_sessions(conn, id, now)?, user }))
    });
    found.await?.ok_or(Error::NotFound)
}
