//! The gate before apps: what proxies ask, and the way of a browser into an app and out of it. `gate.rs` is on Portero's own host, the
//! others are on the hosts of the apps, beneath `/.portero/`.

pub(in crate::web) mod callback;
pub(in crate::web) mod check;
pub(in crate::web) mod gate;
pub(in crate::web) mod sign_out;
pub(in crate::web) mod start;
