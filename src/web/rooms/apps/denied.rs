//! `GET /.portero/denied`: the page that somebody sees whom an app does not let in. nginx shows no page of a check's answer, so it asks
//! for this one.

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};

use crate::web::app::App;
use crate::web::http::app_host;
use crate::web::http::error::Error;
use crate::web::pages::gate_page;

pub(in crate::web) async fn show(ThinData(app): ThinData<App>, req: HttpRequest) -> Result<HttpResponse, Error> {
    let place = app_host::place(&app, &req)?;
    Ok(gate_page::denied(&app, &req, &place))
}
