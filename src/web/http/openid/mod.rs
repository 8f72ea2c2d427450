//! What OpenID Connect needs of HTTP: an app's request for somebody, kept while they sign in, and its answer; its request that they be
//! signed out; which app asks; and which other origins' scripts may.

pub(in crate::web) mod caller;
pub(in crate::web) mod cors;
pub(in crate::web) mod issuer;
pub(in crate::web) mod kept;
pub(in crate::web) mod needs;
pub(in crate::web) mod reply;
pub(in crate::web) mod request;
pub(in crate::web) mod sign_out;
mod waiting;
