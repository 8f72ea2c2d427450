//! What stands in a token that passed the checks.

use serde_json::{Map, Value};

use super::Fault;
use crate::domain::{SessionId, TokenId, TokenType, Transport, UnixTime};

/// The claims of a checked token, as flask-jwt-extended's `get_jwt` gives them, with ours beside.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// The identity claim (`sub` unless named otherwise), as text. (`get_jwt_identity`)
    pub identity: String,
    /// `None`: the token has none and can't be revoked by itself.
    pub jti: Option<String>,
    /// The same, to look it up by.
    pub id: Option<TokenId>,
    /// Claim `type`; absent or unknown counts as access.
    pub token_type: TokenType,
    /// Claim `fresh`; absent: not.
    pub fresh: Fresh,
    /// Claim `iat`.
    pub issued_at: Option<UnixTime>,
    /// Claim `nbf`.
    pub not_before: Option<UnixTime>,
    /// `None`: never expires; only a peer issues such tokens.
    pub expires_at: Option<UnixTime>,
    /// The value a cookie request has to show again (double submit).
    pub csrf: Option<String>,
    /// `None` in a *foreign* token: right key, but not of a session of ours.
    pub session: Option<SessionClaims>,
    /// Everything that stands in the token, by name, with `type`, `fresh` and `jti` filled in where it leaves them out.
    /// (`get_jwt`)
    pub all: Map<String, Value>,
    /// The JOSE header. (`get_jwt_header`)
    pub header: Map<String, Value>,
}

/// What our own tokens say of the session they belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionClaims {
    /// Which one.
    pub sid: SessionId,
    /// How often the session had rotated when the token was made. (`gen`)
    pub generation: i64,
    /// When the person last proved who they are. (OpenID Connect, `auth_time`)
    pub auth_time: UnixTime,
    /// How the session carries its tokens.
    pub transport: Transport,
}

/// Claim `fresh`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fresh {
    /// From a renewal.
    No,
    /// For as long as the token lives, as the library means it.
    Yes,
    /// Until this moment, in seconds since the epoch; a peer may write fractions.
    Until(f64),
    /// Of a type that means nothing; refused where freshness is asked for.
    Senseless,
}

impl Fresh {
    /// Fresh until then. (A `timedelta` in the library)
    #[expect(clippy::cast_precision_loss, reason = "exact up to the year 285 million")]
    pub fn until(moment: UnixTime) -> Self {
        Self::Until(moment.0 as f64)
    }

    pub(super) fn read(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Bool(false)) => Self::No,
            Some(Value::Bool(true)) => Self::Yes,
            Some(Value::Number(number)) => number.as_f64().map_or(Self::Senseless, Self::Until),
            Some(Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_)) => Self::Senseless,
        }
    }

    pub(super) fn to_json(self) -> Value {
        match self {
            Self::No | Self::Senseless => Value::Bool(false),
            Self::Yes => Value::Bool(true),
            #[expect(clippy::cast_possible_truncation, reason = "what we issue are whole seconds of this era")]
            Self::Until(moment) => Value::from(moment as i64),
        }
    }
}

impl Claims {
    /// The token must be of this type. A peer's token without the claim counts as access.
    pub fn require_type(&self, wanted: TokenType) -> Result<(), Fault> {
        match (wanted, self.token_type) {
            (TokenType::Access, TokenType::Refresh) => Err(Fault::invalid("Only non-refresh tokens are allowed")),
            (TokenType::Refresh, TokenType::Access) => Err(Fault::invalid("Only refresh tokens are allowed")),
            (TokenType::Access, TokenType::Access) | (TokenType::Refresh, TokenType::Refresh) => Ok(()),
        }
    }

    /// Whether its time was up at `moment`.
    pub(super) fn is_expired(&self, moment: UnixTime) -> bool {
        self.expires_at.is_some_and(|end| end <= moment)
    }

    /// The session the token is of, if it is one of ours.
    pub fn sid(&self) -> Option<SessionId> {
        self.session.map(|session| session.sid)
    }

    /// The token must be fresh, and, if it is ours, the person must have proved who they are within `max_age` seconds.
    /// The claim can only restrict: what counts is the session's `auth_time`.
    pub fn require_fresh(&self, max_age: i64, now: UnixTime) -> Result<(), Fault> {
        let says_fresh = match self.fresh {
            Fresh::Yes => true,
            Fresh::No => false,
            #[expect(clippy::cast_precision_loss, reason = "exact up to the year 285 million")]
            Fresh::Until(moment) => moment >= now.0 as f64,
            Fresh::Senseless => return Err(Fault::senseless_freshness()),
        };
        // A proof from the future is none: the clock was set back since.
        let proved = self.session.is_none_or(|session| (0..=max_age).contains(&now.since(session.auth_time)));
        if says_fresh && proved { Ok(()) } else { Err(Fault::NotFresh { max_age }) }
    }

    /// Seconds of freshness left, 0 if none.
    pub fn freshness_left(&self, max_age: i64, now: UnixTime) -> i64 {
        if self.require_fresh(max_age, now).is_err() {
            return 0;
        }
        let by_claim = match self.fresh {
            #[expect(clippy::cast_possible_truncation, reason = "a float beyond the range saturates")]
            Fresh::Until(moment) => (moment as i64).saturating_sub(now.0),
            Fresh::Yes | Fresh::No | Fresh::Senseless => max_age,
        };
        let by_proof = self.session.map_or(max_age, |session| max_age - now.since(session.auth_time));
        by_claim.min(by_proof)
    }
}
