//! One's own account and sessions. The pages for a session's story and its end serve admins too, for anybody's.

#[expect(clippy::module_inception, reason = "the room /account, in the group of that name")]
pub(in crate::web) mod account;
pub(in crate::web) mod activity;
pub(in crate::web) mod add_passkey;
pub(in crate::web) mod add_totp;
pub(in crate::web) mod change_password;
pub(in crate::web) mod confirm;
pub(in crate::web) mod end_session;
pub(in crate::web) mod factors;
pub(in crate::web) mod own_address;
pub(in crate::web) mod receipt;
pub(in crate::web) mod recovery_codes;
pub(in crate::web) mod remove_factor;
pub(in crate::web) mod rename_factor;
pub(in crate::web) mod story;
pub(in crate::web) mod trusted_browsers;
