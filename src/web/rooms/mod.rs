//! The pages and endpoints, one file each, grouped by who uses them. No room imports another.

pub(in crate::web) mod account;
pub(in crate::web) mod admin;
pub(in crate::web) mod apps;
pub(in crate::web) mod openid;
pub(in crate::web) mod programs;
pub(in crate::web) mod signing_in;
