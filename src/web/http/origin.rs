//! Where forms come from, by what the browser says of a request's origin: the first of two layers against forged requests. The
//! second is the CSRF value in the form, which the guard or the room compares.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{ORIGIN, REFERER};
use actix_web::web::ThinData;
use url::Url;

use super::audience::shows_token_header;
use super::request_id::{RequestId, route};
use crate::web::app::App;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Ours,
    Foreign,
    /// Typed in, or sent by something other than a browser.
    Unknown,
}

/// Whether the request changes something and comes from another site. One that shows a token in a header does not count: browsers
/// send none by themselves.
pub(in crate::web) fn comes_from_elsewhere(req: &HttpRequest) -> bool {
    if !changes_something(req) {
        return false;
    }
    let Some(ThinData(app)) = req.app_data::<ThinData<App>>() else { return true };
    let is_foreign =
        !shows_token_header(req, app) && origin(req, &app.public_url) == Origin::Foreign && !hides_its_origin(req);
    if is_foreign {
        tracing::warn!(event = "foreign_origin", request = RequestId::of_request(req), path = route(req));
    }
    is_foreign
}

/// Whether the guard may renew a session's tokens by this request: if somebody opens a page, or sends a form from one of Portero's
/// pages. Never for what a page loads besides, nor if the browser says that another site led here.
pub(in crate::web) fn may_renew(req: &HttpRequest, public_url: &Url) -> bool {
    if changes_something(req) {
        return origin(req, public_url) == Origin::Ours;
    }
    let fetch = |name: &str| req.headers().get(name).map(|value| value.as_bytes());
    match (fetch("sec-fetch-mode"), fetch("sec-fetch-site")) {
        (Some(mode), site) => {
            mode == b"navigate"
                && matches!(site, None | Some(b"same-origin" | b"none"))
                && matches!(fetch("sec-fetch-dest"), None | Some(b"document"))
        }
        // Chromium tells nothing on plain http off loopback. What asks for HTML is a page.
        (None, _) => {
            let accepts = req.headers().get(actix_web::http::header::ACCEPT);
            accepts.is_some_and(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
        }
    }
}

fn changes_something(req: &HttpRequest) -> bool {
    !matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS)
}

fn origin(req: &HttpRequest, public_url: &Url) -> Origin {
    let header = |name: &str| req.headers().get(name).map(|value| value.to_str().unwrap_or("not text"));
    if let Some(site) = header("sec-fetch-site") {
        return match site {
            "same-origin" => Origin::Ours,
            "none" => Origin::Unknown,
            _ => Origin::Foreign,
        };
    }
    let Some(told) = header(ORIGIN.as_str()).or_else(|| header(REFERER.as_str())) else { return Origin::Unknown };
    match Url::parse(told) {
        Ok(url) if url.origin() == public_url.origin() => Origin::Ours,
        Ok(_) | Err(_) => Origin::Foreign,
    }
}

/// Whether the request may come from a page whose address is a secret. That page sends no referrer, and browsers then say `null`
/// for the origin. What protects its forms is their CSRF value, and the secret in the link.
fn hides_its_origin(req: &HttpRequest) -> bool {
    // The page's own form, and the choice of language at its foot.
    let stands_there = ["/link/", "/setup/", "/language"].iter().any(|path| req.path().starts_with(path));
    let says_null = req.headers().get(ORIGIN).is_some_and(|origin| origin.as_bytes() == b"null");
    stands_there && says_null && !req.headers().contains_key("sec-fetch-site")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn judged(headers: &[(&'static str, &'static str)]) -> Origin {
        let mut req = TestRequest::post();
        for header in headers {
            req = req.insert_header(*header);
        }
        origin(&req.to_http_request(), &Url::parse("https://login.example").unwrap())
    }

    #[test]
    fn fetch_metadata_has_the_first_word() {
        assert_eq!(judged(&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")]), Origin::Ours);
        for site in ["cross-site", "same-site", "anything"] {
            assert_eq!(judged(&[("sec-fetch-site", site), ("origin", "https://login.example")]), Origin::Foreign);
        }
        assert_eq!(judged(&[("sec-fetch-site", "none")]), Origin::Unknown);
    }

    #[test]
    fn without_it_the_origin_decides_and_then_the_referrer() {
        assert_eq!(judged(&[("origin", "https://login.example")]), Origin::Ours);
        assert_eq!(judged(&[("referer", "https://login.example/login")]), Origin::Ours);
        for foreign in
            ["null", "http://login.example", "https://login.example:8443", "https://login.example.evil.example"]
        {
            assert_eq!(judged(&[("origin", foreign)]), Origin::Foreign, "{foreign}");
        }
        assert_eq!(judged(&[]), Origin::Unknown);
    }

    #[test]
    fn only_a_page_that_is_opened_renews() {
        let public_url = Url::parse("https://login.example").unwrap();
        let get = |headers: &[(&'static str, &'static str)]| {
            let mut req = TestRequest::get();
            for header in headers {
                req = req.insert_header(*header);
            }
            may_renew(&req.to_http_request(), &public_url)
        };
        assert!(get(&[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "none"), ("sec-fetch-dest", "document")]));
        assert!(get(&[("accept", "text/html,*/*")]));
        assert!(!get(&[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site")]));
        assert!(!get(&[
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-dest", "iframe")
        ]));
        assert!(!get(&[("sec-fetch-mode", "no-cors"), ("accept", "text/html")]));
        assert!(!get(&[("accept", "application/json")]));
    }
}
