//! Checking tokens: signature by the crate, everything else here, in the library's order; the first failure wins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::claims::{Claims, Fresh, SessionClaims};
use super::{Engine, Fault, MAX_TOKEN_BYTES};
use crate::domain::{SessionId, TokenType, Transport, UnixTime};

/// A token that is ours and well formed, whether or not it has expired.
pub struct Checked {
    pub claims: Claims,
    pub expired: bool,
}

impl Engine {
    /// Everything that the token itself can tell: form, signature, `iat`, `nbf`, `exp`, `iss`, `aud`, `sub`, `jti`, identity
    /// and, if `csrf` is what a cookie request brought along, the double submit. Not its type, freshness or revocation.
    /// (`decode_token`)
    pub fn decode(&self, token: &str, csrf: Option<&str>, now: UnixTime) -> Result<Claims, Fault> {
        let checked = self.decode_allow_expired(token, csrf, now)?;
        if checked.expired { Err(Fault::Expired) } else { Ok(checked.claims) }
    }

    /// As [`decode`](Self::decode), but expiry is reported, not refused. Any other fault outranks expiry. (`allow_expired`)
    pub fn decode_allow_expired(&self, token: &str, csrf: Option<&str>, now: UnixTime) -> Result<Checked, Fault> {
        let claims = self.verified_payload(token)?;
        let options = &self.options;
        let latest = now.plus(options.decode_leeway);
        let earliest = now.plus(-options.decode_leeway);

        let issued_at = integer(&claims, "iat", "Issued At claim (iat) must be an integer.")?;
        if issued_at.is_some_and(|moment| moment > latest) {
            return Err(Fault::NotYetValid("iat"));
        }
        let not_before = integer(&claims, "nbf", "Not Before claim (nbf) must be an integer.")?;
        if not_before.is_some_and(|moment| moment > latest) {
            return Err(Fault::NotYetValid("nbf"));
        }
        let expires_at = integer(&claims, "exp", "Expiration Time claim (exp) must be an integer.")?;
        if let Some(wanted) = &options.decode_issuer {
            check_issuer(&claims, wanted)?;
        }
        if !options.decode_audience.is_empty() {
            check_audience(&claims, &options.decode_audience)?;
        }
        if options.verify_sub && claims.get("sub").is_some_and(|sub| !sub.is_string()) {
            return Err(Fault::invalid("Subject must be a string"));
        }
        let jti = match claims.get("jti") {
            None => None,
            Some(Value::String(jti)) => Some(jti.clone()),
            Some(_) => return Err(Fault::invalid("JWT ID must be a string")),
        };
        let identity = match claims.get(&options.identity_claim) {
            None => return Err(Fault::invalid(format!("Missing claim: {}", options.identity_claim))),
            Some(Value::String(identity)) => identity.clone(),
            Some(other) => other.to_string(),
        };
        let own_csrf = claims.get("csrf").and_then(Value::as_str).map(str::to_owned);
        if let Some(shown) = csrf {
            let Some(own) = &own_csrf else { return Err(Fault::invalid("Missing claim: csrf")) };
            if aws_lc_rs::constant_time::verify_slices_are_equal(own.as_bytes(), shown.as_bytes()).is_err() {
                return Err(Fault::CsrfMismatch);
            }
        }
        let checked = Claims {
            identity,
            jti,
            // Anything but the exact word counts as non-refresh, as in the library.
            token_type: match claims.get("type").and_then(Value::as_str) {
                Some("refresh") => TokenType::Refresh,
                Some(_) | None => TokenType::Access,
            },
            fresh: Fresh::read(claims.get("fresh")),
            issued_at,
            expires_at,
            csrf: own_csrf,
            session: session(&claims)?,
            all: claims,
        };
        Ok(Checked { claims: checked, expired: expires_at.is_some_and(|moment| moment <= earliest) })
    }

    /// The claims of a token whose form and signature are right, before any of them is looked at.
    fn verified_payload(&self, token: &str) -> Result<Map<String, Value>, Fault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Fault::invalid("Token is too long"));
        }
        let not_enough = || Fault::invalid("Not enough segments");
        let (message, signature) = token.rsplit_once('.').ok_or_else(not_enough)?;
        let (header, payload) = message.split_once('.').ok_or_else(not_enough)?;

        let header = bytes(header, "Invalid header padding")?;
        let header = object(&header, "header")?;
        let payload = bytes(payload, "Invalid payload padding")?;
        bytes(signature, "Invalid crypto padding")?;

        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.as_str()),
            Some(_) => return Err(Fault::invalid("Key ID header parameter must be a string")),
        };
        // We understand no critical extension, so whatever stands there must be refused. (RFC 7515 §4.1.11)
        if header.contains_key("crit") {
            return Err(Fault::invalid("Unsupported critical extension"));
        }
        let Some(algorithm) = header.get("alg") else { return Err(Fault::invalid("Algorithm not specified")) };
        let Some(key) = self.keys.find(kid) else { return Err(Fault::invalid("Signature verification failed")) };
        if algorithm.as_str() != Some(key.algorithm().as_str()) {
            return Err(Fault::invalid("The specified alg value is not allowed"));
        }
        if !key.verifies(message, signature) {
            return Err(Fault::invalid("Signature verification failed"));
        }
        object(&payload, "payload")
    }
}

fn bytes(segment: &str, fault: &'static str) -> Result<Vec<u8>, Fault> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| Fault::invalid(fault))
}

fn object(json: &[u8], part: &str) -> Result<Map<String, Value>, Fault> {
    match serde_json::from_slice(json) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Fault::invalid(format!("Invalid {part} string: must be a json object"))),
        Err(_) => Err(Fault::invalid(format!("Invalid {part} string: not json"))),
    }
}

/// A moment, read as the library reads it: Python's `int()` takes whole and broken numbers, digits in quotes, and booleans.
fn integer(claims: &Map<String, Value>, name: &str, fault: &'static str) -> Result<Option<UnixTime>, Fault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let number = match value {
        #[expect(clippy::cast_possible_truncation, reason = "int() truncates; beyond the range it saturates")]
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(digits) => digits.trim().parse().ok(),
        Value::Bool(flag) => Some(i64::from(*flag)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    number.map(|seconds| Some(UnixTime(seconds))).ok_or(Fault::Invalid(fault.into()))
}

fn check_issuer(claims: &Map<String, Value>, wanted: &str) -> Result<(), Fault> {
    match claims.get("iss") {
        None => Err(Fault::invalid("Token is missing the \"iss\" claim")),
        Some(Value::String(issuer)) if issuer == wanted => Ok(()),
        Some(Value::String(_)) => Err(Fault::invalid("Invalid issuer")),
        Some(_) => Err(Fault::invalid("Payload Issuer (iss) must be a string")),
    }
}

fn check_audience(claims: &Map<String, Value>, wanted: &[String]) -> Result<(), Fault> {
    let is_wanted = |audience: &str| wanted.iter().any(|one| one == audience);
    let malformed = || Fault::invalid("Invalid claim format in token");
    let found = match claims.get("aud") {
        None => return Err(Fault::invalid("Token is missing the \"aud\" claim")),
        Some(Value::String(one)) if one.is_empty() => {
            return Err(Fault::invalid("Token is missing the \"aud\" claim"));
        }
        Some(Value::String(one)) => is_wanted(one),
        Some(Value::Array(several)) => {
            let mut found = false;
            for one in several {
                found |= is_wanted(one.as_str().ok_or_else(malformed)?);
            }
            found
        }
        Some(_) => return Err(malformed()),
    };
    if found { Ok(()) } else { Err(Fault::invalid("Audience doesn't match")) }
}

/// Our own claims: all of them or none. Only the holder of the key can make a token in which they are broken.
fn session(claims: &Map<String, Value>) -> Result<Option<SessionClaims>, Fault> {
    let Some(sid) = claims.get("sid") else { return Ok(None) };
    let read = || {
        Some(SessionClaims {
            sid: SessionId::parse(sid.as_str()?)?,
            generation: claims.get("gen")?.as_i64()?,
            auth_time: UnixTime(claims.get("auth_time")?.as_i64()?),
            transport: Transport::parse(claims.get("transport")?.as_str()?)?,
        })
    };
    read().map(Some).ok_or_else(|| Fault::invalid("Invalid session claims"))
}
