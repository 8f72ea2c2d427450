//! Signed statements for apps. They are signed by a ring of keys of their own and say so in `typ`: no engine accepts them, and nothing is
//! open to whoever holds one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::fault::IssueError;
use super::keys::Keys;
use super::unverified::Unverified;

/// Returns a JWT with these claims and this `typ`, signed by the key that signs now. (RFC 7519; RFC 8725 §3.11)
pub fn sign_for_apps(keys: &Keys, typ: &str, claims: Map<String, Value>) -> Result<String, IssueError> {
    let key = keys.signing();
    let header = json!({ "alg": key.algorithm().as_str(), "kid": key.kid(), "typ": typ });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(Value::Object(claims)));
    let signature = key.sign(&message)?;
    Ok(format!("{message}.{signature}"))
}

/// The claims of a JWT that [`sign_for_apps`] made with this `typ`, by whichever key of the ring it names. Nothing else about it is looked at:
/// it may have expired. `None`: it is no such token.
pub fn verify_for_apps(keys: &Keys, typ: &str, token: &str) -> Option<Map<String, Value>> {
    let read = Unverified::parse(token).ok()?;
    let header = |name: &str| read.header().get(name).and_then(Value::as_str);
    if header("typ") != Some(typ) {
        return None;
    }
    let key = keys.named(header("kid")?)?;
    let (message, signature) = read.message_and_signature().ok()?;
    let is_signed =
        header("alg") == Some(key.algorithm().as_str()) && key.verifies(key.algorithm(), message, signature);
    is_signed.then(|| read.claims().ok())?
}
