//! For people who are not signed in yet, or want to sign out; and what is there for everybody.

pub(in crate::web) mod forgot_password;
pub(in crate::web) mod home;
pub(in crate::web) mod language;
pub(in crate::web) mod link;
pub(in crate::web) mod login;
pub(in crate::web) mod logout;
pub(in crate::web) mod not_me;
pub(in crate::web) mod second_step;
pub(in crate::web) mod setup;
pub(in crate::web) mod sign_in_help;
