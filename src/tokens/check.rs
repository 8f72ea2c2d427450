//! Checking tokens. The `jsonwebtoken` crate verifies the signature; everything else is checked here, in the library's order, and
//! the first failure wins.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use super::claims::{Claims, Fresh, Kept, STEP_BACK, SessionClaims, TokenText};
use super::engine::Engine;
use super::fault::{Fault, MAX_TOKEN_BYTES};
use super::keys::{Key, Keys};
use super::unverified::{Unverified, bytes};
use crate::domain::{Methods, SessionId, TokenId, TokenType, Transport, UnixTime};

/// A token that passed every check of the engine, except that it may have expired.
pub struct Checked {
    /// The token's claims.
    pub claims: Arc<Claims>,
    /// Whether its `exp` has passed.
    pub expired: bool,
}

/// A token that was found good before, and has not expired since.
pub(crate) struct Recalled {
    pub(crate) claims: Arc<Claims>,
    epoch: u64,
}

impl Recalled {
    /// The token as it was taken apart then.
    pub(crate) fn unverified(&self) -> Unverified<'_> {
        Unverified::known(&self.claims.text.0, Arc::clone(&self.claims), self.epoch)
    }
}

impl Checked {
    /// Returns the claims, or [`Fault::Expired`] if the token has expired.
    pub fn unexpired(self) -> Result<Arc<Claims>, Fault> {
        if self.expired { Err(Fault::Expired) } else { Ok(self.claims) }
    }
}

impl Engine {
    /// Checks everything that the token alone can tell: form, signature, `iat`, `nbf`, `exp`, `iss`, `aud`, `sub`, `jti` and
    /// identity, but not its type, freshness or revocation. `csrf`: the value that came with a token from a cookie, which has to
    /// equal the token's own; `None` leaves that check out. (`decode_token`)
    pub fn decode(&self, token: &str, csrf: Option<&str>, now: UnixTime) -> Result<Arc<Claims>, Fault> {
        self.decode_allow_expired(token, csrf, now)?.unexpired()
    }

    /// Like [`decode`](Self::decode), but expiry is reported, not refused. Any other fault found here outranks expiry.
    /// (`decode_token(allow_expired=True)`)
    pub fn decode_allow_expired(&self, token: &str, csrf: Option<&str>, now: UnixTime) -> Result<Checked, Fault> {
        self.check(&self.take_apart(token, now)?, None, csrf, now)
    }

    /// Returns the id of a good token. `None`: it has none. (`get_jti`)
    pub fn jti(&self, token: &str, now: UnixTime) -> Result<Option<String>, Fault> {
        Ok(self.decode(token, None, now)?.jti.clone())
    }

    /// Returns the CSRF value of a good token, which requests have to send along with it. A token without one is a fault.
    /// (`get_csrf_token`)
    pub fn csrf(&self, token: &str, now: UnixTime) -> Result<String, Fault> {
        self.decode(token, None, now)?.csrf.clone().ok_or_else(|| Fault::missing_claim("csrf"))
    }

    /// Like [`Unverified::parse`], but faster for a token that was found good before.
    pub fn take_apart<'a>(&self, token: &'a str, now: UnixTime) -> Result<Unverified<'a>, Fault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Fault::too_long());
        }
        let earliest = now.plus(-self.options.decode_leeway);
        let epoch = self.epoch.load();
        match epoch.memory.recall(token.as_bytes(), earliest) {
            Some(claims) => Ok(Unverified::known(token, claims, epoch.number)),
            None => Unverified::parse(token),
        }
    }

    /// What is remembered of a token with these very bytes, if it is good now. `None`: it has to be taken apart and checked.
    pub(crate) fn recall(&self, token: &[u8], now: UnixTime) -> Option<Recalled> {
        let epoch = self.epoch.load();
        let claims = epoch.memory.recall(token, now.plus(-self.options.decode_leeway))?;
        let latest = self.latest(claims.session.is_some(), now);
        check_iat_and_nbf(claims.issued_at, claims.not_before, latest).ok()?;
        Some(Recalled { claims, epoch: epoch.number })
    }

    /// Like [`decode_allow_expired`](Self::decode_allow_expired), for a token that was already taken apart. `key`: checks with
    /// this key instead of the engine's. (`decode_key_loader`)
    pub fn check(
        &self,
        token: &Unverified<'_>,
        key: Option<&Key>,
        csrf: Option<&str>,
        now: UnixTime,
    ) -> Result<Checked, Fault> {
        let epoch = self.epoch.load();
        // What is remembered counts only for the engine's own keys, and only as long as they have not changed since.
        let found_good = if key.is_none() { token.found_good(epoch.number) } else { None };
        let claims = match found_good {
            Some(claims) => {
                let latest = self.latest(claims.session.is_some(), now);
                check_iat_and_nbf(claims.issued_at, claims.not_before, latest)?;
                Arc::clone(claims)
            }
            None => Arc::new(self.check_in_full(token, key, &epoch.keys, now)?),
        };
        let expired = claims.is_expired(now.plus(-self.options.decode_leeway));
        if found_good.is_none() && key.is_none() && !expired {
            epoch.memory.remember(&claims);
        }
        if let Some(shown) = csrf {
            let own = claims.csrf.as_deref().ok_or_else(|| Fault::missing_claim("csrf"))?;
            if aws_lc_rs::constant_time::verify_slices_are_equal(own.as_bytes(), shown.as_bytes()).is_err() {
                return Err(Fault::CsrfMismatch);
            }
        }
        Ok(Checked { claims, expired })
    }

    /// The full check: everything that stays true of a token while keys and options are the same, and also `iat` and `nbf`,
    /// because the library checks them before the rest.
    fn check_in_full(
        &self,
        token: &Unverified<'_>,
        key: Option<&Key>,
        keys: &Keys,
        now: UnixTime,
    ) -> Result<Claims, Fault> {
        self.verify(token, key, keys)?;
        let claims = token.claims()?;
        let options = &self.options;
        let issued_at = integer(&claims, "iat", "Issued At claim (iat) must be an integer.")?;
        let latest = self.latest(self.reads_sessions && claims.contains_key("sid"), now);
        check_iat_and_nbf(issued_at, None, latest)?;
        let not_before = integer(&claims, "nbf", "Not Before claim (nbf) must be an integer.")?;
        check_iat_and_nbf(None, not_before, latest)?;
        let expires_at = integer(&claims, "exp", "Expiration Time claim (exp) must be an integer.")?;
        if let Some(wanted) = &options.decode_issuer {
            check_issuer(&claims, wanted)?;
        }
        if !options.decode_audience.is_empty() {
            check_audience(&claims, &options.decode_audience)?;
        }
        let claims = self.read(claims, issued_at, expires_at)?;
        Ok(Claims { not_before, header: token.header().clone(), text: TokenText(token.text.into()), ..claims })
    }

    /// The latest moment at which a token may have been issued to be valid at `now`.
    fn latest(&self, has_session: bool, now: UnixTime) -> UnixTime {
        let leeway = self.options.decode_leeway;
        now.plus(if has_session { leeway.max(STEP_BACK) } else { leeway })
    }

    /// Verifies the signature, with the one key that the token names and by an algorithm that both the options and the key allow.
    fn verify(&self, token: &Unverified<'_>, key: Option<&Key>, keys: &Keys) -> Result<(), Fault> {
        let not_verified = || Fault::invalid("Signature verification failed");
        let Some(algorithm) = token.header().get("alg") else { return Err(Fault::invalid("Algorithm not specified")) };
        let algorithm = algorithm
            .as_str()
            .and_then(Algorithm::parse)
            .filter(|algorithm| self.options.accepts(*algorithm))
            .ok_or_else(|| Fault::invalid("The specified alg value is not allowed"))?;
        let (message, signature) = token.message_and_signature()?;
        bytes(signature, "Invalid crypto padding")?;
        let key = match key {
            Some(key) => key,
            None => keys.find(token.kid()).ok_or_else(not_verified)?,
        };
        if key.verifies(algorithm, message, signature) { Ok(()) } else { Err(not_verified()) }
    }

    /// Reads the claims into typed values. A claim of the wrong type is a fault.
    pub(super) fn read(
        &self,
        mut claims: Map<String, Value>,
        issued_at: Option<UnixTime>,
        expires_at: Option<UnixTime>,
    ) -> Result<Claims, Fault> {
        let options = &self.options;
        if options.verify_sub && claims.get("sub").is_some_and(|sub| !sub.is_string()) {
            return Err(Fault::invalid("Subject must be a string"));
        }
        let jti = match claims.get("jti") {
            None => None,
            Some(Value::String(jti)) => Some(jti.clone()),
            Some(_) => return Err(Fault::invalid("JWT ID must be a string")),
        };
        let identity = match claims.get(&options.identity_claim) {
            None => return Err(Fault::missing_claim(&options.identity_claim)),
            Some(Value::String(identity)) => identity.clone(),
            Some(other) => other.to_string(),
        };
        let session = if self.reads_sessions { session(&claims)? } else { None };
        let read = Claims {
            identity,
            id: jti.as_deref().map(TokenId::from_jti),
            jti,
            // Anything but exactly `refresh` counts as an access token, as in the library.
            token_type: match claims.get("type").and_then(Value::as_str) {
                Some("refresh") => TokenType::Refresh,
                Some(_) | None => TokenType::Access,
            },
            fresh: Fresh::read(claims.get("fresh")),
            issued_at,
            not_before: None,
            expires_at,
            csrf: claims.get("csrf").and_then(Value::as_str).map(str::to_owned),
            session,
            all: Map::new(),
            header: Map::new(),
            text: TokenText::default(),
            kept: Kept::default(),
        };
        // Claims that the token leaves out get their default here, so that whoever reads `all` finds them.
        claims.entry("type").or_insert_with(|| TokenType::Access.as_str().into());
        claims.entry("fresh").or_insert(Value::Bool(false));
        claims.entry("jti").or_insert(Value::Null);
        Ok(Claims { all: claims, ..read })
    }
}

/// Reads a time claim as the library does: Python's `int()` takes whole numbers, fractions, digits in quotes, and booleans.
/// `None`: the token does not have the claim.
pub(super) fn integer(claims: &Map<String, Value>, name: &str, fault: &'static str) -> Result<Option<UnixTime>, Fault> {
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

fn check_iat_and_nbf(issued_at: Option<UnixTime>, not_before: Option<UnixTime>, latest: UnixTime) -> Result<(), Fault> {
    for (claim, moment) in [("iat", issued_at), ("nbf", not_before)] {
        if moment.is_some_and(|moment| moment > latest) {
            return Err(Fault::NotYetValid(claim));
        }
    }
    Ok(())
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

/// Reads Portero's session claims: all of them, or none if there is no `sid`. Only a holder of the key can make a token in which
/// they are broken.
fn session(claims: &Map<String, Value>) -> Result<Option<SessionClaims>, Fault> {
    let Some(sid) = claims.get("sid") else { return Ok(None) };
    let read = || {
        Some(SessionClaims {
            sid: SessionId::parse(sid.as_str()?)?,
            generation: claims.get("gen")?.as_i64()?,
            auth_time: UnixTime(claims.get("auth_time")?.as_i64()?),
            transport: Transport::parse(claims.get("transport")?.as_str()?)?,
            methods: methods(claims)?,
            factor_time: match claims.get("factor_time") {
                None => None,
                Some(moment) => Some(UnixTime(moment.as_i64()?)),
            },
        })
    };
    read().map(Some).ok_or_else(|| Fault::invalid("Invalid session claims"))
}

/// Tokens of older versions don't say: then it was the password.
fn methods(claims: &Map<String, Value>) -> Option<Methods> {
    let Some(amr) = claims.get("amr") else { return Some(Methods::PASSWORD) };
    let words: Option<Vec<&str>> = amr.as_array()?.iter().map(Value::as_str).collect();
    Some(Methods::from_words(words?))
}
