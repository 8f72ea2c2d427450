//! The cases by which Portero is compared with the library: each is one request under some options, sent to Flask and to Portero.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::oracle::no_options;
use crate::{Request, SECRET};

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) options: Value,
    /// What the callbacks answer: `mirror::Answers` as JSON.
    pub(crate) answers: Value,
    pub(crate) request: Request,
    /// Whether the bodies have to be the same too; not if the fault is told in PyJWT's words.
    pub(crate) texts: bool,
    /// The row of `docs/deviations.md`, the status of the library, and that of Portero.
    pub(crate) deviation: Option<(&'static str, u16, u16)>,
    /// The status that both must have, so that a case can't agree on something else than it was made for.
    pub(crate) status: Option<u16>,
    on_portero: bool,
}

pub(crate) fn case(name: &'static str, request: Request) -> Case {
    let (options, answers) = (no_options(), json!({}));
    Case { name, options, answers, request, texts: true, deviation: None, status: None, on_portero: true }
}

impl Case {
    pub(crate) fn under(self, options: Value) -> Self {
        Self { options, ..self }
    }

    /// Only apps that use Portero as a library have callbacks; Portero itself answers by its own data.
    pub(crate) fn answered(self, answers: Value) -> Self {
        Self { answers, on_portero: false, ..self }
    }

    pub(crate) fn status_only(self) -> Self {
        Self { texts: false, ..self }
    }

    pub(crate) fn is(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    pub(crate) fn deviates(self, row: &'static str, library: u16, ours: u16) -> Self {
        Self { deviation: Some((row, library, ours)), ..self }
    }

    pub(crate) fn not_on_portero(self) -> Self {
        Self { on_portero: false, ..self }
    }

    /// The same question to one of Portero's own routes; `None` if it has none like that for this
    /// method, or if the case is not for Portero itself.
    pub(crate) fn porteros_path(&self) -> Option<String> {
        let (path, query) =
            self.request.path.split_once('?').map_or((&*self.request.path, ""), |(path, query)| (path, query));
        let own = match (self.request.method, path) {
            ("GET", "/access") => "/protected",
            ("GET", "/optional") => "/whoami",
            ("POST", "/refresh-only") => "/refresh",
            _ => return None,
        };
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        self.on_portero.then(|| format!("{own}{query}"))
    }
}

pub(crate) fn now() -> i64 {
    i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// The claims that every token of Flask's and of Portero's has, for ana.
pub(crate) fn claims() -> Value {
    json!({
        "fresh": false, "iat": now() - 5, "jti": "5116c888-512e-48e3-9949-c87e30a6b899", "type": "access", "sub": "ana",
        "nbf": now() - 5, "csrf": "b3072f5a-e39c-4380-8193-d3588bc76ff3", "exp": now() + 600,
    })
}

pub(crate) const CSRF: &str = "b3072f5a-e39c-4380-8193-d3588bc76ff3";

/// [`claims`] with these changes, in which `null` leaves a claim out.
pub(crate) fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

pub(crate) fn signed(claims: &Value) -> String {
    signed_texts(r#"{"alg":"HS256","typ":"JWT"}"#, &claims.to_string())
}

/// An access token of ana, good for ten minutes.
pub(crate) fn good() -> String {
    signed(&claims())
}

pub(crate) fn good_refresh() -> String {
    signed(&with(json!({ "type": "refresh" })))
}

/// A token of any header and payload, signed with the shared key.
pub(crate) fn signed_texts(header: &str, payload: &str) -> String {
    signed_bytes(header.as_bytes(), payload.as_bytes())
}

pub(crate) fn signed_bytes(header: &[u8], payload: &[u8]) -> String {
    let segment = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    by_hand(&format!("{}.{}", segment(header), segment(payload)))
}

/// The message (`header.payload`) with its HS256 signature behind it.
pub(crate) fn by_hand(message: &str) -> String {
    use aws_lc_rs::hmac;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}
