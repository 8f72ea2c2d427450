//! What pages that end sessions share: how many an act would end, and where it leads afterwards.

use actix_session::SessionExt;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::guards::Caller;
use crate::store::session_ends::{self, Which};
use crate::web::app::App;
use crate::web::browser::browser_session::{self, Flash};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::signed_in;

/// How many open sessions an act would end.
pub(in crate::web) async fn count(app: &App, which: Which) -> Result<i64, Error> {
    let now = app.now();
    app.read(move |conn| session_ends::count(conn, which, now)).await
}

/// How many open sessions the caller's user has besides the caller's own.
pub(in crate::web) async fn count_others(app: &App, req: &HttpRequest, caller: &Caller) -> Result<i64, Error> {
    count(app, Which::OfUser { user: signed_in(req)?.user, except: caller.claims.sid() }).await
}

/// The answer to an act that ended `count` sessions: leads to the receipt or, if somebody was quicker and nothing was left to end,
/// to `back` with a word about it.
pub(in crate::web) fn answer(app: &App, req: &HttpRequest, receipt: &str, count: usize, back: &str) -> HttpResponse {
    match (audience(req, app), count) {
        (Audience::Program, 0) => HttpResponse::Ok().json(json!({ "sessions_ended": 0 })),
        (Audience::Program, count) => HttpResponse::Ok().json(
            json!({ "sessions_ended": count, "receipt": receipt, "receipt_path": format!("/receipts/{receipt}") }),
        ),
        (Audience::Browser, 0) => {
            browser_session::set_flash(&req.get_session(), &Flash::plain("flash-nothing-ended"));
            see_other(back)
        }
        (Audience::Browser, _) => see_other(&format!("/receipts/{receipt}")),
    }
}
