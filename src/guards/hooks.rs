//! What a guard asks of the app around it: flask-jwt-extended's callbacks, each with what the library does if none is registered,
//! and a few questions that only sessions raise.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value};

use super::body::MAX_BODY_BYTES;
use super::caller::{AnyUser, Caller, Refusal};
use super::guard::Guard;
use super::json_answer::json_answer;
use super::new_cookies::NewCookies;
use crate::domain::UnixTime;
use crate::tokens::{Engine, Fault, Key, Unverified};

/// The future that a callback returns: `Box::pin(async move { … })`.
pub type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The result of looking up a token's user.
#[derive(Clone)]
pub enum Lookup {
    /// The app does not look users up.
    None,
    /// No user has this identity: the token is refused.
    Nobody,
    /// The user that was found.
    User(AnyUser),
}

/// The hooks as app data, where guards and handlers find them.
pub type SharedHooks = web::Data<dyn Hooks>;

/// Makes app data of the hooks: `App::new().app_data(shared(hooks))`.
pub fn shared(hooks: impl Hooks + 'static) -> SharedHooks {
    web::Data::from(Arc::new(hooks) as Arc<dyn Hooks>)
}

/// The same for hooks that handlers also use under their own type, and which are app data already.
pub fn shared_from<H: Hooks + 'static>(hooks: &web::Data<H>) -> SharedHooks {
    web::Data::from(hooks.clone().into_inner() as Arc<dyn Hooks>)
}

/// An engine alone stands for an app without callbacks.
impl Hooks for Engine {
    fn engine(&self) -> &Engine {
        self
    }
}

/// What a guard asks of the app around it. Only [`engine`](Self::engine) has to be implemented.
pub trait Hooks: Send + Sync {
    /// The engine that signs and checks tokens.
    fn engine(&self) -> &Engine;

    /// The present time. Default: the system's clock.
    fn now(&self) -> UnixTime {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        UnixTime(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// For a route that wants a fresh token, or fresh proofs of two factors: how old, in seconds, the person's last proof of who they are may be. Compared with
    /// `auth_time` in tokens of Portero's sessions, and sent in the challenge of RFC 9470. Default: 600 (10 minutes).
    fn fresh_for(&self) -> i64 {
        600
    }

    /// The largest body, in bytes, in which a token or a CSRF value is looked for. Default: [`MAX_BODY_BYTES`].
    fn max_body_bytes(&self) -> usize {
        MAX_BODY_BYTES
    }

    // Making tokens

    /// Claims for every new token of this identity, which the token's own may replace. Default: none.
    /// (`additional_claims_loader`)
    fn additional_claims(&self, _identity: &Value) -> Map<String, Value> {
        Map::new()
    }

    /// The same for the token's header. (`additional_headers_loader`)
    fn additional_headers(&self, _identity: &Value) -> Map<String, Value> {
        Map::new()
    }

    /// Turns what the app hands over as the identity, for example a user, into what is written in the token. Default: unchanged.
    /// (`user_identity_loader`)
    fn user_identity(&self, identity: &Value) -> Value {
        identity.clone()
    }

    /// The key that signs this identity's tokens. `None`, the default: the engine's. (`encode_key_loader`)
    fn encode_key(&self, _identity: &Value) -> Option<Arc<Key>> {
        None
    }

    // Checking tokens

    /// The key that this token is to be checked with. Nothing in the token is verified yet. `None`, the default: the engine's.
    /// (`decode_key_loader`)
    fn decode_key(&self, _token: &Unverified<'_>) -> Result<Option<Arc<Key>>, Fault> {
        Ok(None)
    }

    /// Runs `read`, which reads the engine's keys, and returns whether those were all that there are: if not, a token that they don't verify
    /// may be good all the same, and is answered with [`Refusal::Unavailable`]. Default: they were.
    fn with_current_keys(&self, read: &mut dyn FnMut()) -> bool {
        read();
        true
    }

    /// Whether a token that is good in itself was revoked. Default: no. (`token_in_blocklist_loader`)
    fn token_in_blocklist<'a>(
        &'a self,
        _req: &'a HttpRequest,
        _token: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<bool, Refusal>> {
        Box::pin(async { Ok(false) })
    }

    /// Whether the app accepts the token's claims. Default: yes. (`token_verification_loader`)
    fn token_verification<'a>(
        &'a self,
        _req: &'a HttpRequest,
        _token: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<bool, Refusal>> {
        Box::pin(async { Ok(true) })
    }

    /// Looks up the token's user. Default: [`Lookup::None`]. (`user_lookup_loader`)
    fn user_lookup<'a>(
        &'a self,
        _req: &'a HttpRequest,
        _token: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<Lookup, Refusal>> {
        Box::pin(async { Ok(Lookup::None) })
    }

    /// Decides about a token that passed every other check. By default it asks the three callbacks above, in the library's order;
    /// an app that can answer all three at once, as Portero does from memory, implements it itself. It may take something from
    /// the claims, but never add to them.
    fn accept<'a>(
        &'a self,
        req: &'a HttpRequest,
        token: &'a mut Caller,
        guard: &'a Guard,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async move {
            if guard.checks_revocation && self.token_in_blocklist(req, token).await? {
                return Err(Fault::Revoked.into());
            }
            if !self.token_verification(req, token).await? {
                return Err(Fault::Unwanted.into());
            }
            match self.user_lookup(req, token).await? {
                Lookup::None => Ok(()),
                Lookup::Nobody => Err(Fault::UserGone(token.claims.identity.clone()).into()),
                Lookup::User(user) => {
                    token.user = Some(user);
                    Ok(())
                }
            }
        })
    }

    /// Whether [`accept`](Self::accept) would accept the token, if that can be said without waiting. Then it also does to `token` what
    /// that would do. `false`, the default: `accept` is asked.
    fn accepts_at_once(&self, _req: &HttpRequest, _token: &mut Caller, _guard: &Guard, _now: UnixTime) -> bool {
        false
    }

    // Answering what is wrong

    /// The answer to [`Fault::Expired`]. (`expired_token_loader`)
    fn expired_token(&self, fault: &Fault, _token: &Caller) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// The answer to [`Fault::Invalid`] and [`Fault::NotYetValid`]. (`invalid_token_loader`)
    fn invalid_token(&self, fault: &Fault) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// The answer if there is no token, or one without the right CSRF value or in the wrong location: [`Fault::Missing`],
    /// [`Fault::CsrfMissing`], [`Fault::CsrfMismatch`], [`Fault::WrongTransport`]. (`unauthorized_loader`)
    fn unauthorized(&self, fault: &Fault) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// The answer to [`Fault::NotFresh`]. (`needs_fresh_token_loader`)
    fn needs_fresh_token(&self, fault: &Fault, _token: &Caller) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// The answer to [`Fault::BelowLevel`] and [`Fault::NotEnrolled`]. (Portero's own)
    fn needs_second_factor(&self, fault: &Fault, _token: &Caller) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// The answer to [`Fault::Revoked`]. (`revoked_token_loader`)
    fn revoked_token(&self, fault: &Fault, _token: &Caller) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// The answer to [`Fault::Unwanted`]. (`token_verification_failed_loader`)
    fn token_verification_failed(&self, fault: &Fault, _token: &Caller) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// The answer to [`Fault::UserGone`]. (`user_lookup_error_loader`)
    fn user_lookup_error(&self, fault: &Fault, _token: &Caller) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    // What only sessions need

    /// The guard for this request, if what it demands depends on more than the route. Default: `base`, the route's guard.
    fn guard(&self, _req: &HttpRequest, base: Guard) -> Guard {
        base
    }

    /// Whether this request may renew the session's tokens by its refresh cookie. Default: no.
    fn may_renew(&self, _req: &HttpRequest) -> bool {
        false
    }

    /// Makes new tokens for a good refresh token from a cookie. The guard goes on with them and sets their cookies on the answer,
    /// unless the handler set or removed them itself.
    fn renew<'a>(
        &'a self,
        _req: &'a HttpRequest,
        _token: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<NewCookies, Refusal>> {
        Box::pin(async { Err(Fault::Expired.into()) })
    }

    /// Whether the guard may still set the cookies that [`renew`](Self::renew) returned for this request. Asked when the handler has
    /// answered, which may be long after the renewal. Default: yes.
    fn still_sets_renewed(&self, _req: &HttpRequest) -> bool {
        true
    }
}

/// Returns the answer to a fault, by the callback for it. `token`: the token, if it could be read.
pub(super) fn answer(hooks: &dyn Hooks, fault: &Fault, token: Option<&Caller>) -> HttpResponse {
    match (fault, token) {
        (Fault::Missing(_) | Fault::CsrfMissing | Fault::CsrfMismatch | Fault::WrongTransport, _) => {
            hooks.unauthorized(fault)
        }
        (Fault::Invalid(_) | Fault::NotYetValid(_), _) => hooks.invalid_token(fault),
        (Fault::Expired, Some(token)) => hooks.expired_token(fault, token),
        (Fault::NotFresh { .. }, Some(token)) => hooks.needs_fresh_token(fault, token),
        (Fault::BelowLevel { .. } | Fault::NotEnrolled, Some(token)) => hooks.needs_second_factor(fault, token),
        (Fault::Revoked, Some(token)) => hooks.revoked_token(fault, token),
        (Fault::Unwanted, Some(token)) => hooks.token_verification_failed(fault, token),
        (Fault::UserGone(_), Some(token)) => hooks.user_lookup_error(fault, token),
        // A renewal can report these about a session whose access token is not even there.
        (
            Fault::Expired
            | Fault::NotFresh { .. }
            | Fault::BelowLevel { .. }
            | Fault::NotEnrolled
            | Fault::Revoked
            | Fault::Unwanted
            | Fault::UserGone(_),
            None,
        ) => json_answer(hooks.engine(), fault),
    }
}
