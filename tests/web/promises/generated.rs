//! Promise: tens of thousands of requests, broken in every way, meet no error of Portero's own (5xx),
//! make no thread panic, and change nothing that they may not change.
//!
//! A run follows from its seed: `PORTERO_TEST_SEED` repeats one, and `PORTERO_TEST_REQUESTS` makes it
//! longer than the 50,000 of the suite. A million, which nextest would end after three minutes:
//!
//! ```text
//! PORTERO_TEST_REQUESTS=1000000 PORTERO_TEST_SEED=7 cargo test --test web generated -- --nocapture
//! ```
//!
//! A request that fails is printed with its number and the seed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portero::accounts::apps::manage::add_client;
use portero::domain::Username;
use portero::store::users;

use crate::common::routes;
use crate::support::{PASSWORD, TestApp, claims, operator};

const THREADS: u64 = 2;
/// After this many requests a thread looks whether its tokens are still good: a valid request may have ended a session.
const LOOK_EVERY: usize = 200;

fn number_from(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Random numbers by xorshift64*: the same from the same seed, for ever.
struct Random(u64);

impl Random {
    fn of(seed: u64) -> Self {
        // Seeds that are close to each other must not begin alike, and zero would stay zero.
        Self((seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// What a thread's requests may show: real tokens of a user and of an admin, and what false ones are made of.
#[derive(Clone)]
struct Shown {
    bearer: Vec<String>,
    /// Access token, refresh token, and the CSRF value in both.
    cookies: Vec<(String, String, String)>,
    sids: Vec<String>,
    app: String,
}

impl Shown {
    fn sign_in(app: &TestApp, credentials: &str) -> Self {
        let mut shown = Self { bearer: Vec::new(), cookies: Vec::new(), sids: Vec::new(), app: credentials.to_owned() };
        for name in ["ana", "adm"] {
            let tokens = app.tokens(name);
            shown.sids.push(claims(&tokens.access)["sid"].as_str().unwrap().to_owned());
            shown.bearer.extend([tokens.access, tokens.refresh]);
            let browser = app.signed_in(name);
            let cookie = |name: &str| browser.cookies[name].clone();
            let (access, refresh) = (cookie("access_token_cookie"), cookie("refresh_token_cookie"));
            shown.sids.push(claims(&access)["sid"].as_str().unwrap().to_owned());
            shown.cookies.push((access, refresh, cookie("csrf_access_token")));
        }
        shown
    }

    /// Whether all access tokens are good. The refresh tokens are not tried, for showing one uses it.
    fn is_good(&self, app: &TestApp) -> bool {
        let by_cookie = |access: &str| {
            let cookie = format!("access_token_cookie={access}");
            app.client().send("GET", "/account", None, &[("cookie", &cookie)], b"").status == 200
        };
        self.bearer.iter().step_by(2).all(|token| app.client().get("/protected", Some(token)).status == 200)
            && self.cookies.iter().all(|(access, _, _)| by_cookie(access))
    }
}

/// Every route with its methods, and paths that are no routes. `ID` stands for an id.
const ROUTES: [(&str, &str); 105] = [
    ("/", "GET HEAD"),
    ("/protected", "GET HEAD"),
    ("/whoami", "GET HEAD"),
    ("/refresh", "POST"),
    ("/introspect", "POST"),
    ("/revoke", "POST"),
    ("/.well-known/jwks.json", "GET"),
    ("/.well-known/portero/apps.jwks.json", "GET"),
    ("/.well-known/portero/reflection", "GET"),
    ("/status-lists", "GET"),
    ("/status-lists/ID", "GET"),
    ("/.well-known/openid-configuration", "GET"),
    ("/.well-known/oauth-authorization-server", "GET"),
    ("/authorize", "GET POST"),
    ("/authorize/consent", "POST"),
    ("/end-session", "GET POST HEAD"),
    ("/end-session/confirm", "POST"),
    ("/account/apps/ID/withdraw", "POST"),
    ("/token", "POST"),
    ("/userinfo", "GET POST"),
    ("/.well-known/change-password", "GET"),
    ("/gate", "GET HEAD"),
    ("/gate/check/nginx", "GET HEAD"),
    ("/gate/check/forward", "GET"),
    ("/gate/check/haproxy", "GET"),
    ("/.portero/start", "GET"),
    ("/.portero/callback", "GET"),
    ("/.portero/sign-out", "GET POST"),
    ("/.portero/static/ID", "GET"),
    ("/.well-known/passkey-endpoints", "GET"),
    ("/healthz", "GET"),
    ("/readyz", "GET"),
    ("/static/style.css", "GET HEAD"),
    ("/static/ID", "GET"),
    ("/setup/ID", "GET POST"),
    ("/login", "GET POST POST"),
    ("/login/factor", "GET POST POST"),
    ("/account/factors", "GET HEAD"),
    ("/account/factors/passkey", "GET POST"),
    ("/account/factors/totp", "GET POST"),
    ("/account/factors/totp/ID/confirm", "GET POST"),
    ("/account/factors/recovery-codes", "GET POST"),
    ("/account/factors/ID", "DELETE"),
    ("/account/factors/ID/remove", "GET POST"),
    ("/account/factors/ID/rename", "GET POST"),
    ("/confirm", "GET POST POST"),
    ("/change-password", "GET POST POST"),
    ("/account/browsers/ID/forget", "POST"),
    ("/account", "GET HEAD"),
    ("/logout", "GET POST DELETE"),
    ("/account/sessions/ID", "GET"),
    ("/account/sessions/ID/end", "GET POST"),
    ("/receipts/ID", "GET"),
    ("/admin", "GET"),
    ("/admin/sessions", "GET"),
    ("/admin/sessions/export", "GET HEAD"),
    ("/admin/revoked/export", "GET"),
    ("/admin/users/export", "GET"),
    ("/admin/audit/export", "GET"),
    ("/admin/sessions/end", "GET POST"),
    ("/admin/sessions/ID", "GET"),
    ("/admin/sessions/ID/end", "GET POST"),
    ("/admin/revoked", "GET"),
    ("/admin/users", "GET"),
    ("/admin/users/add", "GET POST"),
    ("/admin/users/ID", "GET"),
    ("/admin/users/ID/rename", "GET POST"),
    ("/admin/users/ID/details", "GET POST"),
    ("/admin/users/ID/made-link", "GET"),
    ("/admin/users/ID/reset-factors", "GET POST"),
    ("/admin/users/ID/enrolment-link", "GET POST"),
    ("/admin/users/ID/ID", "GET POST"),
    ("/admin/users/ID/disable", "GET POST"),
    ("/account/activity", "GET"),
    ("/account/mail", "GET POST"),
    ("/account/mail/ID", "GET POST"),
    ("/admin/users/ID/groups", "GET POST"),
    ("/admin/groups", "GET"),
    ("/admin/groups/add", "GET POST"),
    ("/admin/groups/ID", "GET POST"),
    ("/admin/groups/ID/remove", "GET POST"),
    ("/admin/groups/ID/people/ID/remove", "POST"),
    ("/admin/apps", "GET"),
    ("/admin/apps/add", "GET POST"),
    ("/admin/apps/ID", "GET POST"),
    ("/admin/apps/ID/openid", "GET POST"),
    ("/admin/apps/ID/remove", "GET POST"),
    ("/admin/apps/ID/test-sign-out", "POST"),
    ("/admin/audit", "GET"),
    ("/admin/about", "GET"),
    ("/admin/doctor", "GET"),
    ("/admin/nodes", "GET"),
    ("/link/ID", "GET POST"),
    ("/not-me/ID", "GET POST"),
    ("/forgot-password", "GET POST"),
    ("/sign-in-help", "GET"),
    ("/openapi", "GET HEAD"),
    ("/openapi.json", "GET HEAD"),
    ("/robots.txt", "GET"),
    ("/language", "POST"),
    ("/ID", "GET"),
    ("/account/ID", "GET"),
    ("/.well-known/ID", "GET"),
    ("/admin/sessions/ID/ID", "POST"),
    ("*", "OPTIONS"),
];

/// Paths whose POST hashes a password.
const HASHING: [&str; 3] = ["/login", "/confirm", "/change-password"];
/// Paths at which a good token may end its own session, or all, or add and change users: few requests there show one.
const ENDING: [&str; 12] = [
    "/logout",
    "/end-session/confirm",
    "/revoke",
    "/admin/sessions/end",
    "/account/sessions/ID/end",
    "/admin/sessions/ID/end",
    "/admin/users/add",
    "/admin/users/ID/rename",
    "/admin/users/ID/details",
    "/admin/users/ID/reset-factors",
    "/admin/users/ID/ID",
    "/admin/users/ID/disable",
];

const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "QUERY", "get"];

/// Odd values, escaped as in an address or a form.
const ODD: [&str; 44] = [
    "",
    "x",
    "ana",
    "adm",
    "nobody",
    "%00",
    "%ff",
    "%c0%af",
    "%ed%a0%80",
    "%zz",
    "%",
    "%2",
    "%2e%2e%2f",
    "..",
    ".",
    "..;",
    ";x=y",
    "%0d%0a",
    "%0d%0aset-cookie:%20x=y",
    "%09",
    "%20",
    "+",
    "%25%32%66",
    "-1",
    "0",
    "1e400",
    "NaN",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999999999999999999999999",
    "-9223372036854775808.x",
    "1795374306.5116c888-ce76-4ff6-a98a-27f9b8a1d0f9",
    "00000000-0000-0000-0000-000000000000",
    "{00000000-0000-0000-0000-000000000000}",
    "2026-11-25T10:00",
    "2026-13-45T99:99:99",
    "-009999-01-01T00:00",
    "9999-12-31T23:59:60",
    "'%20or%201=1--",
    "%3Cscript%3E",
    "%F0%9F%98%80%CC%81%E2%80%AE",
    "//e.example",
    "others",
    "all",
];

const FIELDS: [&str; 26] = [
    "next",
    "back",
    "lang",
    "scope",
    "user",
    "ip",
    "from",
    "until",
    "since",
    "reason",
    "state",
    "before",
    "jwt",
    "v",
    "csrf_token",
    "username",
    "password",
    "remember",
    "current_password",
    "new_password",
    "new_password_again",
    "end_others",
    "token",
    "token_type_hint",
    "client_id",
    "client_secret",
];

const JSON_VALUES: [&str; 20] = [
    "null",
    "true",
    "0",
    "-0",
    "1e400",
    "-1e-400",
    "123456789012345678901234567890",
    "1.7976931348623157e309",
    "\"\"",
    "\"x\"",
    "\"ana\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\\u202e\"",
    "[]",
    "{}",
    "[[[[]]]]",
    "{\"a\":{\"a\":1}}",
    "NaN",
    "'x'",
];

const CONTENT_TYPES: [&str; 16] = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/json",
    "application/json",
    "application/json; charset=\"",
    "application/vnd.x+json",
    "Application/JSON",
    "text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "application/",
    "/",
    "",
    ";",
    "application/json, text/html",
];

/// Headers with the values that they may hold. Characters beyond ASCII are sent as single bytes, as Latin-1.
const HEADERS: [(&str, &[&str]); 24] = [
    ("accept", &["text/html", "*/*", "application/json", "text/html;q=0", "", ",,;q=x", "\u{e9}", "text/html\u{ff}"]),
    (
        "accept-language",
        &["es", "de, en;q=0.5", "*", "xx-YY-zz;q=9", "q=;;,,", "en;q=NaN", "\u{ff}", "a-b-c-d-e-f-g-h-i"],
    ),
    ("accept-encoding", &["gzip", "br;q=1.0, *;q=0", "identity;q=0", ""]),
    (
        "user-agent",
        &["", "Mozilla/5.0", "Mozilla/5.0 (", "curl/8", "\u{ff}\u{fe}", "((((((", "Chrome/ Firefox/ Safari/"],
    ),
    ("sec-fetch-site", &["same-origin", "same-origin", "none", "cross-site", "", "\u{ff}"]),
    ("sec-fetch-mode", &["navigate", "navigate", "cors", "no-cors", ""]),
    ("sec-fetch-dest", &["document", "iframe", "image", ""]),
    ("origin", &["null", "http://e.example", "http://127.0.0.1", "", "http://[", "\u{ff}"]),
    ("referer", &["http://e.example/", "http://127.0.0.1/login", "about:blank", "", "::::"]),
    ("x-csrf-token", &["x", "", "\u{ff}", "00000000-0000-0000-0000-000000000000"]),
    ("x-forwarded-for", &["1.2.3.4", "::1", "x, y, z", ",,,", "1.2.3.4:99999", "[::1", "\u{ff}", "unknown"]),
    ("x-forwarded-proto", &["https", "javascript", ""]),
    ("x-forwarded-host", &["e.example", "", "\u{ff}"]),
    ("forwarded", &["for=1.2.3.4", "for=\"[::1]:x\";host=e.example", ";;;==", "for=_x, for=\"", "\u{ff}"]),
    ("x-real-ip", &["1.2.3.4", "x"]),
    ("x-http-method-override", &["DELETE", "POST"]),
    ("x-request-id", &["x", "\u{ff}", "00000000000000000000000000000000"]),
    ("if-none-match", &["*", "\"x\"", "W/\"", ","]),
    ("if-modified-since", &["Wed, 25 Nov 2026 10:00:00 GMT", "x", "0"]),
    ("range", &["bytes=0-0", "bytes=-1", "bytes=9-1,2-", "x"]),
    ("content-encoding", &["gzip", "br", "identity", "x", ""]),
    ("expect", &["100-continue"]),
    ("te", &["trailers", "gzip"]),
    ("cache-control", &["no-cache", "max-age=x"]),
];

struct Request {
    bytes: Vec<u8>,
    is_head: bool,
    has_body: bool,
    /// Whether it is valid HTTP: only then must there be an answer.
    well_formed: bool,
    hashes: bool,
}

struct Maker<'a> {
    random: Random,
    shown: &'a Shown,
    /// Whether this request may show tokens that are good.
    good: bool,
}

impl Maker<'_> {
    fn request(&mut self) -> Request {
        let (template, methods) = ROUTES[self.random.below(ROUTES.len())];
        let methods: Vec<_> = methods.split(' ').collect();
        let method = if self.random.percent(85) { self.random.pick(&methods) } else { self.random.pick(&METHODS) };
        self.good = !ENDING.contains(&template) || self.random.percent(2);
        let mut head = Vec::new();
        let target = self.target(template);
        push(&mut head, &format!("{method} {target} HTTP/1.1\r\nhost: "));
        push(&mut head, self.random.pick(&["x", "127.0.0.1", "login.example:1", "[::1]", "\u{ff}", "a/b"]));
        push(&mut head, "\r\n");
        for _ in 0..self.random.below(6) {
            let (name, values) = HEADERS[self.random.below(HEADERS.len())];
            let value = self.random.pick(values);
            push(&mut head, &format!("{name}: {value}\r\n"));
        }
        if self.random.percent(45) {
            let authorization = self.authorization();
            push(&mut head, &format!("authorization: {authorization}\r\n"));
        }
        if self.random.percent(60) {
            self.cookie(&mut head);
        }
        if self.random.percent(15) {
            let value = self.csrf_value();
            push(&mut head, &format!("x-csrf-token: {value}\r\n"));
        }
        if self.random.percent(1) {
            push(&mut head, &format!("x-long: {}\r\n", "y".repeat(self.random.below(20_000))));
        }
        let is_hashing = HASHING.contains(&template) && method == "POST";
        let has_body = !matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE") || self.random.percent(5);
        // A whole form or object has a password hashed there, which is slow by intent: so few are whole.
        let whole = is_hashing && self.random.percent(25);
        let body = match has_body {
            true => self.body(&mut head, whole),
            false => Vec::new(),
        };
        // Some tokens and ids hold characters that no address may hold, and Actix takes no address above 64 kB.
        let mut well_formed = target.bytes().all(|byte| byte.is_ascii_graphic()) && target.len() < 60_000;
        if self.random.percent(2) {
            well_formed = false;
            for _ in 0..=self.random.below(3) {
                let at = self.random.below(head.len());
                head[at] = self.random.pick(&[b"\0", b"\r", b"\n", b" ", b":", b"\xff", b"/", b"\t"])[0];
            }
        }
        let chunked = has_body && self.random.percent(10);
        let mut bytes = head;
        match (has_body, chunked) {
            (true, true) => {
                push(&mut bytes, "transfer-encoding: chunked\r\n\r\n");
                for chunk in body.chunks(1 + self.random.below(400)) {
                    push(&mut bytes, &format!("{:x}\r\n", chunk.len()));
                    bytes.extend_from_slice(chunk);
                    push(&mut bytes, "\r\n");
                }
                push(&mut bytes, "0\r\n\r\n");
            }
            (true, false) => {
                push(&mut bytes, &format!("content-length: {}\r\n\r\n", body.len()));
                bytes.extend_from_slice(&body);
            }
            (false, _) => push(&mut bytes, "\r\n"),
        }
        Request { bytes, is_head: method == "HEAD", has_body, well_formed, hashes: whole }
    }

    fn target(&mut self, template: &str) -> String {
        let mut target = String::new();
        for (number, piece) in template.split("ID").enumerate() {
            if number > 0 {
                let id = self.id();
                target.push_str(&id);
            }
            target.push_str(piece);
        }
        if target == "*" {
            return target;
        }
        match self.random.below(40) {
            0 => target.push('/'),
            1 => target.insert(0, '/'),
            2 => target = target.to_uppercase(),
            3 => target.push_str(self.random.pick(&ODD)),
            4 => {
                // Escapes a letter that nobody would escape.
                let at = 1 + self.random.below(target.len().max(2) - 1);
                if let Some(letter) = target.as_bytes().get(at).copied() {
                    target.replace_range(at..=at, &format!("%{letter:02X}"));
                }
            }
            5 => target = format!("http://e.example{target}"),
            _ => {}
        }
        if self.random.percent(40) {
            target.push('?');
            let fields = self.fields();
            target.push_str(&fields);
        }
        target
    }

    fn id(&mut self) -> String {
        let known = &self.shown.sids[self.random.below(self.shown.sids.len())];
        match self.random.below(10) {
            0..4 => known.clone(),
            4 => known.to_uppercase(),
            5 => known[..self.random.below(known.len())].to_owned(),
            6 => format!("{known}{}", self.random.pick(&ODD)),
            7 => "a".repeat(self.random.below(3000)),
            _ => self.random.pick(&ODD).to_owned(),
        }
    }

    fn fields(&mut self) -> String {
        let mut fields = String::new();
        for _ in 0..self.random.below(5) {
            let name = self.random.pick(&FIELDS);
            let value = self.value(name);
            let between = self.random.pick(&["=", "=", "=", "=", "=", "", "==", "[]="]);
            fields.push_str(&format!("{name}{between}{value}&"));
        }
        if self.random.percent(70) {
            fields.pop();
        }
        fields
    }

    fn value(&mut self, field: &str) -> String {
        match field {
            "csrf_token" => self.csrf_value(),
            "jwt" | "token" if self.random.percent(50) => self.token(),
            // There is no arm for passwords, so that they are never right: changing one is another test's subject.
            "lang" if self.random.percent(40) => self.random.pick(&["es", "en", "de"]).to_owned(),
            "next" | "back" if self.random.percent(40) => ROUTES[self.random.below(ROUTES.len())].0.to_owned(),
            _ if self.random.percent(2) => self.random.pick(&["a", "%41", "+", "9"]).repeat(self.random.below(4000)),
            _ => self.random.pick(&ODD).to_owned(),
        }
    }

    fn csrf_value(&mut self) -> String {
        let (_, _, value) = &self.shown.cookies[self.random.below(self.shown.cookies.len())];
        match self.good && self.random.percent(60) {
            true => value.clone(),
            false => self.random.pick(&["", "x", "%ff", "00000000-0000-0000-0000-000000000000"]).to_owned(),
        }
    }

    /// A token: a real one, or a false one made of real ones.
    fn token(&mut self) -> String {
        let token = match self.random.percent(70) {
            true => self.shown.bearer[self.random.below(self.shown.bearer.len())].clone(),
            false => self.shown.cookies[self.random.below(self.shown.cookies.len())].0.clone(),
        };
        if self.good && self.random.percent(50) {
            return token;
        }
        let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        match self.random.below(12) {
            0 => token[..self.random.below(token.len())].to_owned(),
            1 => format!("{token}{}", self.random.pick(&["=", ".", ".x", " ", "\u{ff}", "%00"])),
            2 => {
                parts.swap(0, 1);
                parts.join(".")
            }
            3 => {
                parts[2] = String::new();
                parts.join(".")
            }
            4 => {
                // {"alg":"none"}
                parts[0] = "eyJhbGciOiJub25lIn0".into();
                parts.join(".")
            }
            5 => {
                let other = &self.shown.bearer[self.random.below(self.shown.bearer.len())];
                parts[1] = other.split('.').nth(1).unwrap().to_owned();
                parts[2].push('A');
                parts.join(".")
            }
            6 => {
                let text = self.random.pick(&["{}", "[]", "{\"alg\":\"HS256\",\"crit\":[]}", "\0", "{\"alg\":1e999}"]);
                parts[self.random.below(2)] = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
                parts.join(".")
            }
            7 => self.random.pick(&["", ".", "..", "...", "a.b.c", "null", "undefined"]).to_owned(),
            8 => "x".repeat(self.random.below(9000)),
            9 => format!("{token},{token}"),
            10 => parts[1].clone(),
            _ => {
                let at = self.random.below(token.len());
                let mut bytes = token.into_bytes();
                bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
                String::from_utf8(bytes).unwrap()
            }
        }
    }

    fn authorization(&mut self) -> String {
        let token = self.token();
        match self.random.below(20) {
            0 => "Bearer".into(),
            1 => format!("bearer {token}"),
            2 => format!("Bearer  {token}"),
            3 => format!("Bearer {token} {token}"),
            4 => format!("Bearer{token}"),
            5 => format!("JWT {token}"),
            6 => format!("Bearer {token}, Basic x"),
            7 => self
                .random
                .pick(&["Basic", "Basic =", "Basic OjpAOg==", "Basic /w==", "Basic \u{ff}", "Digest x=\""])
                .into(),
            8 if self.good => self.shown.app.clone(),
            8 => format!("Basic {}", STANDARD.encode("shop:x")),
            9 => "\u{ff}".into(),
            _ => format!("Bearer {token}"),
        }
    }

    fn cookie(&mut self, head: &mut Vec<u8>) {
        push(head, "cookie: ");
        if self.good && self.random.percent(60) {
            let (access, refresh, value) = &self.shown.cookies[self.random.below(self.shown.cookies.len())];
            // A refresh token never goes without its access token: it would be used up and, shown again, be taken for a thief's.
            push(head, &format!("access_token_cookie={access}; csrf_access_token={value}; "));
            if self.random.percent(30) {
                push(head, &format!("refresh_token_cookie={refresh}; csrf_refresh_token={value}; "));
            }
        }
        for _ in 0..self.random.below(4) {
            let name = self.random.pick(&[
                "access_token_cookie",
                "refresh_token_cookie",
                "portero_form",
                "portero_language",
                "portero_was_here",
                "csrf_access_token",
                "x",
                "",
                "\u{ff}",
                "__Host-access_token_cookie",
            ]);
            let good = std::mem::replace(&mut self.good, false);
            let value = match self.random.percent(30) {
                true => self.token(),
                false => self.random.pick(&ODD).to_owned(),
            };
            self.good = good;
            let between = self.random.pick(&["=", "=", "=", "", "=\"", "=="]);
            push(head, &format!("{name}{between}{value}; "));
        }
        push(head, "\r\n");
    }

    /// A body; its type is added to the head. `whole`: with every field that Portero's forms or a
    /// program would send, but wrong values.
    fn body(&mut self, head: &mut Vec<u8>, whole: bool) -> Vec<u8> {
        if whole {
            let json = self.random.percent(50);
            let kind = if json { "application/json" } else { "application/x-www-form-urlencoded" };
            push(head, &format!("content-type: {kind}\r\n"));
            let value = self.csrf_value();
            let user = self.random.pick(&["nobody", "mallory", "%00", "a%20b"]);
            return match (json, self.random.below(3)) {
                (true, 0) => format!("{{\"username\":\"{user}\",\"password\":\"wrong\"}}"),
                (true, 1) => "{\"password\":\"wrong\"}".into(),
                (true, _) => "{\"current_password\":\"wrong\",\"new_password\":\"verde que te quiero\"}".into(),
                (false, 0) => format!("csrf_token={value}&username={user}&password=wrong&remember=on"),
                (false, 1) => format!("csrf_token={value}&password=wrong&next=/account"),
                (false, _) => format!(
                    "csrf_token={value}&current_password=wrong&new_password=verde+que+te+quiero&new_password_again=x"
                ),
            }
            .into_bytes();
        }
        if self.random.percent(90) {
            let content_type = self.random.pick(&CONTENT_TYPES);
            push(head, &format!("content-type: {content_type}\r\n"));
        }
        let mut body = match self.random.below(12) {
            0..5 => self.fields().into_bytes(),
            5..8 => self.json().into_bytes(),
            8 => {
                let depth = self.random.below(6000);
                self.random.pick(&["[", "{\"a\":", "[[],", "{\"username\":[", "\"\\u"]).repeat(depth).into_bytes()
            }
            9 => (0..self.random.below(300)).map(|_| self.random.next() as u8).collect(),
            10 => format!("{{\"password\":{}}}", "9".repeat(self.random.below(12_000))).into_bytes(),
            _ => vec![self.random.pick(&[b"a", b"&", b"=", b"%", b"\0", b"\xff"])[0]; self.random.below(20_000)],
        };
        if self.random.percent(15) && !body.is_empty() {
            body.truncate(self.random.below(body.len()));
        }
        if self.random.percent(15) && !body.is_empty() {
            let at = self.random.below(body.len());
            body[at] = self.random.next() as u8;
        }
        body
    }

    fn json(&mut self) -> String {
        let mut members = Vec::new();
        for _ in 0..self.random.below(4) {
            let name = self.random.pick(&FIELDS);
            let value = match name {
                "token" | "jwt" => format!("\"{}\"", self.token()),
                _ => self.random.pick(&JSON_VALUES).to_owned(),
            };
            members.push(format!("\"{name}\":{value}"));
        }
        let between = self.random.pick(&[",", ",", ",", ",,", ""]);
        format!("{{{}}}", members.join(between))
    }
}

/// Appends the text as Latin-1, so that it can hold any byte that a head can.
fn push(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()));
}

#[derive(Debug)]
struct Answered {
    status: u16,
    head: String,
    body: Vec<u8>,
    closes: bool,
}

/// A connection, which is kept as long as the server keeps it.
struct Line {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
    /// Whether the server may have closed the connection after the last answer, as it does if it has not read a body.
    may_be_closed: bool,
    /// The request before on the same connection: if an answer is missing, that one may be the cause.
    previous: Vec<u8>,
    opened: usize,
}

impl Line {
    fn send(&mut self, request: &Request) -> Result<Answered, String> {
        let was_open = self.stream.is_some();
        let result = self.try_send(request);
        if result.is_err() {
            self.stream = None;
            if was_open && self.may_be_closed {
                return self.try_send(request);
            }
        }
        result
    }

    fn try_send(&mut self, request: &Request) -> Result<Answered, String> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                self.opened += 1;
                self.previous.clear();
                let stream = TcpStream::connect(self.address).map_err(|error| error.to_string())?;
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                stream.set_nodelay(true).unwrap();
                BufReader::new(stream)
            }
        };
        // A server that refuses a body early may stop reading; what counts is its answer.
        drop(stream.get_mut().write_all(&request.bytes));
        let answer = loop {
            let answer = read_answer(&mut stream, request.is_head)?;
            if answer.status >= 200 {
                break answer;
            }
        };
        self.may_be_closed = request.has_body;
        self.previous.clone_from(&request.bytes);
        if !answer.closes && request.well_formed {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

fn read_answer(stream: &mut BufReader<TcpStream>, is_head: bool) -> Result<Answered, String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_until(b'\n', &mut head) {
            Ok(0) => return Err(format!("closed after {:?}", String::from_utf8_lossy(&head))),
            Ok(_) => {}
            Err(error) => return Err(format!("{error} after {:?}", String::from_utf8_lossy(&head))),
        }
    }
    let head = String::from_utf8(head).map_err(|_| "a head that is not UTF-8")?.to_ascii_lowercase();
    let status = head.get(9..12).and_then(|code| code.parse().ok()).ok_or_else(|| format!("no status: {head}"))?;
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let length = field("content-length:").map(|length| length.parse().unwrap());
    if field("transfer-encoding:").is_some() {
        return Err(format!("an answer in chunks, which nothing of ours is: {head}"));
    }
    let mut body = vec![0; if is_head || status < 200 { 0 } else { length.unwrap_or(0) }];
    stream.read_exact(&mut body).map_err(|error| format!("{error} in the body after {head}"))?;
    let closes = field("connection:") == Some("close");
    Ok(Answered { status, head, body, closes })
}

/// What is wrong with an answer; `None`: nothing is.
fn fault(request: &Request, answer: &Answered) -> Option<String> {
    if answer.status >= 500 {
        return Some(format!("an error of ours: {}", answer.status));
    }
    // What Actix refuses before it is a request has no id; everything else has passed through Portero.
    if request.well_formed && !answer.head.contains("\nx-request-id: ") {
        return Some("an answer without its id".into());
    }
    if answer.head.contains("\nset-cookie: x=y") {
        return Some("a header that was smuggled in".into());
    }
    let told = String::from_utf8_lossy(&answer.body);
    let inner = ["panicked", "diesel", "sqlite", "src/", ".rs:", "unwrap()"];
    // The admin's page about the installation names the database.
    let told = told.replace("sqlite:", "");
    inner.iter().find(|word| told.contains(**word)).map(|word| format!("it tells of our inside: {word}"))
}

#[derive(Default)]
struct Tally {
    by_status: std::collections::BTreeMap<u16, usize>,
    hashes: usize,
    opened: usize,
    signed_in_anew: usize,
    failures: Vec<String>,
}

fn bombard(app: &TestApp, credentials: &str, seed: u64, count: usize) -> Tally {
    let mut tally = Tally::default();
    let mut shown = Shown::sign_in(app, credentials);
    let mut random = Random::of(seed);
    let mut line = Line { address: app.address, stream: None, may_be_closed: false, previous: Vec::new(), opened: 0 };
    for number in 0..count {
        if number % LOOK_EVERY == LOOK_EVERY - 1 && !shown.is_good(app) {
            shown = Shown::sign_in(app, credentials);
            tally.signed_in_anew += 1;
        }
        let mut maker = Maker { random, shown: &shown, good: true };
        let request = maker.request();
        random = maker.random;
        tally.hashes += usize::from(request.hashes);
        let failure = match line.send(&request) {
            Ok(answer) => {
                *tally.by_status.entry(answer.status).or_default() += 1;
                fault(&request, &answer).map(|fault| format!("{fault}\n{}", answer.head))
            }
            // If a request is hardly HTTP, the server may close without a word.
            Err(_) if !request.well_formed => None,
            Err(error) => {
                Some(format!("no answer: {error}\nbefore it: {:.600}", line.previous.escape_ascii().to_string()))
            }
        };
        if let Some(failure) = failure {
            let shown = request.bytes.escape_ascii().to_string();
            tally.failures.push(format!("request {number} of seed {seed}: {failure}\n{shown:.6000}"));
            if tally.failures.len() == 10 {
                break;
            }
        }
    }
    tally.opened = line.opened;
    tally
}

/// What none of the requests may change in the rows of the users.
fn rows(app: &TestApp) -> Vec<String> {
    ["ana", "adm", "mallory", "nobody"]
        .into_iter()
        .map(|name| {
            let name = Username::parse(name).unwrap();
            let found = app.accounts.db.read(|conn| users::find_by_name(conn, &name)).unwrap();
            found.map_or_else(String::new, |user| {
                let still = (user.id, user.username, user.password_hash, user.password_version, user.role);
                format!("{still:?} {:?} {:?} {:?}", user.disabled_at, user.tokens_valid_from, user.password_changed_at)
            })
        })
        .collect()
}

#[test]
fn every_route_is_among_those_that_get_the_requests() {
    for route in routes() {
        let mut pieces = route.path.split('{');
        let mut path = pieces.next().unwrap().to_owned();
        for piece in pieces {
            path.push_str("ID");
            path.push_str(piece.split_once('}').unwrap().1);
        }
        let Some((_, methods)) = ROUTES.iter().find(|(known, _)| *known == path) else { panic!("ROUTES lacks {path}") };
        for method in route.methods {
            assert!(methods.split(' ').any(|known| known == method), "ROUTES lacks {method} {path}");
        }
    }
}

#[test]
fn no_request_of_tens_of_thousands_is_an_error_of_ours_or_changes_what_it_may_not() {
    let count = number_from("PORTERO_TEST_REQUESTS").map_or(50_000, |count| usize::try_from(count).unwrap());
    let seed = number_from("PORTERO_TEST_SEED").unwrap_or(20_261_125);
    // The server runs in this very process, so that no panic of its threads can hide behind an answer. Not counted
    // are the threads of other tests, which `cargo test` runs in this process too and names after their paths.
    let panics = Arc::new(AtomicUsize::new(0));
    let (counted, before) = (Arc::clone(&panics), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |info| {
        if !std::thread::current().name().is_some_and(|name| name.contains("::")) {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        before(info);
    }));
    let app = TestApp::with(&[("throttle", "off")]);
    app.add_user("ana");
    app.add_admin("adm");
    let credentials = add_client(&app.accounts, operator(), "shop").committed().unwrap().unwrap();
    let credentials = format!("Basic {}", STANDARD.encode(format!("{}:{}", credentials.id, credentials.secret)));
    // A first sign-in may hash the password again and store that.
    let rows_before = {
        app.tokens("ana");
        app.tokens("adm");
        rows(&app)
    };

    let began = Instant::now();
    let tallies: Vec<_> = std::thread::scope(|scope| {
        let share = count / THREADS as usize;
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let (app, credentials) = (&app, &credentials);
                scope.spawn(move || bombard(app, credentials, seed.wrapping_add(number), share))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for tally in &tallies {
        println!(
            "{:?}: {} hashes, {} connections, signed in anew {} times",
            tally.by_status, tally.hashes, tally.opened, tally.signed_in_anew
        );
    }
    println!("{count} requests of seed {seed} in {:?}", began.elapsed());
    let failures: Vec<_> = tallies.iter().flat_map(|tally| &tally.failures).map(String::as_str).collect();
    assert!(failures.is_empty(), "PORTERO_TEST_SEED={seed} repeats these:\n{}", failures.join("\n\n"));
    assert_eq!(panics.load(Ordering::Relaxed), 0, "PORTERO_TEST_SEED={seed} repeats the panics above");

    assert_eq!(rows(&app), rows_before);
    // Whatever limit on tries the requests may have run into is over after a day.
    app.clock.advance(24 * 3600);
    for name in ["ana", "adm"] {
        let answer = app.browser().sign_in(name, PASSWORD);
        assert_eq!(answer.status, 303, "{name}: {}", answer.body);
        assert!(app.signed_in(name).is_signed_in());
    }
    assert_eq!(app.signed_in("adm").get("/admin/sessions").status, 200);
}
