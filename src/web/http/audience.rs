//! Whether a request is answered with a page or with JSON, by what it sends: the same paths serve browsers and programs.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT;

use crate::guards::{is_json, token_lines};
use crate::web::app::App;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Audience {
    Browser,
    Program,
}

/// A request with a JSON body or a token in a header is a program's. Without either, one whose `Accept` names HTML is a browser's;
/// any other is a program's.
pub(in crate::web) fn audience(req: &HttpRequest, app: &App) -> Audience {
    if shows_token_header(req, app) || is_json(req.headers()) {
        return Audience::Program;
    }
    let names_html =
        req.headers().get_all(ACCEPT).any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")));
    if names_html { Audience::Browser } else { Audience::Program }
}

/// Whether the header named in the options carries something of the scheme named there (`header_type`), good or bad.
pub(in crate::web) fn shows_token_header(req: &HttpRequest, app: &App) -> bool {
    let options = app.accounts.engine.options();
    let scheme = options.header_type.as_bytes();
    token_lines(req.headers(), options).next().is_some_and(|value| {
        // The prefix first: a token is long, and this is looked at for every request.
        value.as_bytes().starts_with(scheme) || value.to_str().is_ok_and(|text| text.contains(&options.header_type))
    })
}
