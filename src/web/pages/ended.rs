//! What pages that end sessions share: how many an act would end, and where it leads afterwards.

use actix_session::SessionExt;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::guards::Caller;
use crate::store::session_ends::{self, Which};
use crate::web::app::App;
use crate::web::browser::browser_session::{self, Flash};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::signed_in;

/// What an act ended.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Ended<'a> {
    sessions_ended: usize,
    /// Not there: somebody was quicker, and there was nothing left to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    receipt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    receipt_path: Option<String>,
}

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
        (Audience::Program, count) => {
            // An act that ended nothing left no receipt.
            let receipt = Some(receipt).filter(|_| count > 0);
            let receipt_path = receipt.map(|receipt| format!("/receipts/{receipt}"));
            HttpResponse::Ok().json(Ended { sessions_ended: count, receipt, receipt_path })
        }
        (Audience::Browser, 0) => {
            browser_session::set_flash(&req.get_session(), &Flash::plain("flash-nothing-ended"));
            see_other(back)
        }
        (Audience::Browser, _) => see_other(&format!("/receipts/{receipt}")),
    }
}
