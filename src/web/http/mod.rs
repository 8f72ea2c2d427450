//! What every request and answer needs: errors, headers, input, where a request comes from, who is signed in and what they may do.

pub(in crate::web) mod answer_counts;
pub(in crate::web) mod app_host;
pub(in crate::web) mod app_request;
pub(in crate::web) mod audience;
pub(in crate::web) mod below_policy;
pub(in crate::web) mod client_address;
pub(in crate::web) mod entry;
pub(in crate::web) mod error;
pub(in crate::web) mod export;
pub(in crate::web) mod foreign_tokens;
pub(in crate::web) mod headers;
pub(in crate::web) mod host;
pub(in crate::web) mod in_path;
pub(in crate::web) mod input;
pub(in crate::web) mod local_path;
pub(in crate::web) mod openid;
pub(in crate::web) mod origin;
pub(in crate::web) mod passkeys_here;
pub(in crate::web) mod readiness;
pub(in crate::web) mod replies;
pub(in crate::web) mod request_id;
pub(in crate::web) mod signed_in;
