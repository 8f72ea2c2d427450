//! One path, two faces: whether a request gets a page or JSON, by what it sends.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE};

use super::App;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    Page,
    Program,
}

impl Face {
    /// A JSON body or a token in a header is a program; without either, `Accept` naming HTML is a browser; all else is a
    /// program.
    pub(super) fn of(req: &HttpRequest, app: &App) -> Self {
        if shows_token_header(req, app) || is_json(req) {
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
    req.headers().get(options.header_name.as_str()).is_some_and(|value| {
        options.header_type.is_empty() || value.to_str().is_ok_and(|text| text.contains(&options.header_type))
    })
}

/// `application/json`, or a kin of it.
pub(super) fn is_json(req: &HttpRequest) -> bool {
    let essence = essence(req);
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

pub(super) fn is_form(req: &HttpRequest) -> bool {
    essence(req) == "application/x-www-form-urlencoded"
}

fn essence(req: &HttpRequest) -> String {
    let value = req.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
