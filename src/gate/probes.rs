//! What attackers send through a proxy to get past the gate, as values. `portero proxy doctor` sends it through an operator's proxy, and the
//! tests send it through all proxies whose settings Portero prints.

use Attack::{Alias, Bypass, Framing, Host, Identity, Origin, Path, Spelling};

/// What a client claims of itself in a probe. Wherever an app finds it, the proxy let a client speak.
pub const CLAIM: &str = "spoofed-by-doctor";
/// An address that a client claims to have. (RFC 5737: nobody has it)
pub const CLAIMED_ADDRESS: &str = "203.0.113.66";
/// The header by which a probe is known at the app.
pub const PROBE: &str = "x-portero-probe";

/// What a probe tries, and so what is wrong with the proxy if it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// To reach a part of the app about which nobody asks Portero.
    Path,
    /// To write a path so that proxy, Portero and app each take it for another one.
    Spelling,
    /// To say itself who it is.
    Identity,
    /// The same in a spelling that some apps take for it.
    Alias,
    /// To pass for another request: from elsewhere, to elsewhere.
    Origin,
    /// To ask for another host.
    Host,
    /// To hide a request in another.
    Framing,
    /// To be taken for somebody of whom nothing is asked.
    Bypass,
}

pub struct Probe {
    pub name: &'static str,
    pub attack: Attack,
    shape: Shape,
}

enum Shape {
    /// A GET of this target.
    Target(&'static str),
    /// A GET of [`PATH`] with these lines in its head.
    Lines(&'static str),
    /// Everything, but for what [`Probe::request`] fills in.
    Whole(&'static str),
}

/// A path that no app has.
pub const PATH: &str = "/portero-doctor";

/// What is filled into a probe.
pub struct Fill<'a> {
    /// The app's host, with its port unless that is 443.
    pub authority: &'a str,
    /// A path of the app that is open to everybody, if there is one.
    pub open: Option<&'a str>,
    /// The value of [`PROBE`].
    pub id: &'a str,
    /// Further lines of the head, each with its end of line, such as a cookie with a pass.
    pub lines: &'a str,
}

const fn target(name: &'static str, attack: Attack, target: &'static str) -> Probe {
    Probe { name, attack, shape: Shape::Target(target) }
}

const fn lines(name: &'static str, attack: Attack, lines: &'static str) -> Probe {
    Probe { name, attack, shape: Shape::Lines(lines) }
}

const fn whole(name: &'static str, attack: Attack, text: &'static str) -> Probe {
    Probe { name, attack, shape: Shape::Whole(text) }
}

/// `{claim}`, `{host}`, `{open}` and `{address}` are filled in; `{probe}` are the lines by which the request is known.
pub const PROBES: &[Probe] = &[
    // Who somebody is, only Portero says.
    lines("remote-user", Identity, "Remote-User: {claim}\r\n"),
    lines("remote-name", Identity, "Remote-Name: {claim}\r\n"),
    lines("remote-email", Identity, "Remote-Email: {claim}@example.org\r\n"),
    lines("remote-groups", Identity, "Remote-Groups: admins,{claim}\r\n"),
    lines("assertion", Identity, "X-Portero-Assertion: {claim}\r\n"),
    lines("remote-user-twice", Identity, "Remote-User: {claim}\r\nRemote-User: {claim}\r\n"),
    lines("remote-user-in-capitals", Identity, "REMOTE-USER: {claim}\r\n"),
    // What is named there belongs to the connection, so proxies leave it out.
    lines(
        "connection-names-remote-user",
        Identity,
        "Connection: close, Remote-User, Remote-Groups, X-Portero-Assertion\r\n",
    ),
    // (GHSA-7r4p-vjf4-gxv4, GHSA-f59h-q822-g45g, CVE-2026-39858)
    lines("alias-remote-user", Alias, "Remote_User: {claim}\r\n"),
    lines("alias-remote-groups", Alias, "REMOTE_GROUPS: {claim}\r\n"),
    lines("alias-with-dot", Alias, "Remote.User: {claim}\r\n"),
    lines("alias-assertion", Alias, "X_Portero_Assertion: {claim}\r\n"),
    lines("alias-forwarded-for", Alias, "X_Forwarded_For: {claim}\r\n"),
    lines("alias-forwarded-host", Alias, "X_Forwarded-Host: {claim}\r\n"),
    lines("alias-original-url", Alias, "X_Original_URL: /{claim}\r\n"),
    // Where a request comes from and goes to, the proxy knows. (CVE-2026-40575, GHSA-6384-m2mw-rf54)
    lines("x-forwarded-for", Origin, "X-Forwarded-For: {address}\r\n"),
    lines("x-real-ip", Origin, "X-Real-IP: {address}\r\n"),
    lines("forwarded", Origin, "Forwarded: for={address};host={claim};proto=http\r\n"),
    lines("x-forwarded-host", Origin, "X-Forwarded-Host: {claim}.invalid\r\n"),
    lines("x-forwarded-proto", Origin, "X-Forwarded-Proto: http\r\n"),
    lines("x-forwarded-prefix", Origin, "X-Forwarded-Prefix: /{claim}\r\n"),
    lines("x-forwarded-uri", Origin, "X-Forwarded-Uri: {open}?{claim}\r\n"),
    lines("x-forwarded-uri-of-portero", Origin, "X-Forwarded-Uri: /.portero/start?{claim}\r\n"),
    lines("x-forwarded-method", Origin, "X-Forwarded-Method: SPOOFED-BY-DOCTOR\r\n"),
    lines("x-original-url", Origin, "X-Original-URL: https://{host}{open}?{claim}\r\n"),
    lines("x-rewrite-url", Origin, "X-Rewrite-URL: {open}?{claim}\r\n"),
    lines(
        "all-of-a-check",
        Origin,
        "X-Original-Method: GET\r\nX-Original-URL: https://{host}{open}?{claim}\r\nX-Forwarded-Method: GET\r\n\
         X-Forwarded-Proto: https\r\nX-Forwarded-Host: {host}\r\nX-Forwarded-Uri: {open}?{claim}\r\n",
    ),
    // Paths that are often served on the side.
    target("path-root", Path, "/"),
    target("path-index", Path, "/index.html"),
    target("path-api", Path, "/api/portero-doctor"),
    target("path-static", Path, "/static/portero-doctor"),
    target("path-assets", Path, "/assets/portero-doctor"),
    target("path-public", Path, "/public/portero-doctor"),
    target("path-media", Path, "/media/portero-doctor"),
    target("path-uploads", Path, "/uploads/portero-doctor"),
    target("path-files", Path, "/files/portero-doctor"),
    target("path-admin", Path, "/admin/portero-doctor"),
    target("path-login", Path, "/login"),
    target("path-websocket", Path, "/ws"),
    target("path-socket-io", Path, "/socket.io/?transport=polling"),
    target("path-style", Path, "/portero-doctor.css"),
    target("path-script", Path, "/portero-doctor.js"),
    target("path-picture", Path, "/portero-doctor.png"),
    target("path-php", Path, "/portero-doctor.php"),
    target("path-favicon", Path, "/favicon.ico"),
    target("path-robots", Path, "/robots.txt"),
    target("path-health", Path, "/healthz"),
    target("path-metrics", Path, "/metrics"),
    target("path-well-known", Path, "/.well-known/portero-doctor"),
    // (CVE-2026-41059, GHSA-7rh7-c77v-6434, CVE-2021-32637)
    target("dots-out-of-portero", Spelling, "/.portero/../portero-doctor"),
    target("encoded-dots-out-of-portero", Spelling, "/.portero/%2e%2e/portero-doctor"),
    target("half-encoded-dots-out-of-portero", Spelling, "/.portero/.%2E/portero-doctor"),
    target("encoded-slash-out-of-portero", Spelling, "/.portero/..%2fportero-doctor"),
    target("all-encoded-out-of-portero", Spelling, "/.portero/%2e%2e%2fportero-doctor"),
    target("encoded-twice-out-of-portero", Spelling, "/.portero/%252e%252e/portero-doctor"),
    target("backslash-out-of-portero", Spelling, "/.portero/..%5cportero-doctor"),
    target("semicolon-out-of-portero", Spelling, "/.portero/..;/portero-doctor"),
    target("slashes-out-of-portero", Spelling, "/.portero//../portero-doctor"),
    target("encoded-slash-after-portero", Spelling, "/.portero%2f..%2fportero-doctor"),
    target("start-and-out-of-portero", Spelling, "/.portero/start/../../portero-doctor"),
    target("portero-in-capitals", Spelling, "/.PORTERO/portero-doctor"),
    target("portero-without-slash", Spelling, "/.porteroportero-doctor"),
    target("two-slashes", Spelling, "//portero-doctor"),
    target("encoded-slash", Spelling, "/%2fportero-doctor"),
    target("encoded-letter", Spelling, "/%70ortero-doctor"),
    target("encoded-nothing", Spelling, "/portero-doctor%00"),
    target("fragment", Spelling, "/portero-doctor#/.portero/"),
    target("query-names-portero", Spelling, "/portero-doctor?/.portero/start"),
    target("semicolon-names-portero", Spelling, "/portero-doctor;/.portero/start"),
    target("dots-out-of-open", Spelling, "{open}/../portero-doctor"),
    target("encoded-dots-out-of-open", Spelling, "{open}/%2e%2e/portero-doctor"),
    target("encoded-slash-out-of-open", Spelling, "{open}%2f..%2fportero-doctor"),
    target("semicolon-out-of-open", Spelling, "{open}/..;/portero-doctor"),
    target("fragment-names-open", Spelling, "/portero-doctor#{open}"),
    target("query-names-open", Spelling, "/portero-doctor?{open}"),
    target("whole-address", Spelling, "https://{host}/portero-doctor"),
    target("whole-address-out-of-portero", Spelling, "https://{host}/.portero/../portero-doctor"),
    target("whole-address-elsewhere", Host, "https://spoofed-by-doctor.invalid/portero-doctor"),
    whole(
        "another-host",
        Host,
        "GET /portero-doctor HTTP/1.1\r\nHost: {claim}.invalid\r\n{probe}Connection: close\r\n\r\n",
    ),
    whole(
        "host-as-an-address",
        Host,
        "GET /portero-doctor HTTP/1.1\r\nHost: 127.0.0.1\r\n{probe}Connection: close\r\n\r\n",
    ),
    whole(
        "host-with-dot",
        Host,
        "GET /portero-doctor HTTP/1.1\r\nHost: {claim}.{host}\r\n{probe}Connection: close\r\n\r\n",
    ),
    whole(
        "two-hosts",
        Host,
        "GET /portero-doctor HTTP/1.1\r\nHost: {host}\r\nHost: {claim}\r\n{probe}Connection: close\r\n\r\n",
    ),
    whole("no-host", Host, "GET /portero-doctor HTTP/1.0\r\n{probe}\r\n"),
    // One request in another: the second is as much without a pass as the first.
    whole(
        "length-and-chunks",
        Framing,
        "POST /.portero/start HTTP/1.1\r\nHost: {host}\r\n{probe}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
         0\r\n\r\nGET /portero-doctor HTTP/1.1\r\nHost: {host}\r\n{probe}Connection: close\r\n\r\n",
    ),
    whole(
        "unknown-coding",
        Framing,
        "POST /.portero/start HTTP/1.1\r\nHost: {host}\r\n{probe}Content-Length: 4\r\nTransfer-Encoding: xchunked\r\n\r\n\
         0\r\n\r\nGET /portero-doctor HTTP/1.1\r\nHost: {host}\r\n{probe}Connection: close\r\n\r\n",
    ),
    whole(
        "two-lengths",
        Framing,
        "POST /.portero/start HTTP/1.1\r\nHost: {host}\r\n{probe}Content-Length: 0\r\nContent-Length: 70\r\n\r\n\
         GET /portero-doctor HTTP/1.1\r\nHost: {host}\r\n{probe}Connection: close\r\n\r\n",
    ),
    whole(
        "request-in-a-body",
        Framing,
        "GET /.portero/start HTTP/1.1\r\nHost: {host}\r\n{probe}Content-Length: 5\r\n\r\n\
         xxxxxGET /portero-doctor HTTP/1.1\r\nHost: {host}\r\n{probe}Connection: close\r\n\r\n",
    ),
    whole(
        "second-request",
        Framing,
        "GET /.portero/sign-out HTTP/1.1\r\nHost: {host}\r\n{probe}\r\n\
         GET /portero-doctor HTTP/1.1\r\nHost: {host}\r\n{probe}Connection: close\r\n\r\n",
    ),
    whole(
        "request-after-an-upgrade",
        Framing,
        "GET /.portero/start HTTP/1.1\r\nHost: {host}\r\n{probe}Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 777\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\
         GET /portero-doctor HTTP/1.1\r\nHost: {host}\r\n{probe}Connection: close\r\n\r\n",
    ),
    whole(
        "upgrade-to-http2",
        Framing,
        "GET /.portero/start HTTP/1.1\r\nHost: {host}\r\n{probe}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
         HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    ),
    // (CVE-2026-25748, CVE-2026-34457)
    lines("cookie-without-value", Bypass, "Cookie: __Host-portero_pass\r\n"),
    lines("cookie-that-cant-be-read", Bypass, "Cookie: a=\"; __Host-portero_pass=\\; =;;,\r\n"),
    lines("pass-of-nobody", Bypass, "Cookie: __Host-portero_pass=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"),
    lines("health-check", Bypass, "User-Agent: GoogleHC/1.0\r\n"),
    lines("credentials-of-nobody", Bypass, "Authorization: Basic YWRtaW46YWRtaW4=\r\n"),
    lines("token-of-nobody", Bypass, "Authorization: Bearer e30.e30.e30\r\n"),
    whole("method-head", Bypass, "HEAD /portero-doctor HTTP/1.1\r\nHost: {host}\r\n{probe}Connection: close\r\n\r\n"),
    whole(
        "method-options",
        Bypass,
        "OPTIONS /portero-doctor HTTP/1.1\r\nHost: {host}\r\n{probe}Connection: close\r\n\r\n",
    ),
    whole(
        "method-of-webdav",
        Bypass,
        "PROPFIND /portero-doctor HTTP/1.1\r\nHost: {host}\r\n{probe}Connection: close\r\n\r\n",
    ),
    whole(
        "form",
        Bypass,
        "POST /portero-doctor HTTP/1.1\r\nHost: {host}\r\n{probe}Content-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 3\r\nConnection: close\r\n\r\na=b",
    ),
    whole(
        "websocket",
        Bypass,
        "GET /portero-doctor HTTP/1.1\r\nHost: {host}\r\n{probe}Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ),
];

impl Probe {
    /// The bytes to send.
    pub fn request(&self, fill: &Fill<'_>) -> Vec<u8> {
        let text = match self.shape {
            Shape::Target(target) => get(target, "Connection: close\r\n"),
            // A header once, if the probe is about it.
            Shape::Lines(lines) if lines.starts_with("Connection:") => get(PATH, lines),
            Shape::Lines(lines) => get(PATH, &format!("Connection: close\r\n{lines}")),
            Shape::Whole(text) => text.to_owned(),
        };
        let probe = format!("{PROBE}: {}\r\n{}", fill.id, fill.lines);
        let open = fill.open.unwrap_or("/open").trim_end_matches('/');
        let fills = [
            ("{probe}", probe.as_str()),
            ("{host}", fill.authority),
            ("{open}", open),
            ("{claim}", CLAIM),
            ("{address}", CLAIMED_ADDRESS),
        ];
        fills.into_iter().fold(text, |text, (name, value)| text.replace(name, value)).into_bytes()
    }

    /// What it asks for, for people and for lists of paths. `None`: that is not what it is about.
    pub fn target(&self) -> Option<&'static str> {
        match self.shape {
            Shape::Target(target) => Some(target),
            Shape::Lines(_) | Shape::Whole(_) => None,
        }
    }

    /// Whether it says something of itself, which must not reach the app with somebody's pass either.
    pub fn claims(&self) -> bool {
        matches!(self.attack, Attack::Identity | Attack::Alias | Attack::Origin)
    }
}

fn get(target: &str, lines: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {{host}}\r\n{{probe}}{lines}\r\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_probe_has_a_name_of_its_own_and_is_known_at_the_app() {
        let names: BTreeSet<_> = PROBES.iter().map(|probe| probe.name).collect();
        assert_eq!(names.len(), PROBES.len());
        for probe in PROBES {
            let fill = Fill { authority: "wiki.example.org", open: None, id: "run.7", lines: "" };
            let text = String::from_utf8(probe.request(&fill)).unwrap();
            assert!(text.contains("x-portero-probe: run.7\r\n") && text.contains("\r\n\r\n"), "{text}");
            assert!(!text.contains(['{', '}']), "{text}");
        }
    }
}
