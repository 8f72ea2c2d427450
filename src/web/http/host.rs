//! Whether a request asks for this server by a name that is not its own. So does a script whose page's name leads to one address and a
//! moment later to this one (DNS rebinding): to the browser it is of the same origin as Portero, to the network it is inside.

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use actix_web::web::ThinData;
use url::{Host, Url};

use super::client_address::{address, comes_through_proxy};
use super::request_id::{RequestId, route};
use crate::web::app::App;

/// The address that should have been asked for, if the request's host is another one. Only with a `public_url`, and not through a trusted
/// proxy: that one writes into `Host` what it likes, and its https lets no name in that it has no certificate for.
pub(in crate::web) fn ours_instead(req: &HttpRequest) -> Option<&Url> {
    let ThinData(app) = req.app_data::<ThinData<App>>()?;
    let public_url = app.config().public_url.as_ref()?;
    // Without `Host` it is no browser.
    let host = req.headers().get(HOST)?;
    if leads_here(host.as_bytes(), public_url) || comes_through_proxy(app, req) {
        return None;
    }
    if app.foreign_hosts.is_due(address(app, req).for_limits()) {
        tracing::warn!(event = "foreign_host", request = RequestId::of_request(req), path = route(req));
    }
    Some(public_url)
}

/// Whether nobody else can have made this name lead here: it is ours, or an address, which leads where it says, or a name without a dot,
/// which nobody can register: `localhost`, a container's, or that of nginx's upstream. The port does not matter.
fn leads_here(host: &[u8], public_url: &Url) -> bool {
    let asked = str::from_utf8(host).ok().and_then(|host| Url::parse(&format!("http://{host}")).ok());
    match asked.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            Some(name) == public_url.host_str() || !name.contains('.') || name.ends_with(".localhost")
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_somebody_else_can_own_is_foreign() {
        let ours = Url::parse("https://login.example.org").unwrap();
        for host in [
            "login.example.org",
            "LOGIN.example.org:8443",
            "login.example.org.",
            "127.0.0.1:8080",
            "[::1]:8080",
            "203.0.113.7",
            "localhost:8080",
            "portero.localhost",
            "portero_upstream",
        ] {
            assert!(leads_here(host.as_bytes(), &ours), "{host}");
        }
        for host in [
            "evil.example",
            "login.example.org.evil.example",
            "xlogin.example.org",
            "127.0.0.1.evil.example",
            "",
            "a b",
        ] {
            assert!(!leads_here(host.as_bytes(), &ours), "{host}");
        }
    }
}
