//! Making tokens. The engine makes no token whose claims it would itself refuse to read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::check::integer;
use super::claims::{Fresh, SessionClaims};
use super::engine::Engine;
use super::fault::{Fault, IssueError, MAX_TOKEN_BYTES};
use super::keys::Key;
use super::options::Lifetime;
use crate::domain::{TokenType, UnixTime};

/// What a new token is to contain. [`access`](Self::access) and [`refresh`](Self::refresh) set a default for all but the
/// identity.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Access or refresh.
    pub token_type: TokenType,
    /// Whose token it is. Has to be a string, unless `verify_sub` is off or `identity_claim` is not `sub`.
    pub identity: Value,
    /// Claim `fresh`. Has no effect on a refresh token, which is never fresh.
    pub fresh: Fresh,
    /// How long the token lives. (`expires_delta`)
    pub life: Life,
    /// Claim `jti`. `None`: a random one.
    pub jti: Option<Uuid>,
    /// Claim `csrf`, which a token gets if `cookie_csrf_protect` is on or it belongs to a session. `None`: a random one.
    pub csrf: Option<String>,
    /// The session that the token belongs to. `None`: none of Portero's.
    pub session: Option<SessionClaims>,
    /// Further claims, which replace those of the same name. (`additional_claims`)
    pub additional_claims: Map<String, Value>,
    /// Further header parameters, which replace `typ` if they contain it; `typ: null` leaves it out. (`additional_headers`)
    pub additional_headers: Map<String, Value>,
}

/// How long a token is to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// As long as the options say for its type.
    Configured,
    /// This many seconds, at least 1.
    Seconds(i64),
    /// Until this moment.
    Until(UnixTime),
    /// For ever: the token has no `exp`. (`False` in the library)
    Never,
}

impl NewToken {
    /// Returns an access token that is not fresh. (`create_access_token(identity)`)
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

    /// Returns a refresh token. (`create_refresh_token(identity)`)
    pub fn refresh(identity: impl Into<Value>) -> Self {
        Self { token_type: TokenType::Refresh, ..Self::access(identity) }
    }

    /// Sets `fresh`.
    #[must_use]
    pub fn fresh(self, fresh: Fresh) -> Self {
        Self { fresh, ..self }
    }

    /// Sets how long the token lives. (`expires_delta`)
    #[must_use]
    pub fn life(self, life: Life) -> Self {
        Self { life, ..self }
    }

    /// Adds one of the `additional_claims`.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.additional_claims.insert(name.to_owned(), value.into());
        self
    }

    /// Adds one of the `additional_headers`.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.additional_headers.insert(name.to_owned(), value.into());
        self
    }
}

impl Engine {
    /// Signs a token. The same token, `now`, `jti` and `csrf` give the same claims and, with one key, the very same bytes; only
    /// the PS and ES algorithms make another signature each time. (`create_access_token`, `create_refresh_token`)
    pub fn issue(&self, token: &NewToken, now: UnixTime) -> Result<String, IssueError> {
        self.issue_with(token, None, now)
    }

    /// Like [`issue`](Self::issue). `key`: signs with this key instead of the engine's. (`encode_key_loader`)
    pub fn issue_with(&self, token: &NewToken, key: Option<&Key>, now: UnixTime) -> Result<String, IssueError> {
        let keys = self.keys();
        let own = key.unwrap_or_else(|| keys.signing());
        let header = header(token, own, key.is_none() && keys.writes_kid())?;
        let claims = self.claims(token, now)?;
        let message = format!("{}.{}", segment(&header.into()), segment(&claims.clone().into()));
        // Before anything is signed: a signature only makes it longer.
        if message.len() > MAX_TOKEN_BYTES {
            return Err(IssueError::TooLong(message.len()));
        }
        self.check_readable(claims).map_err(IssueError::Refused)?;
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
        // A session's token always has the claim: Portero's pages demand it, even if `cookie_csrf_protect` is off.
        if options.cookie_csrf_protect || token.session.is_some() {
            let csrf = token.csrf.clone().unwrap_or_else(|| Uuid::new_v4().hyphenated().to_string());
            put("csrf", csrf.into());
        }
        if let Some(expires_at) = self.expires_at(token, now)? {
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

    fn expires_at(&self, token: &NewToken, now: UnixTime) -> Result<Option<UnixTime>, IssueError> {
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

    /// Fails if a claim is of a type that the engine itself would refuse. What times, issuer and audience say does not matter:
    /// they may be meant for others.
    fn check_readable(&self, claims: Map<String, Value>) -> Result<(), Fault> {
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

fn header(token: &NewToken, key: &Key, writes_kid: bool) -> Result<Map<String, Value>, IssueError> {
    let mut header = Map::new();
    header.insert("alg".into(), key.algorithm().as_str().into());
    header.insert("typ".into(), "JWT".into());
    if writes_kid {
        header.insert("kid".into(), key.kid().into());
    }
    for (name, value) in &token.additional_headers {
        let is_reserved = match name.as_str() {
            "alg" | "crit" => true,
            // As long as the engine does not write a `kid` itself, an app may write its own.
            "kid" => writes_kid || !value.is_string(),
            _ => false,
        };
        if is_reserved {
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
