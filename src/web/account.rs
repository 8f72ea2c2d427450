//! Who I am, since when, and where I am signed in.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use super::App;
use super::error::Error;
use super::face::Face;
use super::page::{Page, Time, html};
use super::signed_in::signed_in;
use crate::guards::AccessToken;
use crate::store::{sessions, users};
use crate::tokens::Fault;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    username: String,
    role: String,
    member_since: Time,
    last_sign_in: Option<Time>,
    password_changed: Time,
    sessions: Vec<SessionRow>,
}

struct SessionRow {
    browser: String,
    ip: String,
    signed_in: Time,
    last_seen: Time,
    how: String,
    this: bool,
}

pub(super) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
) -> Result<HttpResponse, Error> {
    let (id, now) = (signed_in(&req)?.user, app.now());
    let (user, open) = app.read(move |conn| Ok((users::find(conn, id)?, sessions::open_of(conn, id, now)?))).await?;
    let user = user.ok_or_else(|| Fault::UserGone(caller.claims.identity.clone()))?;
    let own = caller.claims.session.map(|session| session.sid);
    if Face::of(&req, &app) == Face::Program {
        let sessions: Vec<_> = open
            .iter()
            .map(|session| {
                json!({
                    "sid": session.sid,
                    "transport": session.transport,
                    "ip": session.ip,
                    "user_agent": session.user_agent,
                    "signed_in_at": session.created_at,
                    "last_seen_at": session.last_seen_at,
                    "expires_at": session.expires_at,
                    "this": Some(session.sid) == own,
                })
            })
            .collect();
        return Ok(HttpResponse::Ok().json(json!({
            "username": user.username,
            "role": user.role,
            "created_at": user.created_at,
            "last_login_at": user.last_login_at,
            "sessions": sessions,
        })));
    }
    let page = Page::of(&app, &req, Some(&caller));
    let rows = open.into_iter().map(|session| SessionRow {
        browser: if session.user_agent.is_empty() { page.t("unknown-browser") } else { session.user_agent },
        ip: session.ip,
        signed_in: page.time(session.created_at),
        last_seen: page.time(session.last_seen_at),
        how: page.t(&format!("transport-{}", session.transport.as_str())),
        this: Some(session.sid) == own,
    });
    let view = AccountPage {
        sessions: rows.collect(),
        username: user.username.to_string(),
        role: page.t(&format!("role-{}", user.role.as_str())),
        member_since: page.time(user.created_at),
        last_sign_in: user.last_login_at.map(|moment| page.time(moment)),
        password_changed: page.time(user.password_changed_at.unwrap_or(user.created_at)),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}
