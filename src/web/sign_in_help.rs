//! "Can't sign in?": what the operator says about it.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::App;
use super::page::{Page, html};

#[derive(Template)]
#[template(path = "sign_in_help.html")]
struct HelpPage {
    page: Page,
    /// The operator's own text, by its paragraphs; none: the usual one.
    paragraphs: Vec<String>,
}

pub(super) async fn show(ThinData(app): ThinData<App>, req: HttpRequest) -> HttpResponse {
    let own = app.config.sign_in_help.as_deref().unwrap_or_default();
    let paragraphs = own.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    html(StatusCode::OK, &HelpPage { page: Page::of(&app, &req, None), paragraphs })
}
