//! Making tokens. What our own check would refuse is not made.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::check::integer;
use super::claims::{Fresh, SessionClaims};
use super::options::Lifetime;
use super::{Engine, Fault, Key, MAX_TOKEN_BYTES};
use crate::domain::{TokenType, UnixTime};

/// What a new token is to say. All but the identity may be left as it is.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Access or refresh.
    pub token_type: TokenType,
    /// Whose it is; text, unless `verify_sub` is off or the identity has another claim than `sub`.
    pub identity: Value,
    /// `fresh`. A refresh token never is.
    pub fresh: Fresh,
    /// `expires_delta`.
    pub life: Life,
    /// `None`: a new one.
    pub jti: Option<Uuid>,
    /// `None`: a new one, where tokens have any.
    pub csrf: Option<String>,
    /// `None` for a token outside any session of Portero's.
    pub session: Option<SessionClaims>,
    /// `additional_claims`: they stand in place of what would be there of the same name.
    pub additional_claims: Map<String, Value>,
    /// `additional_headers`, likewise; `typ: null` leaves that out.
    pub additional_headers: Map<String, Value>,
}

/// How long a token is to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// As the options say for its type.
    Configured,
    /// So many seconds, at least 1.
    Seconds(i64),
    /// Until this moment.
    Until(UnixTime),
    /// For ever: it has no `exp`. (`False` in the library)
    Never,
}

impl NewToken {
    /// An access token, not fresh. (`create_access_token(identity)`)
    pub fn access(identity: impl Into<Value>) -> Self {
        Self {
            token_type: TokenType::Access,
            identity: identity.into(),
            fresh: Fresh::No,
            life: Life::Configured,
            jti: None,
            csrf: None,
            session: None,
            additional_claims: Map::new(),
            additional_headers: Map::new(),
        }
    }

    /// A refresh token. (`create_refresh_token(identity)`)
    pub fn refresh(identity: impl Into<Value>) -> Self {
        Self { token_type: TokenType::Refresh, ..Self::access(identity) }
    }

    /// `fresh`
    #[must_use]
    pub fn fresh(self, fresh: Fresh) -> Self {
        Self { fresh, ..self }
    }

    /// `expires_delta`
    #[must_use]
    pub fn life(self, life: Life) -> Self {
        Self { life, ..self }
    }

    /// One of the `additional_claims`.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.additional_claims.insert(name.to_owned(), value.into());
        self
    }

    /// One of the `additional_headers`.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.additional_headers.insert(name.to_owned(), value.into());
        self
    }
}

/// Why a token was not made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The key and the algorithm don't fit, or the system failed.
    #[error("could not sign a token")]
    Sign(#[from] jsonwebtoken::errors::Error),
    /// Only a public key is there.
    #[error("the key can only verify")]
    VerifiesOnly,
    /// It would not be read.
    #[error("the token would have {0} bytes, more than the {MAX_TOKEN_BYTES} that are accepted")]
    TooLong(usize),
    /// To flask-jwt-extended a zero means for ever, which nobody expects.
    #[error("a token can't live for {0} seconds")]
    NoLife(i64),
    /// The engine's to say: with another one the token could not be checked.
    #[error("the header {0} can't be set")]
    Header(String),
    /// Our own check would refuse it.
    #[error("a token with these claims would be refused: {0}")]
    Refused(Fault),
    /// An app's own callback failed.
    #[error("{0}")]
    Callback(String),
}

impl Engine {
    /// Signs a token. Given the same `now`, `jti` and `csrf`, the same token comes out. (`create_access_token`,
    /// `create_refresh_token`)
    pub fn issue(&self, token: &NewToken, now: UnixTime) -> Result<String, IssueError> {
        self.issue_with(token, None, now)
    }

    /// The same, with another key than the engine's if there is one. (`encode_key_loader`)
    pub fn issue_with(&self, token: &NewToken, key: Option<&Key>, now: UnixTime) -> Result<String, IssueError> {
        let keys = self.keys();
        let own = key.unwrap_or_else(|| keys.signing());
        let header = header(token, own, key.is_none() && keys.named())?;
        let claims = self.claims(token, now)?;
        let message = format!("{}.{}", segment(&header.into()), segment(&claims.clone().into()));
        // As long as the shortest signature at least; before any is made.
        if message.len() > MAX_TOKEN_BYTES {
            return Err(IssueError::TooLong(message.len()));
        }
        self.would_be_read(claims).map_err(IssueError::Refused)?;
        let signed = format!("{message}.{}", own.sign(&message)?);
        if signed.len() > MAX_TOKEN_BYTES { Err(IssueError::TooLong(signed.len())) } else { Ok(signed) }
    }

    fn claims(&self, token: &NewToken, now: UnixTime) -> Result<Map<String, Value>, IssueError> {
        let options = &self.options;
        let mut claims = Map::new();
        let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        put(
            "fresh",
            match token.token_type {
                TokenType::Access => token.fresh.to_json(),
                TokenType::Refresh => false.into(),
            },
        );
        put("iat", now.0.into());
        put("jti", token.jti.unwrap_or_else(Uuid::new_v4).hyphenated().to_string().into());
        put("type", token.token_type.as_str().into());
        put(&options.identity_claim, token.identity.clone());
        if options.encode_nbf {
            put("nbf", now.0.into());
        }
        // A session's token has it always: its pages demand it, whatever programs are spared.
        if options.cookie_csrf_protect || token.session.is_some() {
            let csrf = token.csrf.clone().unwrap_or_else(|| Uuid::new_v4().hyphenated().to_string());
            put("csrf", csrf.into());
        }
        if let Some(expires_at) = self.end(token, now)? {
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
        claims.extend(token.additional_claims.clone());
        Ok(claims)
    }

    fn end(&self, token: &NewToken, now: UnixTime) -> Result<Option<UnixTime>, IssueError> {
        let configured = match token.token_type {
            TokenType::Access => self.options.access_token_expires,
            TokenType::Refresh => self.options.refresh_token_expires,
        };
        match (token.life, configured) {
            (Life::Until(moment), _) => Ok(Some(moment)),
            (Life::Never, _) | (Life::Configured, Lifetime::Never) => Ok(None),
            (Life::Seconds(seconds), _) | (Life::Configured, Lifetime::Seconds(seconds)) => {
                if seconds > 0 {
                    Ok(Some(now.plus(seconds)))
                } else {
                    Err(IssueError::NoLife(seconds))
                }
            }
        }
    }

    /// Whether each claim has a type that our own check takes. Not its times, issuer and audience: they may be meant for others.
    fn would_be_read(&self, claims: Map<String, Value>) -> Result<(), Fault> {
        for (name, fault) in [
            ("iat", "Issued At claim (iat) must be an integer."),
            ("nbf", "Not Before claim (nbf) must be an integer."),
            ("exp", "Expiration Time claim (exp) must be an integer."),
        ] {
            integer(&claims, name, fault)?;
        }
        if claims.get("iss").is_some_and(|issuer| !issuer.is_string()) {
            return Err(Fault::invalid("Payload Issuer (iss) must be a string"));
        }
        let read = self.read(claims, None, None)?;
        if read.fresh == Fresh::Senseless { Err(Fault::senseless_freshness()) } else { Ok(()) }
    }
}

fn header(token: &NewToken, key: &Key, named: bool) -> Result<Map<String, Value>, IssueError> {
    let mut header = Map::new();
    header.insert("alg".into(), key.algorithm().as_str().into());
    header.insert("typ".into(), "JWT".into());
    if named {
        header.insert("kid".into(), key.kid().into());
    }
    for (name, value) in &token.additional_headers {
        let ours = match name.as_str() {
            "alg" | "crit" => true,
            // Without a ring of ours a key's name is the app's business.
            "kid" => named || !value.is_string(),
            _ => false,
        };
        if ours {
            return Err(IssueError::Header(name.clone()));
        }
        if name == "typ" && value.is_null() {
            header.remove("typ");
        } else {
            header.insert(name.clone(), value.clone());
        }
    }
    Ok(header)
}

fn segment(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
