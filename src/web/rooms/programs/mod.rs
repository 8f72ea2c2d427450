//! For programs, and for monitoring: no page, and no browser's session.

pub(in crate::web) mod app_keys;
pub(in crate::web) mod health;
pub(in crate::web) mod introspect;
pub(in crate::web) mod jwks;
pub(in crate::web) mod protected;
pub(in crate::web) mod reflection;
pub(in crate::web) mod refresh;
pub(in crate::web) mod revoke;
pub(in crate::web) mod static_files;
pub(in crate::web) mod status_list;
pub(in crate::web) mod well_known;
pub(in crate::web) mod whoami;
