//! "Can't sign in?": what the operator says about it.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::web::app::App;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "sign_in_help.html")]
struct HelpPage {
    page: Page,
    /// The operator's own text, one entry for each line that is not blank. Empty: the page shows its usual text.
    paragraphs: Vec<String>,
}

pub(in crate::web) async fn show(ThinData(app): ThinData<App>, req: HttpRequest) -> HttpResponse {
    let own = app.config().sign_in_help.as_deref().unwrap_or_default();
    let paragraphs = own.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    html(StatusCode::OK, &HelpPage { page: Page::new(&app, &req, None), paragraphs })
}
