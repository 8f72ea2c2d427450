//! The claims of a token that passed the checks.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

use super::fault::Fault;
use crate::domain::{Level, Methods, SessionId, TokenId, TokenType, Transport, UnixTime};

/// So far a clock may be set back, in seconds, without a token of a session being refused as not valid yet: time servers correct clocks
/// while people are signed in. A token without a session follows the option alone.
pub(super) const STEP_BACK: i64 = 60;

/// The claims of a checked token: as typed values, and in [`all`](Self::all) as flask-jwt-extended's `get_jwt` gives them.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// The identity claim (`sub` unless named otherwise), as text. (`get_jwt_identity`)
    pub identity: String,
    /// Claim `jti`. `None`: the token has none and can't be revoked by itself.
    pub jti: Option<String>,
    /// The same as a [`TokenId`], by which a blocklist looks it up.
    pub id: Option<TokenId>,
    /// Claim `type`; absent or unknown counts as access.
    pub token_type: TokenType,
    /// Claim `fresh`; if absent, the token is not fresh.
    pub fresh: Fresh,
    /// Claim `iat`.
    pub issued_at: Option<UnixTime>,
    /// Claim `nbf`.
    pub not_before: Option<UnixTime>,
    /// Claim `exp`. `None`: the token never expires. A token of a Portero session always does.
    pub expires_at: Option<UnixTime>,
    /// Claim `csrf`: the value that a request has to send a second time if its token came in a cookie (double submit).
    pub csrf: Option<String>,
    /// The session that the token belongs to. `None` in a *foreign* token (right key, but none of Portero's sessions), and always
    /// without [`Engine::with_sessions`](super::Engine::with_sessions).
    pub session: Option<SessionClaims>,
    /// Every claim by its name, with `type`, `fresh` and `jti` filled in if the token leaves them out. (`get_jwt`)
    pub all: Map<String, Value>,
    /// The JOSE header. (`get_jwt_header`)
    pub header: Map<String, Value>,
    /// The token itself, for the memory of tokens found good.
    pub(super) text: TokenText,
    pub(super) kept: Kept,
}

/// What an app keeps beside a token. Not a part of what the token says.
#[derive(Default)]
pub(super) struct Kept {
    /// What it found out last, and its count of changes at that time.
    found: Mutex<Option<(u64, AnyFinding)>>,
    /// The moment for which it last noted that the token was shown.
    shown_at: AtomicI64,
}

type AnyFinding = Arc<dyn Any + Send + Sync>;

/// Other claims may lead to another finding.
impl Clone for Kept {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A token as it was sent. Whoever reads it can use it.
#[derive(Clone, Default, PartialEq)]
pub(super) struct TokenText(pub(super) Box<str>);

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What a token of Portero's says about the session it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionClaims {
    /// The session's id.
    pub sid: SessionId,
    /// How often the session had rotated when the token was made. (`gen`)
    pub generation: i64,
    /// When the person last proved who they are. (OpenID Connect, `auth_time`)
    pub auth_time: UnixTime,
    /// How the session carries its tokens.
    pub transport: Transport,
    /// By what the person proved who they are. (OpenID Connect, `amr`; with it goes `acr`)
    pub methods: Methods,
    /// When the person last gave a second factor, which the session keeps apart from `auth_time`. `None`: never.
    pub factor_time: Option<UnixTime>,
}

/// Claim `fresh`: whether the token is fresh, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fresh {
    /// Not fresh, as after a renewal.
    No,
    /// Fresh for as long as the token lives, which is what `true` means to the library.
    Yes,
    /// Fresh until this moment, in seconds since the epoch. A float, because a peer may write fractions.
    Until(f64),
    /// Neither a boolean nor a number: refused by a route that asks for freshness.
    Senseless,
}

impl Fresh {
    /// Fresh until `moment`. (A `timedelta` in the library)
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
    /// What [`keep_found`](Self::keep_found) kept at this very count. `None`: nothing, or somebody is about it just now.
    pub fn found_at<T: Any + Send + Sync>(&self, count: u64) -> Option<Arc<T>> {
        // Never waits: whoever gets nothing finds out anew.
        let kept = self.kept.found.try_lock().ok()?;
        let (then, found) = kept.as_ref()?;
        if *then == count { Arc::clone(found).downcast().ok() } else { None }
    }

    /// Keeps what an app found out about the token beside its claims, where the next check finds it without a look-up. `count`: how many
    /// changes there were to what it rests on, read before it was found out.
    pub fn keep_found<T: Any + Send + Sync>(&self, count: u64, found: Arc<T>) {
        if let Ok(mut kept) = self.kept.found.try_lock() {
            *kept = Some((count, found));
        }
    }

    /// Whether this is the first time at this moment that somebody asks: for what has to be noted once a second, however often the
    /// token is shown.
    pub fn is_first_at(&self, moment: UnixTime) -> bool {
        let shown_at = &self.kept.shown_at;
        shown_at.load(Ordering::Relaxed) != moment.0 && shown_at.swap(moment.0, Ordering::Relaxed) != moment.0
    }

    /// Fails unless the token is of type `wanted`. A token without the claim `type` counts as an access token.
    pub fn require_type(&self, wanted: TokenType) -> Result<(), Fault> {
        match (wanted, self.token_type) {
            (TokenType::Access, TokenType::Refresh) => Err(Fault::invalid("Only non-refresh tokens are allowed")),
            (TokenType::Refresh, TokenType::Access) => Err(Fault::invalid("Only refresh tokens are allowed")),
            (TokenType::Access, TokenType::Access) | (TokenType::Refresh, TokenType::Refresh) => Ok(()),
        }
    }

    /// Whether the token has expired at `moment`. In the very second of its `exp` it has.
    pub(super) fn is_expired(&self, moment: UnixTime) -> bool {
        self.expires_at.is_some_and(|end| end <= moment)
    }

    /// The id of the token's session. `None`: it belongs to none of Portero's.
    pub fn sid(&self) -> Option<SessionId> {
        self.session.map(|session| session.sid)
    }

    /// Fails unless the token is fresh and, if it belongs to a session, the person proved who they are within the last `max_age`
    /// seconds. The claim can only restrict: what counts is the session's `auth_time`.
    pub fn require_fresh(&self, max_age: i64, now: UnixTime) -> Result<(), Fault> {
        let says_fresh = match self.fresh {
            Fresh::Yes => true,
            Fresh::No => false,
            #[expect(clippy::cast_precision_loss, reason = "exact up to the year 285 million")]
            Fresh::Until(moment) => moment >= now.0 as f64,
            Fresh::Senseless => return Err(Fault::senseless_freshness()),
        };
        // A proof from further in the future does not count: the clock was set back by more than time servers do.
        let proved = self.session.is_none_or(|session| (-STEP_BACK..=max_age).contains(&now.since(session.auth_time)));
        if says_fresh && proved { Ok(()) } else { Err(Fault::NotFresh { max_age }) }
    }

    /// What the proofs of the token's person are worth. A token that belongs to no session of Portero's says nothing of them: one.
    pub fn level(&self) -> Level {
        self.session.map_or(Level::One, |session| session.methods.level())
    }

    /// What they count as where policy asks for two factors before it lets anybody in.
    pub fn level_for_policy(&self) -> Level {
        self.session.map_or(Level::One, |session| session.methods.level_for_policy())
    }

    /// Fails unless the person's proofs are worth `wanted`. `max_age`: within how many seconds all of them must have been given; a
    /// token without a session can't say when they were.
    pub fn require_level(&self, wanted: Level, max_age: Option<i64>, now: UnixTime) -> Result<(), Fault> {
        let too_low = Fault::BelowLevel { level: wanted, max_age };
        if self.level() < wanted {
            return Err(too_low);
        }
        let Some(max_age) = max_age else { return Ok(()) };
        // From further in the future a proof does not count, as in `require_fresh`.
        let is_young = |proof: UnixTime| (-STEP_BACK..=max_age).contains(&now.since(proof));
        let first = self.session.map(|session| session.auth_time);
        let second = self.session.and_then(|session| session.factor_time);
        match wanted {
            Level::One if first.is_some_and(is_young) => Ok(()),
            Level::One => Err(Fault::NotFresh { max_age }),
            Level::Two if first.is_some_and(is_young) && second.is_some_and(is_young) => Ok(()),
            Level::Two => Err(too_low),
        }
    }

    /// For how many more seconds the token is fresh; 0 if it is not.
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
