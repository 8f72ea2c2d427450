//! An app that speaks OpenID Connect, for the tests of several rooms: what it sends, and what it reads.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portero::accounts::apps::manage::{self, Added};
use portero::domain::{AppAlgorithm, AppId, AppName, AppRules, AppUri, OpenIdRules};
use serde_json::Value;

use crate::common::FORM;
use crate::support::{Answer, Browser, TestApp, claims, operator};

pub(crate) const VERIFIER: &str = "a verifier that is at least forty-three characters long";

pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// An app, and what it has been given.
pub(crate) struct Party<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) id: String,
    pub(crate) number: AppId,
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uri: String,
}

/// What the app is answered by way of the browser.
pub(crate) type Fields = BTreeMap<String, String>;

pub(crate) fn uri(text: &str) -> AppUri {
    AppUri::parse(text).unwrap()
}

/// A server with a user and a trusted app.
pub(crate) fn server() -> TestApp {
    let app = TestApp::start();
    app.add_user("ana");
    app
}

impl<'a> Party<'a> {
    pub(crate) fn trusted(app: &'a TestApp, name: &str) -> Self {
        Self::with(app, name, |rules| rules.openid.is_trusted = true)
    }

    pub(crate) fn with(app: &'a TestApp, name: &str, change: impl FnOnce(&mut AppRules)) -> Self {
        let redirect_uri = format!("https://{name}.example.org/callback");
        let openid = OpenIdRules { redirect_uris: vec![uri(&redirect_uri)], ..OpenIdRules::default() };
        let mut rules = AppRules { openid, ..AppRules::default() };
        change(&mut rules);
        let algorithm = rules.openid.algorithm;
        let redirect_uri = rules.openid.redirect_uris[0].as_str().to_owned();
        let name = AppName::parse(name).unwrap();
        let added = manage::add(&app.accounts, operator(), name, rules).committed().unwrap();
        let Added { id, credentials } = added.ok().unwrap();
        let all = app.accounts.db.read(portero::store::apps::all).unwrap();
        let client_id = all.into_iter().find(|one| one.id == id).unwrap().client_id;
        app.make_app_keys_of(algorithm);
        Self { app, id: client_id, number: id, secret: credentials.map(|given| given.secret), redirect_uri }
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut AppRules) + Send + 'static) {
        assert!(manage::set(&self.app.accounts, operator(), self.number, change).committed().unwrap().unwrap());
    }

    /// The fields of a request, with these in the place of the usual ones; an empty value leaves one out.
    pub(crate) fn fields(&self, others: &[(&str, &str)]) -> Vec<(String, String)> {
        let challenge = challenge(VERIFIER);
        let usual = [
            ("client_id", self.id.as_str()),
            ("redirect_uri", &self.redirect_uri),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "a state"),
            ("nonce", "a nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let is_other = |name: &str| others.iter().any(|(other, _)| *other == name);
        let kept = usual.iter().filter(|(name, _)| !is_other(name));
        let all = kept.chain(others.iter().filter(|(_, value)| !value.is_empty()));
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    pub(crate) fn query(&self, others: &[(&str, &str)]) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.fields(others)).finish()
    }

    pub(crate) fn path(&self, others: &[(&str, &str)]) -> String {
        format!("/authorize?{}", self.query(others))
    }

    /// Sends the browser to Portero, as a link on the app's page does, and on as far as Portero's own pages lead.
    pub(crate) fn send(&self, browser: &mut Browser, others: &[(&str, &str)]) -> Answer {
        let from_app =
            [("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "document")];
        let mut answer = browser.get_with(&self.path(others), &from_app);
        for _ in 0..10 {
            if answer.status != 303 || !answer.location().starts_with('/') {
                return answer;
            }
            // Wherever it is led, the browser says that another site led it there.
            answer = browser.get_with(answer.location(), &from_app);
        }
        panic!("led about for ever");
    }

    /// Follows what leads about in Portero; what leads to the app is returned.
    pub(crate) fn follow(&self, browser: &mut Browser, answer: Answer) -> Answer {
        let mut answer = answer;
        for _ in 0..10 {
            if answer.status != 303 || !answer.location().starts_with('/') {
                return answer;
            }
            let location = answer.location().to_owned();
            answer = browser.get(&location);
        }
        panic!("led about for ever");
    }

    /// What the app reads of where the browser was led.
    pub(crate) fn read(&self, answer: &Answer) -> Fields {
        let rest = answer.location().strip_prefix(self.redirect_uri.as_str());
        let rest = rest.unwrap_or_else(|| panic!("{} is not led to the app: {}", answer.status, answer.location()));
        let fields: Fields = url::form_urlencoded::parse(&rest.as_bytes()[1..]).into_owned().collect();
        assert_eq!(fields["iss"], self.issuer());
        fields
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.app.address)
    }

    /// The code for whoever is signed in in this browser.
    pub(crate) fn code(&self, browser: &mut Browser, others: &[(&str, &str)]) -> String {
        let answer = self.send(browser, others);
        let fields = self.read(&answer);
        fields.get("code").unwrap_or_else(|| panic!("no code: {fields:?}")).clone()
    }

    /// The error of a request in this browser.
    pub(crate) fn error(&self, browser: &mut Browser, others: &[(&str, &str)]) -> String {
        let answer = self.send(browser, others);
        let fields = self.read(&answer);
        assert!(!fields.contains_key("code"), "{fields:?}");
        fields["error"].clone()
    }

    pub(crate) fn authorization(&self) -> Option<String> {
        let secret = self.secret.as_ref()?;
        Some(format!("Basic {}", STANDARD.encode(format!("{}:{secret}", self.id))))
    }

    /// A form from the app itself, by which it says who it is in the usual way.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let authorization = self.authorization();
        let mut headers = vec![FORM];
        match &authorization {
            Some(authorization) => headers.push(("authorization", authorization)),
            None => drop(form.append_pair("client_id", &self.id)),
        }
        self.app.client().send("POST", path, None, &headers, form.finish().as_bytes())
    }

    pub(crate) fn redeem(&self, code: &str) -> Answer {
        self.redeem_with(code, &[])
    }

    /// With these fields in the place of the usual ones; an empty value leaves one out.
    pub(crate) fn redeem_with(&self, code: &str, others: &[(&str, &str)]) -> Answer {
        let usual = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        let is_other = |name: &str| others.iter().any(|(other, _)| *other == name);
        let kept = usual.iter().filter(|(name, _)| !is_other(name));
        let all: Vec<_> = kept.chain(others.iter().filter(|(_, value)| !value.is_empty())).copied().collect();
        self.post("/token", &all)
    }

    /// All that the app is given for whoever is signed in in this browser.
    pub(crate) fn tokens(&self, browser: &mut Browser, others: &[(&str, &str)]) -> Value {
        let code = self.code(browser, others);
        let answer = self.redeem(&code);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    pub(crate) fn refresh(&self, token: &str) -> Answer {
        self.post("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    pub(crate) fn userinfo(&self, access: &str) -> Answer {
        self.app.client().get("/userinfo", Some(access))
    }

    /// Whether what an access token stands for still holds.
    pub(crate) fn is_open(&self, tokens: &Value) -> bool {
        let answer = self.userinfo(text(tokens, "access_token"));
        assert!(matches!(answer.status, 200 | 401), "{}", answer.body);
        answer.status == 200
    }

    /// The claims of an ID token that is good: signed by a key of Portero's for this algorithm, and for this app.
    pub(crate) fn id_token(&self, tokens: &Value) -> Value {
        let token = text(tokens, "id_token");
        let header = portero::tokens::unverified_header(token).unwrap();
        let algorithm = AppAlgorithm::parse(header["alg"].as_str().unwrap()).unwrap();
        let keys = self.app.accounts.app_keys.get(algorithm).unwrap();
        let verified = portero::tokens::verify_for_apps(&keys, "JWT", token).unwrap();
        let read = claims(token);
        assert_eq!(Value::Object(verified), read);
        assert_eq!((&read["iss"], &read["aud"]), (&self.issuer().into(), &self.id.as_str().into()));
        read
    }
}

pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}"))
}

/// The error of an answer to an app.
pub(crate) fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["error"].as_str().unwrap_or_default().to_owned())
}
