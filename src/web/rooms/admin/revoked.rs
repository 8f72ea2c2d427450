//! What was revoked: ended sessions and single tokens, newest first, for an admin.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::export::selection::Selection;
use crate::accounts::json;
use crate::domain::{Reason, TokenType};
use crate::store::revoked::{self, Kinds, Revoked};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::export::{self, As};
use crate::web::http::signed_in::{Admin, ExportMandate};
use crate::web::pages::list_query::{
    Choice, ExportLinks, ListQuery, Pager, cut_to_page, export_links, find_user, with_user,
};
use crate::web::pages::page::{Page, html};
use crate::web::pages::session_view;
use crate::web::pages::times::Time;

const PATH: &str = "/admin/revoked";

#[derive(Template)]
#[template(path = "revoked.html")]
struct RevokedPage {
    page: Page,
    query: ListQuery,
    rows: Vec<RevokedRow>,
    reasons: Vec<Choice>,
    states: Vec<Choice>,
    exports: ExportLinks,
    pager: Pager,
    user_unknown: bool,
}

struct RevokedRow {
    user: String,
    what: String,
    id: String,
    /// The path of the session's story; tokens have none.
    story: Option<String>,
    when: Time,
    reason: String,
    is_danger: bool,
    by: String,
    until: Option<Time>,
    in_force: bool,
}

const KINDS: [(&str, &str, Kinds); 3] = [
    ("", "what-any", Kinds::Both),
    ("session", "what-session", Kinds::Sessions),
    ("token", "what-token", Kinds::Tokens),
];

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let query = query.into_inner();
    let mut filter = query.filter(&app.config().time_zone)?;
    let query = query.with_moments_of(&filter, &app.config().time_zone);
    let kinds = kinds(&query)?;
    let name = query.user.clone();
    let (mut rows, user_known) = app
        .read(move |conn| {
            let user_known = find_user(conn, &name, &mut filter)?;
            let rows = if user_known { revoked::page(conn, &filter, kinds)? } else { Vec::new() };
            Ok((rows, user_known))
        })
        .await?;
    let next = cut_to_page(&mut rows, |row| (row.at, row.id.clone()));
    if audience(&req, &app) == Audience::Program {
        return Ok(as_json(&rows, next));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let reason = |value: &'static str, key: &str| Choice { value, label: page.t(key), selected: query.reason == value };
    let reasons = Reason::ALL.iter().map(|one| reason(one.as_str(), &format!("reason-{}", one.as_str())));
    let view = RevokedPage {
        rows: rows.iter().map(|row| as_row(&app, &page, row)).collect(),
        reasons: std::iter::once(reason("", "reason-any")).chain(reasons).collect(),
        states: KINDS
            .map(|(value, key, _)| Choice { value, label: page.t(key), selected: query.state == value })
            .into_iter()
            .collect(),
        exports: export_links(&query.link(PATH, None)),
        pager: query.pager(PATH, next.as_deref()),
        user_unknown: !user_known,
        query,
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

fn kinds(query: &ListQuery) -> Result<Kinds, Error> {
    let found = KINDS.into_iter().find(|(state, ..)| *state == query.state);
    let (.., kinds) = found.ok_or_else(|| Error::BadInput("`state` is session, token, or empty for both".into()))?;
    Ok(kinds)
}

pub(in crate::web) async fn export(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    ExportMandate(mandate): ExportMandate,
    query: Query<ListQuery>,
    asked: Query<As>,
) -> Result<HttpResponse, Error> {
    let (filter, kinds) = (query.filter(&app.config().time_zone)?, kinds(&query)?);
    let filter = with_user(&app, &query.user, filter).await?;
    export::answer(app, &req, mandate, Selection::Revoked(filter, kinds), &asked).await
}

fn as_row(app: &App, page: &Page, row: &Revoked) -> RevokedRow {
    RevokedRow {
        user: row.user.to_string(),
        what: match row.token_type {
            None => page.t("what-session"),
            Some(TokenType::Access) => page.t("what-access"),
            Some(TokenType::Refresh) => page.t("what-refresh"),
        },
        id: row.id.chars().take(8).collect(),
        story: row.token_type.is_none().then(|| format!("/admin/sessions/{}", row.id)),
        when: page.time(row.at),
        reason: session_view::reason(page, row.reason),
        is_danger: row.reason.is_danger(),
        by: session_view::by(page, row.by, row.by_name.as_deref(), row.user_id, row.reason),
        until: row.until.map(|moment| page.time(moment)),
        in_force: row.until.is_none_or(|until| until.plus(app.accounts.engine.options().decode_leeway) > app.now()),
    }
}

fn as_json(rows: &[Revoked], next: Option<String>) -> HttpResponse {
    let rows: Vec<_> = rows.iter().map(json::revoked).collect();
    HttpResponse::Ok().json(serde_json::json!({ "revoked": rows, "next": next }))
}
