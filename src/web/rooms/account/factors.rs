//! The second factors of whoever is signed in.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use crate::accounts::factors::enrolment_link::may_enrol;
use crate::guards::AccessToken;
use crate::store::factors::{self, Factor};
use crate::store::{at_one_moment, recovery_codes, users};
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::signed_in;
use crate::web::pages::page::{Page, html};
use crate::web::pages::session_view;
use crate::web::pages::times::Time;

#[derive(Template)]
#[template(path = "factors.html")]
struct FactorsPage {
    page: Page,
    rows: Vec<Row>,
    codes_left: i64,
    /// Whether few enough are left that somebody should make new ones.
    few_codes: bool,
    /// Whether the rules of this server let people add one.
    may_add: bool,
    /// Whether they ask for one, and this person has none.
    must_add: bool,
    /// Whether an admin has to hand over a link first.
    needs_link: bool,
}

/// So few recovery codes are worth a word.
const FEW: i64 = 3;

struct Row {
    name: String,
    kind: String,
    added: Time,
    last_used: Option<Time>,
    /// Browser and address of the last use.
    place: String,
    remove: String,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AccessToken(caller): AccessToken,
) -> Result<HttpResponse, Error> {
    let standing = signed_in(&req)?;
    let (user, accounts, now) = (standing.user, app.accounts.clone(), app.now());
    let link = browser_session::enrolment_link(&browser);
    let look = move |conn: &mut crate::store::Conn| {
        let may_enrol = match users::find(conn, user)? {
            Some(user) => may_enrol(&accounts, conn, &user, link.as_deref(), now)?,
            None => false,
        };
        Ok::<_, crate::store::Error>((factors::of_user(conn, user)?, recovery_codes::left(conn, user)?, may_enrol))
    };
    let (mut all, codes_left, may_enrol) = app.read(move |conn| at_one_moment(conn, look)).await?;
    all.retain(|factor| factor.active_since.is_some());
    if audience(&req, &app) == Audience::Program {
        let factors: Vec<_> = all.iter().map(as_json).collect();
        return Ok(HttpResponse::Ok().json(json!({ "factors": factors, "recovery_codes_left": codes_left })));
    }
    let policy = app.config().second_factor;
    let page = Page::new(&app, &req, Some(&caller));
    let view = FactorsPage {
        rows: all.iter().map(|factor| row(&page, factor)).collect(),
        few_codes: !all.is_empty() && codes_left <= FEW,
        codes_left,
        may_add: policy.allows_enrolment() && may_enrol,
        needs_link: !may_enrol,
        must_add: all.is_empty() && policy.asks(standing.role, app.now()),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

fn row(page: &Page, factor: &Factor) -> Row {
    let place = factor
        .last_used
        .as_ref()
        .map(|used| [session_view::browser(page, &used.user_agent), session_view::address(page, &used.ip)].join(", "));
    Row {
        name: factor.name.clone(),
        kind: page.t(&format!("factor-kind-{}", factor.kind.as_str())),
        added: page.ago(factor.active_since.unwrap_or(factor.created_at)),
        last_used: factor.last_used.as_ref().map(|used| page.ago(used.at)),
        place: place.unwrap_or_default(),
        remove: format!("/account/factors/{}/remove", factor.id),
    }
}

fn as_json(factor: &Factor) -> serde_json::Value {
    json!({
        "id": factor.id.0,
        "kind": factor.kind,
        "name": factor.name,
        "created_at": factor.active_since.unwrap_or(factor.created_at),
        "last_used_at": factor.last_used.as_ref().map(|used| used.at),
    })
}
