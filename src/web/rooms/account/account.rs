//! The caller's own account: name, role and dates, and where they are signed in.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::json;
use crate::guards::AccessToken;
use crate::store::{sessions, users};
use crate::tokens::Fault;
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::signed_in;
use crate::web::pages::page::{Page, html};
use crate::web::pages::session_view::{self, SessionView};
use crate::web::pages::times::Time;

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
    bearer_limit: i64,
}

struct Row {
    session: SessionView,
    is_this: bool,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
) -> Result<HttpResponse, Error> {
    let (id, now) = (signed_in(&req)?.user, app.now());
    let (user, open) = app.read(move |conn| Ok((users::find(conn, id)?, sessions::open_of(conn, id, now)?))).await?;
    let user = user.ok_or_else(|| Fault::UserGone(caller.claims.identity.clone()))?;
    let own = caller.claims.sid();
    if audience(&req, &app) == Audience::Program {
        let sessions: Vec<_> = open.iter().map(|session| json::session(&app.accounts, session, None, own)).collect();
        return Ok(HttpResponse::Ok().json(serde_json::json!({
            "username": user.username,
            "role": user.role,
            "created_at": user.created_at,
            "last_login_at": user.last_login_at,
            "sessions": sessions,
        })));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let view = AccountPage {
        rows: open
            .iter()
            .map(|session| Row { session: session_view::view(&app, &page, session), is_this: own == Some(session.sid) })
            .collect(),
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
