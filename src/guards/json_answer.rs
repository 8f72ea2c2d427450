//! The answer to a fault, as flask-jwt-extended gives it.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::WWW_AUTHENTICATE;

use crate::tokens::{Engine, Fault};

/// Returns the library's answer to a fault, `{"msg": text}` with its status, and adds the [challenge](Fault::challenge), which
/// the library leaves out.
pub fn json_answer(engine: &Engine, fault: &Fault) -> HttpResponse {
    let status = StatusCode::from_u16(fault.status()).expect("Fault::status gives only statuses that exist");
    let mut builder = HttpResponse::build(status);
    if let Some(challenge) = fault.challenge() {
        builder.insert_header((WWW_AUTHENTICATE, challenge));
    }
    let options = engine.options();
    let mut body = BTreeMap::from([(options.error_message_key.as_str(), fault.to_string())]);
    if let Some(key) = &options.error_code_key {
        body.insert(key, fault.code().to_owned());
    }
    builder.json(body)
}
