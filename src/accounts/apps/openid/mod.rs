//! OpenID Connect: what an app is given by which it may ask who somebody is, from the code to its end with the session. (OpenID Connect
//! Core 1.0, RFC 6749)

pub mod authorize;
pub mod caller;
pub mod claims;
pub mod consent;
pub mod holding;
pub mod redeem;
pub mod refresh;
pub mod revoke;
pub mod tokens;
