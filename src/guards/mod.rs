//! The Actix part of the engine: a [`Guard`] finds the token in a request, checks it, renews it where that is due, and hands the
//! result to extractors. Knows neither Portero's pages nor its database; what it has to ask of them stands in [`Hooks`].
//!
//! ```
//! use actix_web::{App, web};
//! use portero::guards::{AccessToken, Guard, SharedHooks, shared};
//! use portero::tokens::options::{Options, Secret};
//! use portero::tokens::{Engine, NewToken};
//!
//! async fn login(jwt: SharedHooks) -> String {
//!     jwt.create(NewToken::access("ana")).unwrap_or_default()
//! }
//!
//! async fn protected(AccessToken(caller): AccessToken) -> String {
//!     format!("hello {}", caller.claims.identity)
//! }
//!
//! let secret = Secret::new("a secret that nobody guesses, of 32 bytes or more");
//! let jwt = shared(Engine::with_key(Options::default(), &secret).expect("a secret is a key"));
//! let app = App::new()
//!     .app_data(jwt)
//!     .route("/login", web::post().to(login))
//!     .service(web::resource("/protected").wrap(Guard::access()).route(web::get().to(protected)));
//! ```
#![warn(missing_docs)]

pub mod body;
mod check;
pub mod cookies;
mod create;
mod extractors;
mod guard;
mod hooks;
mod locate;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest, HttpResponse};

pub use extractors::{
    AccessToken, AnyToken, CurrentUser, FreshToken, Identity, OptionalToken, RefreshToken, Refused, TokenClaims,
    TokenHeader, TokenLocation, refusal_in,
};
pub use guard::{CsrfCheck, Guard, GuardService};
pub use hooks::{AnyUser, Hooks, LocalBoxFuture, Lookup, SharedHooks, shared, shared_from};
pub use locate::{cookie_values, is_form, is_json};

use crate::domain::{TokenType, UnixTime};
use crate::tokens::options::Location;
use crate::tokens::{Claims, Engine, Fault};

/// Who calls, by a token that passed every check.
#[derive(Clone)]
pub struct Caller {
    /// What the token says. (`get_jwt`)
    pub claims: Arc<Claims>,
    /// Where it was found. (`get_jwt_request_location`)
    pub location: Location,
    /// Whom [`Hooks::user_lookup`] found.
    pub user: Option<AnyUser>,
}

impl Caller {
    /// Whom [`Hooks::user_lookup`] found, where that is a `T`. (`get_current_user`)
    pub fn user<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.user.clone()?.downcast().ok()
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("claims", &self.claims).field("location", &self.location).finish_non_exhaustive()
    }
}

/// Why a guard lets a request go no further.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// Something is wrong with the token.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// It could not be found out whether the token is good. Never guessed.
    #[error("could not look")]
    Unavailable,
    /// The body, in which a token or a CSRF value had to be looked for, could not be read.
    #[error(transparent)]
    Body(#[from] body::BodyFault),
}

/// What the guard found, kept in the request for the extractors.
#[derive(Clone)]
struct Finding {
    result: Result<(), Refusal>,
    /// Also beside a refusal, as far as the token could be read.
    caller: Option<Caller>,
}

/// Who calls, where the guard found somebody: for what is shown beside the answer, never to decide what may be done.
pub fn found(req: &HttpRequest) -> Option<Caller> {
    let finding = req.extensions().get::<Finding>().cloned()?;
    finding.result.ok().and(finding.caller)
}

/// Checks the token of one kind that a cookie carries, expired or not, without admitting anybody: for signing out, which
/// must work when nothing else does any more. `None`: there is none, or it is none of ours.
pub fn cookie_claims_allow_expired(
    engine: &Engine,
    req: &HttpRequest,
    token: TokenType,
    now: UnixTime,
) -> Option<Arc<Claims>> {
    let name = cookies::names(engine.options(), token).token;
    locate::cookie_values(req.headers(), name).find_map(|cookie| {
        let checked = engine.decode_allow_expired(&cookie, None, now).ok()?;
        checked.claims.require_type(token).ok()?;
        Some(checked.claims)
    })
}

/// Whether the request carries a cookie of this kind at all, good or bad.
pub fn has_cookie(engine: &Engine, req: &HttpRequest, token: TokenType) -> bool {
    locate::cookie_values(req.headers(), cookies::names(engine.options(), token).token).next().is_some()
}

/// The answer the library gives: `{"msg": text}` with its status, and the challenge that belongs to it.
pub fn json_answer(engine: &Engine, fault: &Fault) -> HttpResponse {
    let status =
        actix_web::http::StatusCode::from_u16(fault.status()).expect("Fault::status gives only statuses that exist");
    let mut builder = HttpResponse::build(status);
    if let Some(challenge) = fault.challenge() {
        builder.insert_header((actix_web::http::header::WWW_AUTHENTICATE, challenge));
    }
    let options = engine.options();
    let mut body = std::collections::BTreeMap::from([(options.error_message_key.as_str(), fault.to_string())]);
    if let Some(key) = &options.error_code_key {
        body.insert(key, fault.code().to_owned());
    }
    builder.json(body)
}
