//! A token taken apart: its form is right, but nothing in it is verified yet.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::claims::Claims;
use super::fault::{Fault, MAX_TOKEN_BYTES};

/// What a token says before anything in it is verified: enough to choose a key by. (What `decode_key_loader` is given)
pub struct Unverified<'a> {
    pub(super) text: &'a str,
    content: Content,
}

enum Content {
    Read {
        header: Map<String, Value>,
        payload: Vec<u8>,
    },
    /// The token was found good before, by the keys of the epoch with this number.
    Known {
        claims: Arc<Claims>,
        epoch: u64,
    },
}

impl<'a> Unverified<'a> {
    /// Takes a token apart without looking at its signature.
    pub fn parse(token: &'a str) -> Result<Self, Fault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Fault::too_long());
        }
        let [header, payload, _] = segments(token)?;
        let header = object(&bytes(header, "Invalid header padding")?, "header")?;
        let payload = bytes(payload, "Invalid payload padding")?;
        if header.get("kid").is_some_and(|kid| !kid.is_string()) {
            return Err(Fault::invalid("Key ID header parameter must be a string"));
        }
        // The engine understands no critical extension, so it must refuse them all. (RFC 7515 §4.1.11)
        if header.contains_key("crit") {
            return Err(Fault::invalid("Unsupported critical extension"));
        }
        Ok(Self { text: token, content: Content::Read { header, payload } })
    }

    /// A token that was found good before, by the keys of the epoch with this number.
    pub(super) fn known(token: &'a str, claims: Arc<Claims>, epoch: u64) -> Self {
        Self { text: token, content: Content::Known { claims, epoch } }
    }

    /// What is signed, and the signature.
    pub(super) fn message_and_signature(&self) -> Result<(&'a str, &'a str), Fault> {
        let [_, _, signature] = segments(self.text)?;
        Ok((&self.text[..self.text.len() - signature.len() - 1], signature))
    }

    /// The claims that were found good in an epoch of keys, if that is still the current one.
    pub(super) fn found_good(&self, current_epoch: u64) -> Option<&Arc<Claims>> {
        match &self.content {
            Content::Known { claims, epoch } if *epoch == current_epoch => Some(claims),
            Content::Known { .. } | Content::Read { .. } => None,
        }
    }

    /// The JOSE header.
    pub fn header(&self) -> &Map<String, Value> {
        match &self.content {
            Content::Read { header, .. } => header,
            Content::Known { claims, .. } => &claims.header,
        }
    }

    /// The claims, which anybody could have written.
    pub fn claims(&self) -> Result<Map<String, Value>, Fault> {
        if let Content::Read { payload, .. } = &self.content {
            return object(payload, "payload");
        }
        let [_, payload, _] = segments(self.text)?;
        object(&bytes(payload, "Invalid payload padding")?, "payload")
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.header().get("kid").and_then(Value::as_str)
    }
}

/// Returns the header of a token, whether the token is good or not. (`get_unverified_jwt_headers`)
pub fn unverified_header(token: &str) -> Result<Map<String, Value>, Fault> {
    Ok(Unverified::parse(token)?.header().clone())
}

/// Splits a token into header, payload and signature. Dots beyond the second stay in the payload, which then is not base64.
fn segments(token: &str) -> Result<[&str; 3], Fault> {
    let not_enough = || Fault::invalid("Not enough segments");
    let (message, signature) = token.rsplit_once('.').ok_or_else(not_enough)?;
    let (header, payload) = message.split_once('.').ok_or_else(not_enough)?;
    Ok([header, payload, signature])
}

pub(super) fn bytes(segment: &str, fault: &'static str) -> Result<Vec<u8>, Fault> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| Fault::invalid(fault))
}

fn object(json: &[u8], part: &str) -> Result<Map<String, Value>, Fault> {
    match serde_json::from_slice(json) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Fault::invalid(format!("Invalid {part} string: must be a json object"))),
        Err(_) => Err(Fault::invalid(format!("Invalid {part} string: not json"))),
    }
}
