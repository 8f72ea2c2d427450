//! OpenID Connect: how apps learn who is signed in, and have them signed out. `authorize.rs`, `consent.rs` and `rp_logout.rs` are pages; the
//! others answer apps.

pub(in crate::web) mod authorize;
pub(in crate::web) mod consent;
pub(in crate::web) mod discovery;
pub(in crate::web) mod rp_logout;
pub(in crate::web) mod token;
pub(in crate::web) mod userinfo;
