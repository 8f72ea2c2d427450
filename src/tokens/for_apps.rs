//! Signed statements for apps. They are signed by a ring of keys of their own and say so in `typ`: no engine accepts them, and nothing is
//! open to whoever holds one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::fault::IssueError;
use super::keys::Keys;

/// Returns a JWT with these claims and this `typ`, signed by the key that signs now. (RFC 7519; RFC 8725 §3.11)
pub fn sign_for_apps(keys: &Keys, typ: &str, claims: Map<String, Value>) -> Result<String, IssueError> {
    let key = keys.signing();
    let header = json!({ "alg": key.algorithm().as_str(), "kid": key.kid(), "typ": typ });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(Value::Object(claims)));
    let signature = key.sign(&message)?;
    Ok(format!("{message}.{signature}"))
}
