//! Rooms: one file per page or endpoint of Portero, named like its source in `src/web/rooms`.
//!
//! What holds for all of them is in `promises`.
//!
//! Rooms without a file here: / is in `login` and `setup`, /admin/users/add in `link` and `user_act`;
//! /protected, /whoami and /refresh are in `promises::tutorial`, and
//! the last in `promises::rotation` too; /.well-known/jwks.json is in `tests/process/keys.rs`,
//! and /.well-known/portero/reflection in `tests/process/installed.rs`; /account/mail is in `promises::mails`.

mod about;
mod account;
mod app_keys;
mod app_programs;
pub(crate) mod apps;
mod audit;
mod change_password;
mod confirm;
mod doctor;
mod edit_app;
mod edit_details;
mod end_session;
mod end_sessions;
mod enrolment_link;
mod exactness;
mod export;
mod factors;
mod groups;
mod health;
mod introspect;
mod language;
mod link;
mod login;
mod logout;
mod made_link;
pub(crate) mod nodes;
pub(crate) mod openid;
mod overview;
mod passkeys;
mod receipt;
mod rename_user;
mod revoke;
mod revoked;
pub(crate) mod rp_logout;
mod second_step;
mod sessions;
mod setup;
mod sign_in_help;
mod static_files;
pub(crate) mod status_list;
mod story;
mod trusted_browsers;
mod user;
mod user_act;
mod users;
mod well_known;
