//! What a guard asks of the app around it: flask-jwt-extended's callbacks, each with what the library does where none is
//! registered, and a few questions that only sessions raise.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value};

use super::body::MAX_BODY_BYTES;
use super::cookies::NewCookies;
use super::{Caller, Guard, Refusal, json_answer};
use crate::domain::UnixTime;
use crate::tokens::{Engine, Fault, Key, Unverified};

/// What an `async` block becomes in `Box::pin(async move { … })`.
pub type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// An app's user, of whatever type the app has for it.
pub type AnyUser = Arc<dyn Any + Send + Sync>;

/// What came of looking a token's user up.
#[derive(Clone)]
pub enum Lookup {
    /// The app does not look users up.
    None,
    /// Nobody bears this identity: the token is refused.
    Nobody,
    /// Here.
    User(AnyUser),
}

/// The hooks as app data.
pub type SharedHooks = web::Data<dyn Hooks>;

/// The hooks as app data: `App::new().app_data(shared(hooks))`.
pub fn shared(hooks: impl Hooks + 'static) -> SharedHooks {
    web::Data::from(Arc::new(hooks) as Arc<dyn Hooks>)
}

/// Hooks that handlers know as their own type too, as app data for the guards.
pub fn shared_from<H: Hooks + 'static>(hooks: &web::Data<H>) -> SharedHooks {
    web::Data::from(hooks.clone().into_inner() as Arc<dyn Hooks>)
}

/// An engine alone is an app without callbacks.
impl Hooks for Engine {
    fn engine(&self) -> &Engine {
        self
    }
}

/// What a guard asks of the app around it. Only [`engine`](Self::engine) has to be there.
pub trait Hooks: Send + Sync {
    /// What signs and checks.
    fn engine(&self) -> &Engine;

    /// What time it is. Default: the system's clock.
    fn now(&self) -> UnixTime {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        UnixTime(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// Seconds within which a person must have proved who they are where a route wants a fresh token. Looked at in tokens of
    /// Portero's sessions, and told in the challenge of RFC 9470. Default: 10 minutes.
    fn fresh_for(&self) -> i64 {
        600
    }

    /// The largest body, in bytes, in which a token or a CSRF value is looked for. Default: [`MAX_BODY_BYTES`].
    fn max_body_bytes(&self) -> usize {
        MAX_BODY_BYTES
    }

    // Making tokens

    /// Claims for every new token of this identity, before the token's own. (`additional_claims_loader`)
    fn additional_claims(&self, _identity: &Value) -> Map<String, Value> {
        Map::new()
    }

    /// The same for its header. (`additional_headers_loader`)
    fn additional_headers(&self, _identity: &Value) -> Map<String, Value> {
        Map::new()
    }

    /// From what the app hands over as identity, such as a user, to what stands in the token. (`user_identity_loader`)
    fn user_identity(&self, identity: &Value) -> Value {
        identity.clone()
    }

    /// The key that signs this identity's tokens. Default: the engine's. (`encode_key_loader`)
    fn encode_key(&self, _identity: &Value) -> Option<Arc<Key>> {
        None
    }

    // Checking them

    /// The key that this token is to be checked with. Nothing in it is true yet. Default: the engine's. (`decode_key_loader`)
    fn decode_key(&self, _token: &Unverified<'_>) -> Result<Option<Arc<Key>>, Fault> {
        Ok(None)
    }

    /// Whether a token that is good in itself was revoked. (`token_in_blocklist_loader`)
    fn token_in_blocklist<'a>(
        &'a self,
        _req: &'a HttpRequest,
        _token: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<bool, Refusal>> {
        Box::pin(async { Ok(false) })
    }

    /// Whether the app likes its claims. (`token_verification_loader`)
    fn token_verification<'a>(
        &'a self,
        _req: &'a HttpRequest,
        _token: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<bool, Refusal>> {
        Box::pin(async { Ok(true) })
    }

    /// Whose it is. (`user_lookup_loader`)
    fn user_lookup<'a>(
        &'a self,
        _req: &'a HttpRequest,
        _token: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<Lookup, Refusal>> {
        Box::pin(async { Ok(Lookup::None) })
    }

    /// The last word on a token that passed everything else: asks the three above, in the library's order. An app that answers all
    /// three at once, as Portero does from memory, puts its own in place. It may take something from the claims, never add.
    fn admit<'a>(
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

    // Saying what is wrong

    /// `exp` has passed, and nothing else is wrong. (`expired_token_loader`)
    fn expired_token(&self, fault: &Fault, _token: &Caller) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// It is no token, not ours, or not for here. (`invalid_token_loader`)
    fn invalid_token(&self, fault: &Fault) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// There is none, or it came from a cookie without the right CSRF value. (`unauthorized_loader`)
    fn unauthorized(&self, fault: &Fault) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// The route wants a fresh one. (`needs_fresh_token_loader`)
    fn needs_fresh_token(&self, fault: &Fault, _token: &Caller) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// It was revoked. (`revoked_token_loader`)
    fn revoked_token(&self, fault: &Fault, _token: &Caller) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// The app does not like its claims. (`token_verification_failed_loader`)
    fn token_verification_failed(&self, fault: &Fault, _token: &Caller) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    /// Its user is gone. (`user_lookup_error_loader`)
    fn user_lookup_error(&self, fault: &Fault, _token: &Caller) -> HttpResponse {
        json_answer(self.engine(), fault)
    }

    // What only sessions raise

    /// What this request is to be held to, where that depends on more than its route.
    fn guard(&self, _req: &HttpRequest, base: Guard) -> Guard {
        base
    }

    /// Whether this request may renew the session's tokens by its refresh cookie. Default: none may.
    fn may_renew(&self, _req: &HttpRequest) -> bool {
        false
    }

    /// New tokens for a good refresh token from a cookie. The guard goes on with them and sets their cookies on the answer, unless
    /// the handler set or removed them itself.
    fn renew<'a>(
        &'a self,
        _req: &'a HttpRequest,
        _token: &'a Caller,
    ) -> LocalBoxFuture<'a, Result<NewCookies, Refusal>> {
        Box::pin(async { Err(Fault::Expired.into()) })
    }
}

/// The answer to a fault, by the callback that is there for it. `token`: as far as it could be read.
pub(super) fn answer(hooks: &dyn Hooks, fault: &Fault, token: Option<&Caller>) -> HttpResponse {
    match (fault, token) {
        (Fault::Missing(_) | Fault::CsrfMissing | Fault::CsrfMismatch | Fault::WrongTransport, _) => {
            hooks.unauthorized(fault)
        }
        (Fault::Invalid(_) | Fault::NotYetValid(_), _) => hooks.invalid_token(fault),
        (Fault::Expired, Some(token)) => hooks.expired_token(fault, token),
        (Fault::NotFresh { .. }, Some(token)) => hooks.needs_fresh_token(fault, token),
        (Fault::Revoked, Some(token)) => hooks.revoked_token(fault, token),
        (Fault::Unwanted, Some(token)) => hooks.token_verification_failed(fault, token),
        (Fault::UserGone(_), Some(token)) => hooks.user_lookup_error(fault, token),
        // A renewal can say so of a session whose access token is not even there.
        (Fault::Expired | Fault::NotFresh { .. } | Fault::Revoked | Fault::Unwanted | Fault::UserGone(_), None) => {
            json_answer(hooks.engine(), fault)
        }
    }
}
