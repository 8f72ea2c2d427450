//! All users, by name, for an admin.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use crate::domain::Username;
use crate::store::user_lists::{self, UserFilter};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::Admin;
use crate::web::pages::list_query::{ON_A_PAGE, Pager};
use crate::web::pages::page::{Page, html};
use crate::web::pages::user_view::{self, UserView};

const PATH: &str = "/admin/users";

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    page: Page,
    name: String,
    states: Vec<Choice>,
    of_deleted: bool,
    rows: Vec<UserView>,
    pager: Pager,
}

/// Which users are shown: the value in the query, and the key of its word.
const STATES: [(&str, &str); 2] = [("", "users-state-present"), (DELETED, "users-state-deleted")];
const DELETED: &str = "deleted";

struct Choice {
    value: &'static str,
    label: String,
    selected: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Asked {
    /// How the name begins.
    name: String,
    /// `deleted`, or empty for everybody else.
    state: String,
    /// The canonical name of the last row of the page before.
    after: String,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    asked: Query<Asked>,
) -> Result<HttpResponse, Error> {
    let (asked, now) = (asked.into_inner(), app.now());
    if !STATES.iter().any(|(state, _)| *state == asked.state) {
        return Err(Error::BadInput("`state` is deleted, or empty for all others".into()));
    }
    let of_deleted = asked.state == DELETED;
    let filter = UserFilter {
        deleted: of_deleted,
        prefix: canonical_beginning(asked.name.trim()),
        after: (!asked.after.is_empty()).then(|| asked.after.clone()),
        limit: i64::try_from(ON_A_PAGE).unwrap_or(i64::MAX) + 1,
    };
    let mut rows = app.read(move |conn| user_lists::page(conn, &filter, now)).await?;
    let more = rows.len() > ON_A_PAGE;
    rows.truncate(ON_A_PAGE);
    let next = rows.last().filter(|_| more).map(|row| row.user.username.canonical());
    if audience(&req, &app) == Audience::Program {
        let users: Vec<_> = rows.iter().map(|row| user_view::json(row, now)).collect();
        return Ok(HttpResponse::Ok().json(json!({ "users": users, "next": next })));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let view = UsersPage {
        rows: rows.iter().map(|row| user_view::view(&page, row, now)).collect(),
        pager: Pager {
            first: (!asked.after.is_empty()).then(|| link(&asked, "")),
            next: next.map(|next| link(&asked, &next)),
        },
        states: STATES
            .map(|(value, key)| Choice { value, label: page.t(key), selected: asked.state == value })
            .into_iter()
            .collect(),
        of_deleted,
        name: asked.name,
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

/// The beginning of a name, in the spelling by which names are compared. A text that no name begins with finds nobody.
fn canonical_beginning(text: &str) -> String {
    Username::parse(text).map_or_else(|_| text.trim().to_lowercase(), |name| name.canonical())
}

fn link(asked: &Asked, after: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let fields = [("name", asked.name.as_str()), ("state", &asked.state), ("after", after)];
    query.extend_pairs(fields.into_iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() { PATH.into() } else { format!("{PATH}?{query}") }
}
