//! One path, two faces: whether a request gets a page or JSON, by what it sends.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT;

use super::App;
use crate::guards::is_json;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    Page,
    Program,
}

impl Face {
    /// A JSON body or a token in a header is a program; without either, `Accept` naming HTML is a browser; all else is a
    /// program.
    pub(super) fn of(req: &HttpRequest, app: &App) -> Self {
        if shows_token_header(req, app) || is_json(req.headers()) {
            return Self::Program;
        }
        let names_html =
            req.headers().get_all(ACCEPT).any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")));
        if names_html { Self::Page } else { Self::Program }
    }
}

/// Whether the header that the options name has something of the kind they name, good or bad.
pub(super) fn shows_token_header(req: &HttpRequest, app: &App) -> bool {
    let options = app.accounts.engine.options();
    let (name, scheme) = (options.header_name.as_str(), options.header_type.as_bytes());
    req.headers().get(name).is_some_and(|value| {
        // First the shortest way: a token is long, and this is asked for every request.
        value.as_bytes().starts_with(scheme) || value.to_str().is_ok_and(|text| text.contains(&options.header_type))
    })
}
