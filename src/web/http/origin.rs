//! Where forms come from, by what the browser says of a request's origin: the first of two layers against forged requests. The
//! second is the CSRF value in the form, which the guard or the room compares.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{HOST, ORIGIN, REFERER};
use actix_web::web::ThinData;
use url::Url;

use super::audience::shows_token_header;
use super::client_address::address;
use super::request_id::{RequestId, route};
use crate::web::app::App;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Ours,
    Foreign,
    /// Typed in, or sent by something other than a browser.
    Unknown,
}

/// Which origins are Portero's own.
struct Ours<'a> {
    public_url: Option<&'a Url>,
    /// Whether the origin that was asked for is one too. Without a `public_url` nobody has said by which names people reach Portero, and
    /// browsers send no fetch metadata on plain http. A page of another site has another origin than the one that it sends its form to.
    what_was_asked_for: bool,
}

impl<'a> Ours<'a> {
    fn of(app: &'a App) -> Self {
        let config = app.config();
        let what_was_asked_for = config.allow_plain_http && config.public_url.is_none();
        Self { public_url: app.public_url.as_ref(), what_was_asked_for }
    }

    fn include(&self, req: &HttpRequest, origin: &Url) -> bool {
        let is_asked_for = || self.asked_for(req).is_some_and(|asked| asked.origin() == origin.origin());
        self.public_url.is_some_and(|ours| ours.origin() == origin.origin()) || is_asked_for()
    }

    fn asked_for(&self, req: &HttpRequest) -> Option<Url> {
        let host = req.headers().get(HOST).filter(|_| self.what_was_asked_for)?.to_str().ok()?;
        Url::parse(&format!("http://{host}")).ok()
    }

    /// For the log.
    fn shown(&self, req: &HttpRequest) -> String {
        let ours = self.asked_for(req).or_else(|| self.public_url.cloned());
        ours.map_or_else(|| "unknown: public_url is not set".into(), |url| shown_origin(&url))
    }
}

/// Whether the request changes something and comes from another site. One that shows a token in a header does not count: browsers
/// send none by themselves.
pub(in crate::web) fn comes_from_elsewhere(req: &HttpRequest) -> bool {
    if !changes_something(req) {
        return false;
    }
    let Some(ThinData(app)) = req.app_data::<ThinData<App>>() else { return true };
    let ours = Ours::of(app);
    let is_foreign = !shows_token_header(req, app) && origin(req, &ours) == Origin::Foreign && !hides_its_origin(req);
    if is_foreign && app.foreign_origins.is_due(address(app, req).for_limits()) {
        tracing::warn!(
            event = "foreign_origin",
            request = RequestId::of_request(req),
            path = route(req),
            origin = told_origin(req),
            ours = ours.shown(req)
        );
    }
    is_foreign
}

/// Whether another site led here. For what a browser asks for without any harm to itself, but not because whoever sits there wants it.
pub(in crate::web) fn is_led_from_elsewhere(req: &HttpRequest, app: &App) -> bool {
    !shows_token_header(req, app) && origin(req, &Ours::of(app)) == Origin::Foreign
}

/// Whether the guard may renew a session's tokens by this request: if somebody opens a page, or sends a form from one of Portero's
/// pages. Never for what a page loads besides, nor if the browser says that another site led here.
pub(in crate::web) fn may_renew(req: &HttpRequest, app: &App) -> bool {
    renews(req, &Ours::of(app))
}

fn renews(req: &HttpRequest, ours: &Ours<'_>) -> bool {
    if changes_something(req) {
        return origin(req, ours) == Origin::Ours;
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

fn origin(req: &HttpRequest, ours: &Ours<'_>) -> Origin {
    if let Some(site) = header(req, "sec-fetch-site") {
        return match site {
            "same-origin" => Origin::Ours,
            "none" => Origin::Unknown,
            _ => Origin::Foreign,
        };
    }
    match told(req).map(Url::parse) {
        None => Origin::Unknown,
        Some(Ok(url)) if ours.include(req, &url) => Origin::Ours,
        Some(Ok(_) | Err(_)) => Origin::Foreign,
    }
}

fn header<'a>(req: &'a HttpRequest, name: &str) -> Option<&'a str> {
    req.headers().get(name).map(|value| value.to_str().unwrap_or("not text"))
}

fn told(req: &HttpRequest) -> Option<&str> {
    header(req, ORIGIN.as_str()).or_else(|| header(req, REFERER.as_str()))
}

/// The origin that the browser told, for the log. Never the whole referrer: a path can hold the secret of a link.
fn told_origin(req: &HttpRequest) -> String {
    match told(req).map(Url::parse) {
        None => "not told".into(),
        Some(Ok(url)) => shown_origin(&url),
        Some(Err(_)) if told(req) == Some("null") => "null".into(),
        Some(Err(_)) => "unreadable".into(),
    }
}

fn shown_origin(url: &Url) -> String {
    const MAX_CHARS: usize = 200;
    url.origin().ascii_serialization().chars().take(MAX_CHARS).collect()
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

    fn post(headers: &[(&'static str, &'static str)]) -> HttpRequest {
        headers.iter().fold(TestRequest::post(), |req, header| req.insert_header(*header)).to_http_request()
    }

    fn judged(headers: &[(&'static str, &'static str)]) -> Origin {
        let public_url = Url::parse("https://login.example").unwrap();
        origin(&post(headers), &Ours { public_url: Some(&public_url), what_was_asked_for: false })
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
    fn where_nobody_knows_our_name_it_is_the_one_that_was_asked_for() {
        let host = ("host", "portero.lan:8080");
        let judged = |headers: &[(&'static str, &'static str)]| {
            origin(&post(headers), &Ours { public_url: None, what_was_asked_for: true })
        };
        assert_eq!(judged(&[host, ("origin", "http://portero.lan:8080")]), Origin::Ours);
        assert_eq!(judged(&[host, ("origin", "http://PORTERO.lan:8080")]), Origin::Ours);
        assert_eq!(judged(&[host, ("referer", "http://portero.lan:8080/login")]), Origin::Ours);
        assert_eq!(judged(&[("host", "portero.lan"), ("origin", "http://portero.lan")]), Origin::Ours);
        for foreign in ["null", "http://portero.lan", "https://portero.lan:8080", "http://evil.lan:8080", ""] {
            assert_eq!(judged(&[host, ("origin", foreign)]), Origin::Foreign, "{foreign}");
        }
        assert_eq!(judged(&[("origin", "http://portero.lan:8080")]), Origin::Foreign, "without Host");
        assert_eq!(
            judged(&[host, ("sec-fetch-site", "cross-site"), ("origin", "http://portero.lan:8080")]),
            Origin::Foreign
        );
    }

    #[test]
    fn the_log_is_told_an_origin_and_never_a_path() {
        let told = |value: &'static str| told_origin(&post(&[("referer", value)]));
        assert_eq!(told("https://evil.example/link/SECRET?a=b"), "https://evil.example");
        assert_eq!((told("null"), told("/link/SECRET")), ("null".into(), "unreadable".into()));
    }

    #[test]
    fn only_a_page_that_is_opened_renews() {
        let public_url = Url::parse("https://login.example").unwrap();
        let ours = Ours { public_url: Some(&public_url), what_was_asked_for: false };
        let get = |headers: &[(&'static str, &'static str)]| {
            let mut req = TestRequest::get();
            for header in headers {
                req = req.insert_header(*header);
            }
            renews(&req.to_http_request(), &ours)
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
