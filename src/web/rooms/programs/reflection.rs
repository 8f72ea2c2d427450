//! `GET /.well-known/portero/reflection`: tells `portero doctor` what reached Portero of its request. For everybody else there is no such
//! page.

use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use crate::accounts::reflection;
use crate::web::app::App;
use crate::web::http::client_address;
use crate::web::http::error::Error;

const TICKET: &str = "x-portero-doctor";
const PADDING: HeaderName = HeaderName::from_static("x-portero-padding");
/// The most that is waited, in seconds, and the longest headers, in bytes.
const MOST_SECONDS: u64 = 15;
const MOST_HEADERS: usize = 8_000;

#[derive(Deserialize)]
pub(in crate::web) struct Wanted {
    /// How long the answer is to take.
    #[serde(default)]
    seconds: u64,
    /// How long its headers are to be.
    #[serde(default)]
    headers: usize,
}

pub(in crate::web) async fn show(ThinData(app): ThinData<App>, req: HttpRequest) -> Result<HttpResponse, Error> {
    let mut tickets = req.headers().get_all(TICKET);
    let (Some(ticket), None) = (tickets.next(), tickets.next()) else { return Err(Error::NotFound) };
    if !reflection::is_good(&app.accounts, ticket.as_bytes(), app.now()) {
        return Err(Error::NotFound);
    }
    let wanted = Query::<Wanted>::from_query(req.query_string()).map_err(|_| Error::NotFound)?;
    actix_web::rt::time::sleep(Duration::from_secs(wanted.seconds.min(MOST_SECONDS))).await;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let peer = client_address::peer(&req);
    let lines: Vec<_> = req.headers().get_all(app.config().client_ip_header.name()).map(text).collect();
    let mut res = HttpResponse::Ok().json(json!({
        "host": req.headers().get("host").map(text),
        "forwarded_proto": req.headers().get("x-forwarded-proto").map(text),
        "address_lines": lines,
        "address": client_address::address(&app, &req).to_string(),
        "peer": peer.map(|peer| peer.to_string()),
        "trusted": client_address::comes_through_proxy(&app, &req),
    }));
    let padding = "x".repeat(wanted.headers.min(MOST_HEADERS));
    if let Ok(padding) = HeaderValue::from_str(&padding) {
        res.headers_mut().insert(PADDING, padding);
    }
    Ok(res)
}
