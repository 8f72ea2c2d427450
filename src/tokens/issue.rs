//! Making tokens. The engine makes no token whose claims it would itself refuse to read.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};
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
        let mut signed = String::with_capacity(USUAL_BYTES);
        header(token, own, key.is_none() && keys.writes_kid())?.append_to(&mut signed);
        signed.push('.');
        let claims = self.claims(token, now)?;
        claims.append_to(&mut signed);
        // Before anything is signed: a signature only makes it longer.
        if signed.len() > MAX_TOKEN_BYTES {
            return Err(IssueError::TooLong(signed.len()));
        }
        if self.may_be_unreadable(token) {
            self.check_readable(claims.into_map()).map_err(IssueError::Refused)?;
        }
        let signature = own.sign(&signed)?;
        signed.push('.');
        signed.push_str(&signature);
        if signed.len() > MAX_TOKEN_BYTES { Err(IssueError::TooLong(signed.len())) } else { Ok(signed) }
    }

    fn claims<'a>(&'a self, token: &'a NewToken, now: UnixTime) -> Result<Members<'a>, IssueError> {
        let options = &self.options;
        let mut claims = Members::default();
        claims.put(
            "fresh",
            match token.token_type {
                TokenType::Access => token.fresh.to_json(),
                TokenType::Refresh => false.into(),
            },
        );
        claims.put("iat", Value::from(now.0));
        claims.put("jti", token.jti.unwrap_or_else(Uuid::new_v4).hyphenated().to_string());
        claims.put("type", token.token_type.as_str());
        claims.put(&options.identity_claim, &token.identity);
        if options.encode_nbf {
            claims.put("nbf", Value::from(now.0));
        }
        // A session's token always has the claim: Portero's pages demand it, even if `cookie_csrf_protect` is off.
        if options.cookie_csrf_protect || token.session.is_some() {
            match &token.csrf {
                Some(csrf) => claims.put("csrf", csrf.as_str()),
                None => claims.put("csrf", Uuid::new_v4().hyphenated().to_string()),
            }
        }
        if let Some(expires_at) = self.expires_at(token, now)? {
            claims.put("exp", Value::from(expires_at.0));
        }
        if let Some(issuer) = &options.encode_issuer {
            claims.put("iss", issuer.as_str());
        }
        match options.encode_audience.as_slice() {
            [] => {}
            [one] => claims.put("aud", one.as_str()),
            several => claims.put("aud", Value::from(several.to_vec())),
        }
        if let Some(session) = token.session {
            claims.put("sid", session.sid.to_string());
            claims.put("gen", Value::from(session.generation));
            claims.put("auth_time", Value::from(session.auth_time.0));
            claims.put("transport", session.transport.as_str());
            claims.put("amr", session.methods.words().collect::<Value>());
            claims.put("acr", session.methods.level().acr());
            if let Some(moment) = session.factor_time {
                claims.put("factor_time", Value::from(moment.0));
            }
        }
        for (name, value) in &token.additional_claims {
            claims.put(name, value);
        }
        Ok(claims)
    }

    /// Whether the token has claims of types that the engine did not choose itself.
    fn may_be_unreadable(&self, token: &NewToken) -> bool {
        let is_ours = self.options.identity_claim == "sub" && token.identity.is_string();
        !is_ours || !token.additional_claims.is_empty()
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

fn header<'a>(token: &'a NewToken, key: &'a Key, writes_kid: bool) -> Result<Members<'a>, IssueError> {
    let mut header = Members::default();
    header.put("alg", key.algorithm().as_str());
    header.put("typ", "JWT");
    if writes_kid {
        header.put("kid", key.kid());
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
            header.put(name, value);
        }
    }
    Ok(header)
}

/// As many bytes as most tokens have.
const USUAL_BYTES: usize = 768;

/// The members of a JSON object, on their way into a token. Not a [`Map`], which allocates for each name and each value: half of what
/// it took to make a token.
#[derive(Default)]
struct Members<'a>(Vec<(&'a str, Member<'a>)>);

enum Member<'a> {
    Text(Cow<'a, str>),
    Json(Cow<'a, Value>),
}

impl<'a> Members<'a> {
    /// Adds a member, in place of one with the same name.
    fn put(&mut self, name: &'a str, value: impl Into<Member<'a>>) {
        self.remove(name);
        self.0.push((name, value.into()));
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| *known != name);
    }

    /// Appends the object in base64url, its members in the order of their names.
    fn append_to(&self, text: &mut String) {
        let mut in_order: Vec<_> = self.0.iter().collect();
        in_order.sort_unstable_by_key(|(name, _)| *name);
        let mut json = Vec::with_capacity(USUAL_BYTES);
        let written =
            serde_json::Serializer::new(&mut json).collect_map(in_order.into_iter().map(|(name, value)| (name, value)));
        written.expect("texts and JSON can be written as JSON, and memory takes what is written");
        URL_SAFE_NO_PAD.encode_string(&json, text);
    }

    fn into_map(self) -> Map<String, Value> {
        let members = self.0.into_iter().map(|(name, value)| {
            let value = match value {
                Member::Text(text) => Value::String(text.into_owned()),
                Member::Json(value) => value.into_owned(),
            };
            (name.to_owned(), value)
        });
        members.collect()
    }
}

impl Serialize for Member<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Json(value) => value.serialize(serializer),
        }
    }
}

impl<'a> From<&'a str> for Member<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Member<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<&'a Value> for Member<'a> {
    fn from(value: &'a Value) -> Self {
        Self::Json(Cow::Borrowed(value))
    }
}

impl From<Value> for Member<'_> {
    fn from(value: Value) -> Self {
        Self::Json(Cow::Owned(value))
    }
}
