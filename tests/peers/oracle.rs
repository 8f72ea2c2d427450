//! The real library is the oracle: Flask and Portero get the same options and the same request, and their answers are compared.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use portero::config::{Config, Overrides};
use portero::tokens::Key;
use portero::tokens::options::{Options, Secret};
use serde_json::{Map, Value, json};

use crate::cases::Case;
use crate::deviations::Deviations;
use crate::mirror::{Answers, Mirror};
use crate::support::TestApp;
use crate::{Python, Reply, Request, SECRET};

/// The library's defaults of those options for which Portero has another.
const LIBRARY_DEFAULTS: [(&str, &str); 3] =
    [("JWT_TOKEN_LOCATION", "headers"), ("JWT_CSRF_CHECK_FORM", "false"), ("JWT_SESSION_COOKIE", "true")];

pub(crate) struct Oracle {
    flask: Python,
    configured: Option<(Value, Value)>,
    portero: Option<(Value, TestApp)>,
    mirror: Option<((Value, Value), Mirror)>,
    deviations: Deviations,
}

impl Oracle {
    pub(crate) fn start() -> Self {
        let flask = Python::start("tests/peers/flask_app.py", |command, address| {
            command.arg(address.port().to_string());
        });
        Self { flask, configured: None, portero: None, mirror: None, deviations: Deviations::read() }
    }

    pub(crate) fn flask(&mut self, options: &Value, answers: &Value) -> SocketAddr {
        let wanted = (options.clone(), answers.clone());
        if self.configured.as_ref() != Some(&wanted) {
            let mut all = Map::from_iter([("JWT_SECRET_KEY".to_owned(), SECRET.into())]);
            all.extend(options.as_object().unwrap().clone());
            for (path, body) in [("/_options", &Value::Object(all)), ("/_hooks", answers)] {
                let reply = Request::new("POST", path).json(body).send(self.flask.address);
                assert_eq!(reply.status, 200, "{}", reply.body);
            }
            self.configured = Some(wanted);
        }
        self.flask.address
    }

    /// The address of the mirror: the same app, with Portero as its library.
    pub(crate) fn mirror(&mut self, options: &Value, answers: &Value) -> SocketAddr {
        let wanted = (options.clone(), answers.clone());
        if self.mirror.as_ref().map(|(has, _)| has) != Some(&wanted) {
            let answers: Answers = serde_json::from_value(answers.clone()).unwrap();
            let ours = our_options(options);
            let secret = options.get("JWT_SECRET_KEY").and_then(Value::as_str).unwrap_or(SECRET);
            let key = Key::new(ours.algorithm, &Secret::new(secret)).unwrap();
            self.mirror = Some((wanted, Mirror::start(ours, Some(key), answers)));
        }
        self.mirror.as_ref().unwrap().1.address
    }

    /// The address of Portero itself, set to take a peer's tokens as the library would. Its user ana
    /// was added a day ago, for a peer's tokens from before a user was added are refused.
    pub(crate) fn portero(&mut self, options: &Value) -> SocketAddr {
        if self.portero.as_ref().map(|(has, _)| has) != Some(options) {
            let settings = settings(options);
            let mut all: Vec<(&str, &str)> =
                settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            all.extend([("foreign_tokens", "trust"), ("require_jti", "off")]);
            let app = TestApp::with(&all);
            app.clock.advance(-24 * 60 * 60);
            app.add_user("ana");
            app.clock.advance(24 * 60 * 60);
            self.portero = Some((options.clone(), app));
        }
        self.portero.as_ref().unwrap().1.address
    }

    /// Sends a case to Flask, to the mirror and, if it has such a route, to Portero itself, and compares the answers.
    pub(crate) fn ask(&mut self, case: &Case) {
        let flask = self.flask(&case.options, &case.answers);
        let theirs = case.request.send(flask);
        let mirror = self.mirror(&case.options, &case.answers);
        self.compare(case, "the library face", &theirs, &case.request.send(mirror));
        if let Some(path) = case.porteros_path() {
            let request = Request { path, ..case.request.clone() };
            let theirs = request.send(self.flask(&case.options, &case.answers));
            let ours = request.send(self.portero(&case.options));
            self.compare(case, "Portero", &theirs, &ours);
        }
    }

    fn compare(&self, case: &Case, who: &str, theirs: &Reply, ours: &Reply) {
        let name = case.name;
        if let Some((row, flask_status, our_status)) = case.deviation {
            assert!(self.deviations.has(row), "{name}: docs/deviations.md has no row {row}");
            assert_eq!((theirs.status, ours.status), (flask_status, our_status), "{name}, {who}: {theirs:?} {ours:?}");
            assert!(theirs.status != ours.status || theirs.body != ours.body, "{name} does not deviate");
            return;
        }
        assert_eq!(ours.status, theirs.status, "{name}, {who}:\n{theirs:?}\n{ours:?}");
        if case.texts && case.request.method != "OPTIONS" {
            // Only the texts in which PyJWT tells low-level faults may differ; Flask's and the library's have to be the same.
            assert_eq!(ours.json(), theirs.json(), "{name}, {who}");
        }
        if let Some(status) = case.status {
            assert_eq!(ours.status, status, "{name}, {who}: {ours:?}");
        }
    }
}

/// The text that an operator writes for an option's value in Python. With `never`, `false` is written as "never".
fn written(value: &Value, never: bool) -> String {
    match value {
        Value::Bool(false) if never => "never".into(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn environment(options: &Value) -> BTreeMap<String, String> {
    let mut all: BTreeMap<_, _> =
        LIBRARY_DEFAULTS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    all.insert("JWT_SECRET_KEY".into(), SECRET.into());
    for (name, value) in options.as_object().unwrap() {
        all.insert(name.clone(), written(value, name.ends_with("_EXPIRES")));
    }
    if all.get("JWT_ALGORITHM").is_some_and(|algorithm| !algorithm.starts_with("HS")) {
        all.remove("JWT_SECRET_KEY");
    }
    all
}

/// The settings for these options, by their keys in the settings file.
fn settings(options: &Value) -> BTreeMap<String, String> {
    environment(options)
        .into_iter()
        .map(|(name, value)| (format!("jwt.{}", name.trim_start_matches("JWT_").to_lowercase()), value))
        .collect()
}

pub(crate) fn our_options(options: &Value) -> Options {
    let loaded = Config::from_sources(None, environment(options), &Overrides::default()).unwrap();
    let mut ours = loaded.config.jwt;
    if options.get("JWT_COOKIE_SAMESITE").is_none() {
        // Portero always sets SameSite; the library, by default, does not.
        ours.cookie_samesite = None;
    }
    ours
}

pub(crate) fn no_options() -> Value {
    json!({})
}
