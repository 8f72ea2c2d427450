//! `/.portero/sign-out`, at an app's host: GET asks, POST ends the browser's pass for this app. The session goes on; to end that, a link
//! leads to Portero.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::apps::entry::{PassShown, leave, pass_key};
use crate::web::app::App;
use crate::web::http::app_host::{self, PASS, is_from_here, removal};
use crate::web::http::entry::address_in;
use crate::web::http::error::Error;
use crate::web::pages::gate_page::{Says, address, gate_page};

pub(in crate::web) async fn form(ThinData(app): ThinData<App>, req: HttpRequest) -> Result<HttpResponse, Error> {
    let place = app_host::place(&app, &req)?;
    let ways = vec![
        ("gate-sign-out", None),
        ("gate-sign-out-everywhere", address(&app, "/logout")),
        ("gate-back", Some(address_in(&place, "/"))),
    ];
    let says = Says { title: "gate-sign-out-title", text: "gate-sign-out-text", ways };
    Ok(gate_page(&app, &req, StatusCode::OK, &place, says))
}

pub(in crate::web) async fn submit(ThinData(app): ThinData<App>, req: HttpRequest) -> Result<HttpResponse, Error> {
    let place = app_host::place(&app, &req)?;
    if !is_from_here(&req, &place) {
        return Err(Error::ForeignOrigin);
    }
    let held = app_host::cookie(&req, PASS).and_then(|pass| pass_key(pass.as_bytes()));
    if let Some(key) = held {
        leave(&app.accounts, PassShown(key)).everywhere().await?;
    }
    let ways =
        vec![("gate-again", Some(address_in(&place, "/"))), ("gate-sign-out-everywhere", address(&app, "/logout"))];
    let says = Says { title: "gate-left-title", text: "gate-left-text", ways };
    let mut res = gate_page(&app, &req, StatusCode::OK, &place, says);
    res.add_cookie(&removal(PASS)).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(res)
}
