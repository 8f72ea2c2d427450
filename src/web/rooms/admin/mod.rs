//! For admins: an overview, sessions, users, what was revoked, the installation.

pub(in crate::web) mod about;
pub(in crate::web) mod add_group;
pub(in crate::web) mod add_user;
pub(in crate::web) mod app_openid;
pub(in crate::web) mod apps;
pub(in crate::web) mod audit;
pub(in crate::web) mod doctor;
pub(in crate::web) mod edit_app;
pub(in crate::web) mod edit_details;
pub(in crate::web) mod end_sessions;
pub(in crate::web) mod group;
pub(in crate::web) mod groups;
pub(in crate::web) mod made_link;
pub(in crate::web) mod nodes;
pub(in crate::web) mod overview;
pub(in crate::web) mod remove_app;
pub(in crate::web) mod remove_group;
pub(in crate::web) mod rename_user;
pub(in crate::web) mod revoked;
pub(in crate::web) mod sessions;
pub(in crate::web) mod test_sign_out;
pub(in crate::web) mod user;
pub(in crate::web) mod user_act;
pub(in crate::web) mod user_groups;
pub(in crate::web) mod users;
