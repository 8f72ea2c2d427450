//! Making tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::claims::{Fresh, SessionClaims};
use super::{Engine, MAX_TOKEN_BYTES};
use crate::domain::{TokenType, UnixTime};

/// What a new token is to say. Times are supplied, so that the very same token can be made again.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    pub token_type: TokenType,
    pub identity: &'a str,
    pub jti: Uuid,
    pub fresh: Fresh,
    pub issued_at: UnixTime,
    /// `None`: never.
    pub expires_at: Option<UnixTime>,
    pub csrf: Option<&'a str>,
    /// `None` for a token outside any session of ours.
    pub session: Option<SessionClaims>,
}

#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    #[error("could not sign a token")]
    Sign(#[from] jsonwebtoken::errors::Error),
    #[error("the token would have {0} bytes, more than the {MAX_TOKEN_BYTES} that are accepted")]
    TooLong(usize),
}

impl Engine {
    /// Signs a token. (`create_access_token`, `create_refresh_token`)
    pub fn issue(&self, token: &NewToken<'_>) -> Result<String, IssueError> {
        let key = self.keys.primary();
        let mut header = json!({ "alg": key.algorithm().as_str(), "typ": "JWT" });
        if self.keys.named() {
            header["kid"] = key.kid().into();
        }
        let message = format!("{}.{}", segment(&header), segment(&Value::Object(self.claims(token))));
        let signature = key.sign(&message)?;
        let signed = format!("{message}.{signature}");
        if signed.len() > MAX_TOKEN_BYTES { Err(IssueError::TooLong(signed.len())) } else { Ok(signed) }
    }

    fn claims(&self, token: &NewToken<'_>) -> Map<String, Value> {
        let options = &self.options;
        let mut claims = Map::new();
        let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        put("fresh", token.fresh.to_json());
        put("iat", token.issued_at.0.into());
        put("jti", token.jti.hyphenated().to_string().into());
        put("type", token.token_type.as_str().into());
        put(&options.identity_claim, token.identity.into());
        if options.encode_nbf {
            put("nbf", token.issued_at.0.into());
        }
        // A session's token has it always: its pages demand it, whatever programs are spared.
        let has_csrf = options.cookie_csrf_protect || token.session.is_some();
        if let (Some(csrf), true) = (token.csrf, has_csrf) {
            put("csrf", csrf.into());
        }
        if let Some(expires_at) = token.expires_at {
            put("exp", expires_at.0.into());
        }
        if let Some(issuer) = &options.encode_issuer {
            put("iss", issuer.as_str().into());
        }
        match options.encode_audience.as_slice() {
            [] => {}
            [one] => drop(put("aud", one.as_str().into())),
            several => drop(put("aud", several.to_vec().into())),
        }
        if let Some(session) = token.session {
            put("sid", session.sid.to_string().into());
            put("gen", session.generation.into());
            put("auth_time", session.auth_time.0.into());
            put("transport", session.transport.as_str().into());
        }
        claims
    }
}

fn segment(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
