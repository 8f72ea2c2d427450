//! Reads a proxy's question about a request. What can't be trusted or has two meanings is refused, with the rule of the proxy to mend.

use std::fmt;
use std::net::IpAddr;

use super::headers::{
    self, FORWARDED_HOST, FORWARDED_METHOD, FORWARDED_PROTO, FORWARDED_URI, ORIGINAL_METHOD, ORIGINAL_URL,
};
use super::paths;

/// Longer targets are refused. Proxies allow about as much.
const MAX_TARGET: usize = 8192;
const MAX_METHOD: usize = 32;
/// A name of the DNS with a port.
const MAX_HOST: usize = 260;

/// How a proxy asks, and so what it can do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `auth_request` of nginx: it knows 2xx, 401 and 403, and passes no body on.
    Nginx,
    /// `forward_auth` of Caddy and `ForwardAuth` of Traefik: any answer but 2xx goes to the browser as it is.
    Forward,
    /// Our script for HAProxy, which does the same.
    Haproxy,
}

impl Style {
    pub const ALL: [Self; 3] = [Self::Nginx, Self::Forward, Self::Haproxy];

    /// Where proxies of this style ask.
    pub fn check_path(self) -> &'static str {
        match self {
            Self::Nginx => "/gate/check/nginx",
            Self::Forward => "/gate/check/forward",
            Self::Haproxy => "/gate/check/haproxy",
        }
    }
}

/// The request that the question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardedRequest {
    pub style: Style,
    pub method: String,
    pub proto: Proto,
    /// In lower case; with its port unless that is the scheme's own.
    pub host: String,
    /// Begins with `/`. Never ends a line, never leads to another host.
    pub path_and_query: String,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proto {
    Http,
    Https,
}

impl Proto {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|proto| text.eq_ignore_ascii_case(proto.as_str()))
    }

    fn own_port(self) -> &'static str {
        match self {
            Self::Http => ":80",
            Self::Https => ":443",
        }
    }
}

/// What asks, and so what it can do with a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A page in a window of its own, which can be led to sign in.
    Navigation,
    /// Anything that a page loads besides, or a program.
    Script,
    /// The handshake of a websocket.
    Websocket,
    /// A browser asks whether another site's page may send a request. It shows no cookies.
    Preflight,
}

impl ForwardedRequest {
    /// Such as `https://wiki.example.org`.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.proto.as_str(), self.host)
    }

    /// Whether the request's path is surely one of these that are open to everybody, or beneath it. Its query is not looked at.
    pub fn is_open<'a>(&self, open: impl Iterator<Item = &'a str>) -> bool {
        let mut open = open.peekable();
        // Most apps have none, and then the path need not be read.
        let path = open.peek().and_then(|_| paths::normal(&self.path_and_query));
        path.is_some_and(|path| open.any(|open| paths::opens(open, &path)))
    }
}

/// Why a question is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub style: Style,
    pub fault: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The question came from a peer that is no trusted proxy.
    Untrusted(IpAddr),
    Missing(&'static str),
    Twice(&'static str),
    /// It holds what no such value holds, such as a control character or a second value.
    Unreadable(&'static str),
    /// The name as it was sent, and the header that it is taken for.
    Alias(String, &'static str),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::Untrusted(peer) => {
                write!(f, "the question came from {peer}, which is not in trusted_proxies")
            }
            Fault::Missing(name) => write!(f, "{} is missing: {}", shown(name), self.source()),
            Fault::Twice(name) => write!(f, "{} came twice: {}", shown(name), self.source()),
            Fault::Unreadable(name) => write!(f, "{} can't be read: {}", shown(name), self.source()),
            Fault::Alias(sent, means) => {
                let rule = match self.style {
                    Style::Nginx => "underscores_in_headers has to be off",
                    Style::Forward | Style::Haproxy => "the proxy may drop it; Portero refuses such requests",
                };
                write!(f, "some apps take the header {sent} for {}: {rule}", shown(means))
            }
        }
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// Which rule of the proxy makes the headers that are read.
    fn source(&self) -> &'static str {
        match self.style {
            Style::Nginx => {
                "the location that asks sets X-Original-Method to $request_method and X-Original-URL to the app's origin and \
                 $request_uri, each by one proxy_set_header"
            }
            Style::Forward => {
                "forward_auth of Caddy and ForwardAuth of Traefik set each X-Forwarded header once, if trusted_proxies of Caddy \
                 and trustForwardHeader of Traefik believe no client"
            }
            Style::Haproxy => "portero.lua sets X-Original-Method and X-Original-URL, each once",
        }
    }
}

/// A header as people write it.
fn shown(name: &str) -> String {
    let words = name.split('-').map(|word| match word {
        "url" => "URL".to_owned(),
        _ => word.chars().enumerate().map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c }).collect(),
    });
    words.collect::<Vec<_>>().join("-")
}

/// Reads the question that `peer` asked with these headers. Only what is needed is looked at, and only from a trusted proxy.
pub fn read<'a>(
    style: Style,
    peer: IpAddr,
    is_trusted: impl FnOnce(IpAddr) -> bool,
    headers: impl Iterator<Item = (&'a str, &'a [u8])> + Clone,
) -> Result<ForwardedRequest, Refusal> {
    let refused = |fault| Refusal { style, fault };
    if !is_trusted(peer) {
        return Err(refused(Fault::Untrusted(peer)));
    }
    for (name, _) in headers.clone() {
        if let Some(means) = headers::alias_of(name) {
            return Err(refused(Fault::Alias(name.to_owned(), means)));
        }
    }
    let one = |name| one(headers.clone(), name).map_err(refused);
    let unreadable = |name| refused(Fault::Unreadable(name));
    let (method, proto, host, target) = match style {
        Style::Nginx | Style::Haproxy => {
            let url = one(ORIGINAL_URL)?;
            let (proto, host, target) = split(url).ok_or_else(|| unreadable(ORIGINAL_URL))?;
            let method = method(one(ORIGINAL_METHOD)?).ok_or_else(|| unreadable(ORIGINAL_METHOD))?;
            (method, proto, self::host(proto, host).ok_or_else(|| unreadable(ORIGINAL_URL))?, target)
        }
        Style::Forward => {
            let proto = one(FORWARDED_PROTO)?;
            // Traefik says so of a websocket.
            let proto = proto.strip_prefix("ws").map_or_else(|| proto.to_owned(), |rest| format!("http{rest}"));
            let proto = Proto::parse(&proto).ok_or_else(|| unreadable(FORWARDED_PROTO))?;
            let host = host(proto, one(FORWARDED_HOST)?).ok_or_else(|| unreadable(FORWARDED_HOST))?;
            let method = method(one(FORWARDED_METHOD)?).ok_or_else(|| unreadable(FORWARDED_METHOD))?;
            let target = one(FORWARDED_URI)?;
            if !target.starts_with('/') || target.len() > MAX_TARGET {
                return Err(unreadable(FORWARDED_URI));
            }
            (method, proto, host, target)
        }
    };
    let kind = kind(method, headers);
    Ok(ForwardedRequest { style, method: method.to_owned(), proto, host, path_and_query: target.to_owned(), kind })
}

/// The one value of this header, if it is there once and holds visible ASCII only.
fn one<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>, name: &'static str) -> Result<&'a str, Fault> {
    let mut found = headers.filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let Some(value) = found.next().filter(|value| !value.is_empty()) else { return Err(Fault::Missing(name)) };
    if found.next().is_some() {
        return Err(Fault::Twice(name));
    }
    let is_visible = value.iter().all(u8::is_ascii_graphic);
    str::from_utf8(value).ok().filter(|_| is_visible).ok_or(Fault::Unreadable(name))
}

fn method(text: &str) -> Option<&str> {
    let is_method = text.len() <= MAX_METHOD && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    is_method.then_some(text)
}

/// Scheme, host and target of a whole address.
fn split(url: &str) -> Option<(Proto, &str, &str)> {
    let (proto, rest) = url.split_once("://")?;
    let at = rest.find(['/', '?', '#', '\\', '@'])?;
    let (host, target) = rest.split_at(at);
    let target_is_right = target.starts_with('/') && target.len() <= MAX_TARGET;
    Some((Proto::parse(proto)?, host, target)).filter(|_| target_is_right)
}

/// The host as it is written in an origin.
fn host(proto: Proto, text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (name, port) = match text.rfind(':').filter(|at| text.get(at + 1..).is_some_and(|rest| !rest.contains(']'))) {
        Some(at) => text.split_at(at),
        None => (text.as_str(), ""),
    };
    let port_is_right = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok());
    let is_name = |name: &str| {
        !name.starts_with(['.', '-'])
            && !name.contains("..")
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
    };
    let is_ipv6 = |name: &str| {
        let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
    };
    let is_right = !name.is_empty() && text.len() <= MAX_HOST && port_is_right && (is_name(name) || is_ipv6(name));
    let port = if port == proto.own_port() { "" } else { port };
    is_right.then(|| format!("{name}{port}"))
}

/// What asks, by what browsers say of a request. (Fetch Metadata; RFC 6455 §4.1; Fetch §3.2.2)
fn kind<'a>(method: &str, headers: impl Iterator<Item = (&'a str, &'a [u8])> + Clone) -> Kind {
    let first =
        |name: &str| headers.clone().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let has = |name: &str| first(name).is_some();
    let upgrades = first("upgrade").is_some_and(|value| contains(value, "websocket"));
    // Not every proxy sends `Upgrade` on, but these go with it.
    if upgrades || has("sec-websocket-key") || has("sec-websocket-version") {
        return Kind::Websocket;
    }
    if method == "OPTIONS" && has("origin") && has("access-control-request-method") {
        return Kind::Preflight;
    }
    let is_page = match first("sec-fetch-mode") {
        Some(mode) => mode == b"navigate" && matches!(first("sec-fetch-dest"), None | Some(b"document")),
        None => {
            matches!(method, "GET" | "HEAD")
                && !has("x-requested-with")
                && first("accept").is_some_and(|value| contains(value, "text/html"))
        }
    };
    if is_page { Kind::Navigation } else { Kind::Script }
}

fn contains(value: &[u8], word: &str) -> bool {
    value.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn ask(style: Style, headers: &[(&str, &str)]) -> Result<ForwardedRequest, Refusal> {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
        read(style, PROXY, |peer| peer == PROXY, headers)
    }

    fn nginx(url: &str, more: &[(&str, &str)]) -> Result<ForwardedRequest, Refusal> {
        let mut all = vec![("x-original-method", "GET"), ("x-original-url", url)];
        all.extend(more);
        ask(Style::Nginx, &all)
    }

    const FORWARD: [(&str, &str); 4] = [
        ("x-forwarded-method", "POST"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "Wiki.Example.org:443"),
        ("x-forwarded-uri", "/a%2fb?c=d,e"),
    ];

    #[test]
    fn each_style_tells_the_same_request() {
        let read = nginx("https://wiki.example.org/a%2fb?c=d,e", &[]).unwrap();
        assert_eq!((read.origin().as_str(), read.method.as_str()), ("https://wiki.example.org", "GET"));
        assert_eq!(read.path_and_query, "/a%2fb?c=d,e");
        let other = ask(Style::Forward, &FORWARD).unwrap();
        assert_eq!((other.origin(), &other.path_and_query), (read.origin(), &read.path_and_query));
        assert_eq!(other.method, "POST");
        let port = nginx("https://[::1]:8443/", &[]).unwrap();
        assert_eq!(port.origin(), "https://[::1]:8443");
    }

    #[test]
    fn a_peer_that_is_no_trusted_proxy_is_not_read() {
        let headers = FORWARD.iter().map(|(name, value)| (*name, value.as_bytes()));
        let stranger = "203.0.113.7".parse().unwrap();
        let refusal = read(Style::Forward, stranger, |_| false, headers).unwrap_err();
        assert_eq!(refusal.fault, Fault::Untrusted(stranger));
        assert!(refusal.to_string().contains("203.0.113.7, which is not in trusted_proxies"), "{refusal}");
    }

    #[test]
    fn a_header_that_is_missing_or_came_twice_names_the_rule_to_mend() {
        for left_out in 0..FORWARD.len() {
            let mut headers = FORWARD.to_vec();
            let (name, value) = headers.remove(left_out);
            assert!(matches!(ask(Style::Forward, &headers).unwrap_err().fault, Fault::Missing(n) if n == name));
            headers.extend([(name, value), (name, value)]);
            assert!(matches!(ask(Style::Forward, &headers).unwrap_err().fault, Fault::Twice(n) if n == name));
        }
        let refusal = ask(Style::Nginx, &[("x-original-method", "GET")]).unwrap_err();
        let text = refusal.to_string();
        assert!(text.starts_with("X-Original-URL is missing: ") && text.contains("$request_uri"), "{text}");
    }

    #[test]
    fn a_value_with_two_meanings_is_refused() {
        for url in [
            "wiki.example.org/",
            "ftp://wiki.example.org/",
            "https://wiki.example.org",
            "https://wiki.example.org?x=/",
            "https://wiki.example.org#/",
            "https:///x",
            "https://wiki.example.org@evil.example/",
            "https://wiki.example.org:@evil.example/",
            "https://wiki.example.org\\@evil.example/",
            "https://wiki.example.org,evil.example/",
            "https://wiki..example/",
            "https://.example/",
            "https://wiki_example/",
            "https://wiki.example.org:/",
            "https://wiki.example.org:0443/",
            "https://wiki.example.org:+443/",
            "https://wiki.example.org:65536/",
            "https://[::1/",
            "https://wiki.example.org/\u{e9}",
            "https://wiki.example.org/a b",
            "https://wiki.example.org/\r\nX: y",
            "https://wiki.example.org/\0",
        ] {
            let fault = nginx(url, &[]).unwrap_err().fault;
            assert_eq!(fault, Fault::Unreadable("x-original-url"), "{url:?}");
        }
        for (at, value) in [(0, "get"), (0, "GET,POST"), (1, "https,http"), (2, "a, b"), (3, "https://x/"), (3, "*")] {
            let mut headers = FORWARD;
            headers[at].1 = value;
            let fault = ask(Style::Forward, &headers).unwrap_err().fault;
            assert_eq!(fault, Fault::Unreadable(FORWARD[at].0), "{value}");
        }
    }

    #[test]
    fn an_alias_of_a_header_that_is_believed_is_refused() {
        for alias in
            ["x_original_url", "X_Forwarded_For", "Remote_User", "remote_groups", "X-Portero_Assertion", "Remote.User"]
        {
            let refusal = nginx("https://wiki.example.org/", &[(alias, "x")]).unwrap_err();
            assert!(matches!(&refusal.fault, Fault::Alias(sent, _) if sent == alias), "{alias}");
            assert!(refusal.to_string().contains("underscores_in_headers"), "{refusal}");
        }
        assert!(nginx("https://wiki.example.org/", &[("Remote-User", "x"), ("my_own", "y")]).is_ok());
    }

    #[test]
    fn pages_scripts_websockets_and_preflights_are_told_apart() {
        let kind = |headers: &[(&str, &str)]| nginx("https://wiki.example.org/", headers).unwrap().kind;
        assert_eq!(kind(&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]), Kind::Navigation);
        assert_eq!(kind(&[("accept", "text/html,*/*")]), Kind::Navigation);
        for script in [
            &[] as &[(&str, &str)],
            &[("accept", "*/*")],
            &[("accept", "application/json")],
            &[("accept", "text/html"), ("x-requested-with", "XMLHttpRequest")],
            &[("accept", "text/html"), ("sec-fetch-mode", "cors")],
            &[("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
        ] {
            assert_eq!(kind(script), Kind::Script, "{script:?}");
        }
        for socket in [("upgrade", "WebSocket"), ("sec-websocket-key", "x"), ("sec-websocket-version", "13")] {
            assert_eq!(kind(&[socket, ("accept", "text/html")]), Kind::Websocket);
        }
        let preflight = [
            ("x-original-method", "OPTIONS"),
            ("x-original-url", "https://wiki.example.org/"),
            ("origin", "https://other.example"),
            ("access-control-request-method", "PUT"),
        ];
        assert_eq!(ask(Style::Nginx, &preflight).unwrap().kind, Kind::Preflight);
        assert_eq!(ask(Style::Nginx, &preflight[..3]).unwrap().kind, Kind::Script);
    }
}
