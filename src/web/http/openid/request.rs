//! An app's request for somebody, as it comes to `/authorize`. What is wrong with it is told to the app only once it is certain which app
//! that is and that the answer goes to an address of its own; before that, the person is told here. (OpenID Connect Core §3.1.2)

use std::sync::Arc;

use serde_json::{Map, Value};

use super::reply::{Reply, ResponseMode};
use crate::accounts::apps::openid::authorize::Wanted;
use crate::accounts::apps::openid::claims::ID_TOKEN_TYP;
use crate::domain::{App as RegisteredApp, AppAlgorithm, Level, Scopes};
use crate::tokens::verify_for_apps;
use crate::web::app::App;

/// The longest request, in bytes: it has to fit into a cookie while the person signs in.
pub(super) const MOST_BYTES: usize = 2600;
/// The longest nonce, in bytes. It is stored.
const LONGEST_NONCE: usize = 512;
/// What is read of a request; anything else is ignored. (RFC 6749 §3.1)
const KNOWN: [&str; 20] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "acr_values",
    "ui_locales",
    "request",
    "request_uri",
    "registration",
    "display",
    "claims_locales",
];

/// What is asked of the person, whoever they turn out to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Prompt {
    /// Nothing may be asked.
    pub(in crate::web) none: bool,
    pub(in crate::web) login: bool,
    pub(in crate::web) consent: bool,
    pub(in crate::web) select_account: bool,
}

/// A request that can be answered.
pub(in crate::web) struct Request {
    pub(in crate::web) app: Arc<RegisteredApp>,
    pub(in crate::web) reply: Reply,
    pub(in crate::web) wanted: Wanted,
    pub(in crate::web) prompt: Prompt,
    /// In seconds.
    pub(in crate::web) max_age: Option<i64>,
    pub(in crate::web) wants_two_factors: bool,
    /// The `sub` of the ID token that came as a hint.
    pub(in crate::web) hinted: Option<String>,
    /// The request as it can be read again.
    pub(in crate::web) text: String,
}

/// Why a request can't be answered.
#[derive(Debug)]
pub(in crate::web) enum Refused {
    /// The person is told, by these texts of the catalogue.
    Here(&'static str),
    /// The app is told: its address, one of the protocol's words, and more about it.
    There(Box<Reply>, &'static str, &'static str),
}

/// Reads a request. `fields`: of a query or a form, in which each may be there once.
pub(in crate::web) fn read(app: &App, issuer: &str, fields: Vec<(String, String)>) -> Result<Request, Refused> {
    let mut known: Vec<(String, String)> =
        fields.into_iter().filter(|(name, value)| KNOWN.contains(&name.as_str()) && !value.is_empty()).collect();
    let is_twice = |wanted: &str| known.iter().filter(|(name, _)| name == wanted).count() > 1;
    let get = |wanted: &str| known.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    if is_twice("client_id") || is_twice("redirect_uri") {
        return Err(Refused::Here("openid-bad-request"));
    }
    let Some(client_id) = get("client_id") else { return Err(Refused::Here("openid-bad-request")) };
    let registered = app.accounts.blocklist.app_with_client_id(client_id).filter(|app| app.rules.openid.is_used());
    let Some(registered) = registered else { return Err(Refused::Here("openid-no-such-app")) };
    let openid = &registered.rules.openid;
    let Some(uri) = get("redirect_uri") else { return Err(Refused::Here("openid-no-redirect")) };
    if !openid.redirect_uris.iter().any(|own| own.is_meant_by(uri, openid.is_public)) {
        return Err(Refused::Here("openid-wrong-redirect"));
    }
    let mode = get("response_mode").map(ResponseMode::parse);
    let reply = Reply {
        issuer: issuer.to_owned(),
        redirect_uri: uri.to_owned(),
        mode: mode.flatten().unwrap_or(ResponseMode::Query),
        state: if is_twice("state") { None } else { get("state").map(str::to_owned) },
    };
    let refused = |error, why| Err(Refused::There(Box::new(reply.clone()), error, why));
    if KNOWN.iter().any(|name| is_twice(name)) {
        return refused("invalid_request", "a parameter is there twice");
    }
    if mode == Some(None) {
        return refused("invalid_request", "response_mode has to be query or form_post");
    }
    if get("request").is_some() {
        return refused("request_not_supported", "request objects are not supported");
    }
    if get("request_uri").is_some() {
        return refused("request_uri_not_supported", "request objects are not supported");
    }
    if get("registration").is_some() {
        return refused("registration_not_supported", "apps are registered by the operator");
    }
    match get("response_type") {
        Some("code") => {}
        Some(_) => return refused("unsupported_response_type", "response_type has to be code"),
        None => return refused("invalid_request", "response_type is missing"),
    }
    let scopes = Scopes::parse(get("scope").unwrap_or_default());
    if !scopes.include(Scopes::OPENID) {
        return refused("invalid_scope", "scope has to contain openid");
    }
    let challenge = get("code_challenge").map(str::to_owned);
    match (&challenge, get("code_challenge_method")) {
        (None, None) if !openid.requires_pkce() => {}
        (None, None) => return refused("invalid_request", "code_challenge is missing (PKCE)"),
        (None, Some(_)) => return refused("invalid_request", "code_challenge is missing"),
        (Some(challenge), Some("S256")) if is_sha256(challenge) => {}
        (Some(_), Some("S256")) => return refused("invalid_request", "code_challenge is no SHA-256 in base64url"),
        (Some(_), _) => return refused("invalid_request", "code_challenge_method has to be S256"),
    }
    let nonce = get("nonce").map(str::to_owned);
    if nonce.as_ref().is_some_and(|nonce| nonce.len() > LONGEST_NONCE) {
        return refused("invalid_request", "nonce is too long");
    }
    let Some(prompt) = prompt(get("prompt").unwrap_or_default()) else {
        return refused("invalid_request", "prompt is none, or some of login, consent and select_account");
    };
    let max_age = match get("max_age").map(str::parse::<u32>) {
        None => None,
        Some(Ok(seconds)) => Some(i64::from(seconds)),
        Some(Err(_)) => return refused("invalid_request", "max_age is a number of seconds"),
    };
    let hinted = match get("id_token_hint") {
        None => None,
        Some(hint) => match subject_of(app, issuer, hint) {
            Some(subject) => Some(subject),
            None => return refused("invalid_request", "id_token_hint is no ID token of this issuer"),
        },
    };
    // In order of preference; those that are not known can't be met. (OpenID Connect Core §3.1.2.1)
    let mut levels = get("acr_values").unwrap_or_default().split(' ');
    let wants_two_factors =
        levels.find(|acr| [Level::One.acr(), Level::Two.acr()].contains(acr)) == Some(Level::Two.acr());
    let wanted = Wanted { app: registered.id, redirect_uri: uri.to_owned(), challenge, nonce, scopes };
    known.retain(|(name, _)| !matches!(name.as_str(), "display" | "claims_locales"));
    let text = form_text(&known);
    if text.len() > MOST_BYTES {
        return refused("invalid_request", "the request is too long");
    }
    Ok(Request { app: Arc::clone(&registered), reply, wanted, prompt, max_age, wants_two_factors, hinted, text })
}

/// The fields of a query or of a text that [`Request::text`] holds.
pub(in crate::web) fn fields(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

pub(super) fn form_text(fields: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn is_sha256(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// `None`: words that don't go together, or that nobody knows.
fn prompt(text: &str) -> Option<Prompt> {
    let mut prompt = Prompt::default();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            _ => return None,
        }
    }
    let asks = prompt.login || prompt.consent || prompt.select_account;
    (!(prompt.none && asks)).then_some(prompt)
}

/// Whose ID token it is, also if it has expired. `None`: it is none of ours.
fn subject_of(app: &App, issuer: &str, hint: &str) -> Option<String> {
    let claims = id_token_claims(app, issuer, hint)?;
    claims.get("sub")?.as_str().map(str::to_owned)
}

/// The claims of an ID token of ours, which may have expired, and whose key may sign no more.
pub(super) fn id_token_claims(app: &App, issuer: &str, hint: &str) -> Option<Map<String, Value>> {
    let rings = AppAlgorithm::ALL.iter().filter_map(|algorithm| app.accounts.app_keys.get(*algorithm));
    let claims = rings.into_iter().find_map(|keys| verify_for_apps(&keys, ID_TOKEN_TYP, hint))?;
    (claims.get("iss").and_then(Value::as_str) == Some(issuer)).then_some(claims)
}
