//! For monitoring, and for what looks around by itself.

use crate::web::openapi::operation::{Operation, get};
use crate::web::openapi::standards::Document;
use crate::web::rooms::programs::health::{Alive, NotReady};
use crate::web::rooms::programs::well_known::PasskeyEndpoints;

pub(in crate::web::openapi) fn operations() -> Vec<Operation> {
    vec![
        get("/healthz", "healthz", "Whether the server is alive").answers::<Alive>(200, "It is.").open_from_the_start(),
        get("/readyz", "readyz", "Whether the server is ready")
            .answers::<Alive>(200, "It is.")
            .answers::<NotReady>(503, "It is not, and why.")
            .open_from_the_start(),
        get("/openapi.json", "openapi", "This document")
            .answers::<Document>(200, "The calls of this version, with the names that the settings give.")
            .headers(&["ETag", "Cache-Control"])
            .answers_nothing(304, "It is what `If-None-Match` names.")
            .headers(&["ETag", "Cache-Control"])
            .open_from_the_start(),
        get("/.well-known/passkey-endpoints", "passkey_endpoints", "Where passkeys are added and looked at (W3C)")
            .answers::<PasskeyEndpoints>(200, "The addresses of two pages.")
            .errors(&[404])
            .outside_pages(),
    ]
}
