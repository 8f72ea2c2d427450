//! How requests are sent to either side, and what is compared of an answer.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::Facts;
use crate::support::{Answer, Browser, Client};

pub(super) const VERIFIER: &str = "a-verifier-that-is-at-least-forty-three-characters-long";
/// The SHA-256 of [`VERIFIER`] in base64url.
pub(super) const CHALLENGE: &str = "fHqnnK8JVGn9Act2vp52KGPBGNKHlxFsjRMgelmsfzI";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Clone, Debug)]
pub(super) struct App {
    pub(super) id: String,
    /// Empty for a public one.
    pub(super) secret: String,
    pub(super) redirect_uri: String,
}

impl App {
    pub(super) fn home(&self) -> String {
        self.redirect_uri.replace("callback", "")
    }
}

/// Which of the apps.
pub(super) const WIKI: usize = 0;
pub(super) const CAMERA: usize = 1;
pub(super) const SCRIPT: usize = 2;

pub(super) type Fields = Vec<(String, String)>;

pub(super) fn fields(of: &[(&str, &str)]) -> Fields {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn encoded(fields: &Fields) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Where a request of an app's led the browser.
pub(super) enum Led {
    /// To a page of the provider's own, which asks for this.
    Asked(&'static str, Answer),
    /// Nowhere: the person is told here.
    Here(Answer),
    /// To the app, with these fields, carried so.
    App(&'static str, Fields),
}

/// One of the two providers.
pub(super) struct Side {
    base: String,
    is_portero: bool,
    /// In which ana is signed in.
    ana: Browser,
    address: SocketAddr,
    client: Client,
    pub(super) apps: Vec<App>,
    /// What was given for a sign-in at the wiki.
    pub(super) given: Value,
}

impl Side {
    pub(super) fn portero(address: SocketAddr, apps: Vec<App>, password: &str) -> Self {
        let mut side = Self::new(address, apps, true);
        assert_eq!(side.ana.sign_in("ana", password).status, 303);
        side.given = side.tokens(WIKI);
        side
    }

    pub(super) fn oracle(address: SocketAddr, apps: Vec<App>) -> Self {
        let mut side = Self::new(address, apps, false);
        side.given = side.tokens(WIKI);
        side
    }

    fn new(address: SocketAddr, apps: Vec<App>, is_portero: bool) -> Self {
        Self {
            base: format!("http://{address}"),
            is_portero,
            ana: Browser::at(address),
            address,
            client: Client::at(address),
            apps,
            given: Value::Null,
        }
    }

    /// The fields of a usual request, with these in the place of some; an empty value leaves one out.
    pub(super) fn request(&self, app: usize, others: &[(&str, &str)]) -> Fields {
        let app = &self.apps[app];
        let usual = fields(&[
            ("client_id", &app.id),
            ("redirect_uri", &app.redirect_uri),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "a state"),
            ("nonce", "a nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let is_other = |name: &str| others.iter().any(|(other, _)| *other == name);
        let kept = usual.into_iter().filter(|(name, _)| !is_other(name));
        kept.chain(fields(others).into_iter().filter(|(_, value)| !value.is_empty())).collect()
    }

    /// Sends a browser with this request: ana's, or that of somebody whom the provider does not know.
    pub(super) fn lead(&mut self, is_ana: bool, request: &Fields) -> Led {
        let path = format!("/authorize?{}", encoded(request));
        self.follow(is_ana, |browser| {
            let from_app =
                [("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "document")];
            browser.get_with(&path, &from_app)
        })
    }

    /// Sends a request by a form of the app's page.
    pub(super) fn lead_by_post(&mut self, request: &Fields) -> Led {
        let body = encoded(request);
        self.follow(true, |browser| {
            let headers = [("content-type", FORM), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site")];
            browser.send("POST", "/authorize", &headers, body.as_bytes())
        })
    }

    fn follow(&mut self, is_ana: bool, first: impl FnOnce(&mut Browser) -> Answer) -> Led {
        let mut somebody = Browser::at(self.address);
        let browser = if is_ana { &mut self.ana } else { &mut somebody };
        let mut answer = first(browser);
        for _ in 0..10 {
            let to = answer.location().strip_prefix(&self.base).unwrap_or(answer.location()).to_owned();
            if !(300..400).contains(&answer.status) {
                return led_to(answer);
            }
            if !to.starts_with('/') {
                assert_eq!(answer.status, 303, "{to}");
                let (how, joint) = if to.contains('#') { ("fragment", '#') } else { ("query", '?') };
                let text = to.split_once(joint).map_or("", |(_, text)| text);
                return Led::App(how, url::form_urlencoded::parse(text.as_bytes()).into_owned().collect());
            }
            answer = browser.get(&to);
        }
        panic!("led about for ever");
    }

    /// A code for ana, who agrees to whatever she is asked.
    pub(super) fn code(&mut self, app: usize, others: &[(&str, &str)]) -> String {
        let request = self.request(app, others);
        let mut led = self.lead(true, &request);
        for _ in 0..3 {
            match led {
                Led::App(_, fields) => {
                    let code = fields.iter().find(|(name, _)| name == "code");
                    return code.unwrap_or_else(|| panic!("no code: {fields:?}")).1.clone();
                }
                Led::Here(answer) => panic!("{answer:?}"),
                Led::Asked(_, page) => led = self.agree(&page),
            }
        }
        panic!("asked for ever");
    }

    fn agree(&mut self, page: &Answer) -> Led {
        if self.is_portero {
            let kept = page.body.split_once("name=\"kept\" value=\"").unwrap().1;
            let kept = kept.split_once('"').unwrap().0.to_owned();
            return self
                .follow(true, |browser| browser.post("/authorize/consent", &[("kept", &kept), ("decision", "allow")]));
        }
        // The page's own address is the browser's last.
        let at = page.header("x-interaction").unwrap().to_owned();
        self.follow(true, |browser| browser.get(&format!("{at}/yes")))
    }

    /// What is given for a sign-in of ana's, with all scopes and a refresh token.
    pub(super) fn tokens(&mut self, app: usize) -> Value {
        let scope = "openid profile email groups offline_access";
        let code = self.code(app, &[("scope", scope), ("prompt", "consent")]);
        let form = self.redemption(app, &code, &[]);
        let answer = self.call("/token", app, &form);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// The fields that redeem a code, with these in the place of some; an empty value leaves one out.
    pub(super) fn redemption(&self, app: usize, code: &str, others: &[(&str, &str)]) -> Fields {
        let usual = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.apps[app].redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        let is_other = |name: &str| others.iter().any(|(other, _)| *other == name);
        let kept = usual.iter().filter(|(name, _)| !is_other(name));
        fields(&kept.chain(others.iter().filter(|(_, value)| !value.is_empty())).copied().collect::<Vec<_>>())
    }

    /// The header by which an app says who it is.
    pub(super) fn basic(&self, app: usize) -> String {
        let App { id, secret, .. } = &self.apps[app];
        format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
    }

    /// Posts a form as this app does: with its secret by HTTP Basic, or with its id alone.
    pub(super) fn call(&self, path: &str, app: usize, form: &Fields) -> Answer {
        if self.apps[app].secret.is_empty() {
            let named = [form.clone(), fields(&[("client_id", &self.apps[app].id)])].concat();
            return self.post(path, &[], &named);
        }
        self.post(path, &[("authorization", &self.basic(app))], form)
    }

    pub(super) fn post(&self, path: &str, headers: &[(&str, &str)], form: &Fields) -> Answer {
        self.send("POST", path, &[&[("content-type", FORM)], headers].concat(), &encoded(form))
    }

    pub(super) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut answer = self.client.send(method, path, None, headers, body.as_bytes());
        // Which pages may read it is no question if no page asks.
        if !headers.iter().any(|(name, _)| *name == "origin") {
            answer.headers.retain(|(name, _)| name != "access-control-allow-origin");
        }
        answer
    }

    /// Has tokens given that no request has shown yet.
    pub(super) fn renew(&mut self) {
        self.given = self.tokens(WIKI);
    }

    /// One of the texts of what was given last.
    pub(super) fn given(&self, name: &str) -> String {
        self.given[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.given)).to_owned()
    }

    /// A text without this side's own address in it.
    pub(super) fn plain(&self, text: &str) -> String {
        text.replace(&self.base, "ISSUER")
    }
}

fn led_to(answer: Answer) -> Led {
    let body = &answer.body;
    let asked = |what, answer| Led::Asked(what, answer);
    if body.contains("\"asks\":\"login\"") || body.contains("name=\"password\"") {
        return asked("login", answer);
    }
    if body.contains("\"asks\":\"consent\"") || body.contains("value=\"allow\"") {
        return asked("consent", answer);
    }
    if let Some((_, form)) = body.split_once(".example.org/callback\"").filter(|(before, _)| before.contains("<form")) {
        let form = form.split("</form").next().unwrap_or_default();
        let inputs = form.split("<input").skip(1).filter_map(|input| {
            let read = |name: &str| {
                let rest = input.split_once(&format!("{name}=\""))?.1;
                Some(rest.split_once('"')?.0.replace("&amp;", "&"))
            };
            Some((read("name")?, read("value")?))
        });
        return Led::App("form_post", inputs.collect());
    }
    if answer.status >= 400 {
        return Led::Here(answer);
    }
    panic!("no page that is known: {answer:?}");
}

/// What is compared of where a request led to. `state`: as it was sent.
pub(super) fn led(side: &Side, led: Led, state: &str) -> Facts {
    let mut facts = Facts::new();
    let mut put = |name: &str, value: String| drop(facts.insert(name.into(), value));
    match led {
        Led::Asked(what, _) => put("led to", format!("a page that asks for {what}")),
        Led::Here(answer) => put("led to", format!("an error page, {}", answer.status)),
        Led::App(how, mut fields) => {
            fields.sort();
            put("led to", format!("the app, by {how}"));
            let names = fields.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "error_description");
            put("fields", names.collect::<Vec<_>>().join(" "));
            for (name, value) in &fields {
                match name.as_str() {
                    "error" => put("error", value.clone()),
                    "iss" => put("iss", side.plain(value)),
                    "state" => put("state", if value == state { "as sent".into() } else { value.clone() }),
                    _ => {}
                }
            }
        }
    }
    facts
}

/// What is compared of an answer to a program.
pub(super) fn told(side: &Side, answer: &Answer) -> Facts {
    let mut facts = Facts::new();
    let mut put = |name: &str, value: &str| drop(facts.insert(name.into(), value.to_owned()));
    put("status", &answer.status.to_string());
    for name in ["access-control-allow-origin", "allow"] {
        if let Some(value) = answer.header(name) {
            put(name, &side.plain(value));
        }
    }
    if !answer.body.is_empty() {
        let kind = answer.header("content-type").unwrap_or_default();
        put("content-type", kind.split(';').next().unwrap_or_default().trim());
    }
    put(
        "cache-control",
        if answer.header("cache-control").is_some_and(|value| value.contains("no-store")) {
            "no-store"
        } else {
            "not no-store"
        },
    );
    if let Some(challenge) = answer.header("www-authenticate") {
        let scheme = challenge.split(' ').next().unwrap_or_default();
        put("challenge", scheme);
        if let Some((_, rest)) = challenge.split_once("error=\"") {
            put("challenge's error", rest.split('"').next().unwrap_or_default());
        }
    }
    let Ok(Value::Object(body)) = serde_json::from_str(&answer.body) else { return facts };
    for name in body.keys().filter(|name| !["error", "error_description"].contains(&name.as_str())) {
        put(&format!("member {name}"), "there");
    }
    for name in
        ["error", "token_type", "expires_in", "scope", "active", "sub", "email_verified", "preferred_username", "name"]
    {
        if let Some(value) = body.get(name) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let mut words: Vec<_> = text.split(' ').collect();
            if name == "scope" {
                words.sort_unstable();
            }
            put(name, &words.join(" "));
        }
    }
    if let Some(token) = body.get("id_token").and_then(Value::as_str) {
        let part = |number: usize| -> Value {
            let part = token.split('.').nth(number).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let (header, claims) = (part(0), part(1));
        for name in header.as_object().unwrap().keys() {
            put(&format!("ID token's header {name}"), "there");
        }
        put("ID token's alg", header["alg"].as_str().unwrap());
        for name in claims.as_object().unwrap().keys() {
            put(&format!("ID token's claim {name}"), "there");
        }
        for name in ["iss", "nonce", "acr"] {
            if let Some(value) = claims[name].as_str() {
                put(&format!("ID token's {name}"), &side.plain(value));
            }
        }
        let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        put("ID token's life", &life.to_string());
    }
    facts
}
