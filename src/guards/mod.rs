//! The Actix part of the engine: a [`Guard`] finds the token in a request, checks it, renews it if that is due, and hands the
//! result to extractors. It knows neither Portero's pages nor its database; whatever it needs from the app around it, it asks
//! through [`Hooks`].
//!
//! "The library" in these docs is flask-jwt-extended, and a name in parentheses, like (`jwt_required`), is the library's for the
//! same thing.
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
mod caller;
mod check;
pub mod cookies;
mod create;
mod extractors;
mod guard;
mod hooks;
mod json_answer;
mod locate;
mod middleware;
mod new_cookies;
mod own_cookies;
mod request_headers;

pub use caller::{AnyUser, Caller, Refusal, found};
pub use extractors::{
    AccessToken, AnyToken, CurrentUser, FreshToken, FreshTwoFactors, Identity, OptionalToken, RefreshToken, Refused,
    TokenClaims, TokenHeader, TokenLocation, TwoFactors, refusal_in,
};
pub use guard::{CsrfCheck, Guard};
pub use hooks::{Hooks, LocalBoxFuture, Lookup, SharedHooks, shared, shared_from};
pub use json_answer::json_answer;
pub use middleware::GuardService;
pub use new_cookies::{NewCookies, TokenCookie};
pub use own_cookies::{cookie_claims_allow_expired, has_cookie};
pub use request_headers::{MOST_OF_ONE_NAME, cookie_pairs, cookie_values, is_form, is_json, token_lines};
