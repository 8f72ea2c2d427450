//! `GET /gate`, at Portero's own host: whoever is signed in and may enter the app is led back to it, with a code.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::accounts::apps::entry::{self, Led};
use crate::blocklist::gate::Place;
use crate::domain::Level;
use crate::guards::{AccessToken, Caller};
use crate::tokens::Fault;
use crate::web::app::App;
use crate::web::http::app_host::lead_to;
use crate::web::http::entry::{Entry, KEPT, start_address};
use crate::web::http::error::Error;
use crate::web::http::headers::without_referrer;
use crate::web::http::signed_in::{entry_mandate, signed_in};
use crate::web::pages::page::{Page, html};

#[derive(Deserialize)]
pub(in crate::web) struct Asked {
    entry: String,
}

#[derive(Template)]
#[template(path = "gate_onward.html")]
struct OnwardPage {
    page: Page,
    app: String,
    onward: String,
}

#[derive(Template)]
#[template(path = "gate_denied.html")]
struct DeniedPage {
    page: Page,
    app: String,
    text: String,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
    asked: Option<Query<Asked>>,
) -> Result<HttpResponse, Error> {
    let now = app.now();
    let entry = asked.and_then(|Query(asked)| Entry::open(&app, &asked.entry));
    let entry = entry.ok_or_else(|| Error::BadInput("This address does not come from an app".into()))?;
    let place = app.accounts.blocklist.place(entry.origin).ok_or(Error::NotFound)?;
    if entry.is_old(now) {
        // The sign-in took longer than the browser keeps its nonce. With a new one it takes no time.
        let path = if entry.path == KEPT { "/" } else { &entry.path };
        return Ok(onward(&app, &req, &caller, &place, start_address(&app, &place, path)?));
    }
    let rules = &place.app.rules;
    if rules.level == Level::Two && !signed_in(&req)?.has_factor {
        return Err(Fault::NotEnrolled.into());
    }
    caller.claims.require_level(rules.level, rules.max_age, now)?;
    let mandate = entry_mandate(&req, &caller)?;
    let led = entry::lead(&app.accounts, mandate, entry.origin, entry.nonce_hash, entry.path).everywhere().await?;
    match led {
        Led::Code(code) => {
            let address = format!("{}/.portero/callback?code={code}", place.origin);
            Ok(onward(&app, &req, &caller, &place, address))
        }
        Led::Denied => {
            let page = Page::new(&app, &req, Some(&caller));
            let (app, user) = (place.app.name.to_string(), page.user.clone().unwrap_or_default());
            let text = page.t2("gate-denied-user", ("app", &app), ("user", &user));
            Ok(html(StatusCode::FORBIDDEN, &DeniedPage { page, app, text }))
        }
        Led::NoSuchApp => Err(Error::NotFound),
    }
}

/// Leads to another host. After a form of Portero's only a page can do that: browsers follow no redirect from one to a place that the
/// page with the form does not name as one of its forms'. (CSP, `form-action`)
fn onward(app: &App, req: &HttpRequest, caller: &Caller, place: &Place, address: String) -> HttpResponse {
    let site = req.headers().get("sec-fetch-site").map(|site| site.as_bytes());
    if matches!(site, Some(b"cross-site" | b"same-site")) {
        return lead_to(&address, Vec::new());
    }
    let page = Page::new(app, req, Some(caller));
    let view = OnwardPage { page, app: place.app.name.to_string(), onward: address };
    without_referrer(html(StatusCode::OK, &view))
}
