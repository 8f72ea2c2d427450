//! `GET /.portero/callback`, at an app's host: gives the browser its pass for the code, if it is the one that the code was made for.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::accounts;
use crate::accounts::apps::entry::{CodeShown, Entered, enter};
use crate::blocklist::gate::Place;
use crate::web::app::App;
use crate::web::http::app_host::{self, LONG_PATH, NONCE, PASS, cookie, lead_to, new_cookie, removal};
use crate::web::http::entry::{KEPT, address_in};
use crate::web::http::error::Error;
use crate::web::pages::gate_page::{Says, gate_page};

#[derive(Default, Deserialize)]
pub(in crate::web) struct Shown {
    #[serde(default)]
    code: String,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    shown: Option<Query<Shown>>,
) -> Result<HttpResponse, Error> {
    let place = app_host::place(&app, &req)?;
    let code = shown.map(|Query(shown)| shown.code).unwrap_or_default();
    let nonce = cookie(&req, NONCE).and_then(|kept| kept.split_once('.')).map(|(_, nonce)| nonce.to_owned());
    let Some(nonce) = nonce else { return Ok(lapsed(&app, &req, &place)) };
    let shown = CodeShown { code, nonce, origin: place.id };
    match enter(&app.accounts, shown).everywhere().await {
        Ok(Entered { pass, life, path }) => {
            let path = if path == KEPT { kept_path(&req) } else { path };
            let cookies = vec![new_cookie(PASS, pass, life), removal(LONG_PATH)];
            Ok(lead_to(&address_in(&place, &path), cookies))
        }
        Err(accounts::Error::ProofLapsed | accounts::Error::Refused(_)) => Ok(lapsed(&app, &req, &place)),
        Err(error) => Err(error.into()),
    }
}

/// A page that was asked for at an address too long to be sent along.
fn kept_path(req: &HttpRequest) -> String {
    let kept = cookie(req, LONG_PATH).and_then(|kept| URL_SAFE_NO_PAD.decode(kept).ok());
    kept.and_then(|path| String::from_utf8(path).ok()).unwrap_or_else(|| "/".into())
}

/// No redirect: a browser that keeps no cookies would go round for ever.
fn lapsed(app: &App, req: &HttpRequest, place: &Place) -> HttpResponse {
    let ways = vec![("gate-again", Some(address_in(place, "/")))];
    let says = Says { title: "gate-lapsed-title", text: "gate-lapsed-text", ways };
    gate_page(app, req, StatusCode::BAD_REQUEST, place, says)
}
