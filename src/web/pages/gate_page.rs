//! Pages at the hosts of apps. They stand alone: Portero's own pages, and its cookies, are at another host.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::page::{Page, html};
use crate::blocklist::gate::Place;
use crate::web::app::App;
use crate::web::http::headers::without_referrer;

/// A link or a button on such a page.
pub(in crate::web) struct Way {
    pub(in crate::web) text: String,
    pub(in crate::web) href: String,
    /// Whether it is a button of a form that is sent to this page.
    pub(in crate::web) sends: bool,
}

#[derive(Template)]
#[template(path = "gate_page.html")]
struct GatePage {
    page: Page,
    title: String,
    text: String,
    ways: Vec<Way>,
}

/// What such a page says, by keys of the catalogue with the app's name in the texts.
pub(in crate::web) struct Says {
    pub(in crate::web) title: &'static str,
    pub(in crate::web) text: &'static str,
    /// Each with its address; `None`: a button that sends a form to this page.
    pub(in crate::web) ways: Vec<(&'static str, Option<String>)>,
}

pub(in crate::web) fn gate_page(
    app: &App,
    req: &HttpRequest,
    status: StatusCode,
    place: &Place,
    says: Says,
) -> HttpResponse {
    let page = Page::new(app, req, None);
    let name = place.app.name.as_str();
    let ways = says.ways.into_iter().map(|(key, href)| Way {
        text: page.t1(key, "app", name),
        sends: href.is_none(),
        href: href.unwrap_or_default(),
    });
    let view = GatePage {
        title: page.t1(says.title, "app", name),
        text: page.t1(says.text, "app", name),
        ways: ways.collect(),
        page,
    };
    without_referrer(html(status, &view))
}

/// Who is signed in and may not enter.
pub(in crate::web) fn denied(app: &App, req: &HttpRequest, place: &Place) -> HttpResponse {
    let ways = vec![("gate-account", address(app, "/account"))];
    let says = Says { title: "gate-denied-title", text: "gate-denied-text", ways };
    gate_page(app, req, StatusCode::FORBIDDEN, place, says)
}

/// The whole address of a page of Portero's, for a link at an app's host. Without a `public_url` there is no gate.
pub(in crate::web) fn address(app: &App, path: &str) -> Option<String> {
    let base = app.public_url.as_ref()?;
    Some(format!("{}{path}", base.as_str().trim_end_matches('/')))
}
